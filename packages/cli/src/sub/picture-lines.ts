/** The first and the last line of every picture. */
import type { Line } from '../terminal/line.ts';
import { shortAmount } from '../terminal/short-amount.ts';
import { columnsOf, shownText } from '../terminal/shown-text.ts';

export interface PictureStatus {
  /** What is subscribed to. */
  readonly title: string;
  /** What is unusual; may be empty. */
  readonly note: string;
  readonly figures: string;
}

export interface PictureFoot {
  /** What is being typed, instead of all else. */
  readonly typed: string | undefined;
  /** What has happened, instead of the keys. */
  readonly notice: string | undefined;
  readonly keys: string;
}

export function statusLine({ title, note, figures }: PictureStatus, columns: number): Line {
  const start = Math.max(0, columns - figures.length);
  const name = shownText(title, Math.max(0, start - 2 - (note === '' ? 0 : note.length + 2)));
  const noteAt = name === '' ? 0 : columnsOf(name) + 2;
  return [
    { column: 0, text: name, style: 'bold' },
    { column: noteAt, text: shownText(note, start - noteAt - 1), style: 'yellow' },
    { column: start, text: shownText(figures, columns) },
  ];
}

/** @param leftOut messages of topics for which there was no room */
export function noRoomText(leftOut: number): string {
  return leftOut > 0 ? `no room for more topics: ${shortAmount(leftOut)} messages not shown` : '';
}

export function footLine({ typed, notice, keys }: PictureFoot, columns: number): Line {
  if (typed !== undefined) {
    const text = shownText(typed, columns - 1);
    return [
      { column: 0, text, style: 'bold' },
      { column: columnsOf(text), text: '█' },
    ];
  }
  if (notice !== undefined) return [{ column: 0, text: shownText(notice, columns), style: 'yellow' }];
  return [{ column: 0, text: shownText(keys, columns), style: 'dim' }];
}
