/**
 * Text from elsewhere, as a terminal may show it: nothing in it commands the terminal, turns the direction of writing or
 * takes more columns than it has. What cannot be seen is shown as what it is (`\n`, `\u001b`) or left out.
 */

/** Marks above and below one letter; more of them would cover the lines around it. */
const MOST_MARKS = 2;
const ELLIPSIS = '…';

/** Takes a column of its own, or is escaped: C0, DEL, C1, separators of lines, marks of direction, halves of surrogate pairs. */
const COMMANDING =
  /^[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]$/u;
/** No column: joiners, variation selectors, tags. Terminals disagree about what they do, so that they are left out. */
const UNSEEN = /^(?:\p{Cf}|[\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u{1f3fb}-\u{1f3ff}\u115f\u3164\uffa0])$/u;
/** Marks of the letter before them, and the middles and ends of Korean syllables. */
const MARK = /^(?:\p{Mn}|\p{Me}|[\u1160-\u11ff\ud7b0-\ud7ff])$/u;
/** East Asian Wide and Fullwidth of Unicode, and pictures. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115e\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])$/u;
/** Letters of flags; alone or in pairs, terminals give each one or two columns. */
const FLAG_LETTER = /^[\u{1f1e6}-\u{1f1ff}]$/u;

/**
 * The text, cut to so many columns; `…` stands for what was cut off. It looks at no more of the text than can be shown.
 * @param hasMore what was given is not all there is, so that `…` is due at its end
 */
export function shownText(text: string, columns: number, hasMore = false): string {
  if (columns <= 0) return '';
  let shown = '';
  let width = 0;
  /** What is shown without its last column, should that be needed for `…`. */
  let short = '';
  let marks = MOST_MARKS;
  let looked = 0;
  for (const character of text) {
    // Without end, what takes no column would be.
    if (looked++ > columns * LOOKED_PER_COLUMN) return short + ELLIPSIS;
    const kind = kindOf(character);
    if (kind === 'unseen') continue;
    if (kind === 'mark') {
      // At the beginning there is nothing that it could be the mark of.
      if (marks++ < MOST_MARKS) {
        shown += character;
        if (width < columns) short = shown;
      }
      continue;
    }
    const piece = kind === 'commanding' ? escapeOf(character) : character;
    const pieceWidth = kind === 'wide' ? 2 : piece.length > 2 || kind === 'commanding' ? piece.length : 1;
    if (width + pieceWidth > columns) return short + ELLIPSIS;
    shown += piece;
    width += pieceWidth;
    if (width < columns) short = shown;
    marks = kind === 'commanding' ? MOST_MARKS : 0;
  }
  return hasMore ? (width < columns ? shown : short) + ELLIPSIS : shown;
}

const LOOKED_PER_COLUMN = 8;
/** Columns of the longest escape, with `…`. */
const LONGEST_PIECE = 7;

/** The end of the text where there is no room for all of it: names that begin alike often end differently. */
export function shownTail(text: string, columns: number): string {
  const all = shownText(text, columns);
  // With more room nothing more would be shown.
  if (columns < 2 || all === shownText(text, columns + LONGEST_PIECE)) return all;
  const tail = [...text.slice(-columns * 2)];
  for (let start = Math.max(0, tail.length - columns + 1); ; start++) {
    const shown = shownText(tail.slice(start).join(''), columns * LOOKED_PER_COLUMN);
    if (columnsOf(shown) < columns) return ELLIPSIS + shown;
  }
}

/** How many columns a text takes that `shownText` has returned. */
export function columnsOf(text: string): number {
  let width = 0;
  for (const character of text) {
    const kind = kindOf(character);
    if (kind === 'plain' || kind === 'commanding') width++;
    else if (kind === 'wide') width += 2;
  }
  return width;
}

/** At the right end of its room. @param text which is one column per character */
export function atRight(text: string, columns: number): string {
  return text.length > columns ? shownText(text, columns) : text.padStart(columns);
}

type Kind = 'plain' | 'wide' | 'mark' | 'unseen' | 'commanding';

function kindOf(character: string): Kind {
  const code = character.codePointAt(0)!;
  if (code >= 0x20 && code < 0x7f) return 'plain';
  if (COMMANDING.test(character)) return 'commanding';
  if (code < 0x300 && code !== 0xad) return 'plain';
  if (UNSEEN.test(character)) return 'unseen';
  if (MARK.test(character)) return 'mark';
  return WIDE.test(character) || FLAG_LETTER.test(character) ? 'wide' : 'plain';
}

/** In its columns, of which there are as many as characters. */
function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
