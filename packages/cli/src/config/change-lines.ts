/** What differs between two configurations, for people: a line for each key, as in a diff. */
import type { ConfigurationChange } from '@martlet/broker/config';
import type { OutputStream } from '../command.ts';
import { escapeControls } from '../escape-controls.ts';
import type { Style } from '../text-style.ts';
import { textStyleFor } from '../text-style.ts';

/** Values are cut to this many characters. */
const MAXIMUM_VALUE_LENGTH = 200;

/** `+` for what came, `-` for what went, `~` for what is another one. */
export function changeLines(changes: readonly ConfigurationChange[], stream: OutputStream): string {
  if (changes.length === 0) return 'Both say the same.\n';
  const style = textStyleFor(stream as NodeJS.WriteStream);
  return changes
    .map(({ key, before, after }) => {
      const [sign, colour, text] = described(before, after);
      return `${style(colour, sign)} ${style('bold', escapeControls(key))}: ${text}\n`;
    })
    .join('');
}

function described(before: unknown, after: unknown): readonly [sign: string, colour: Style, text: string] {
  if (before === undefined) return ['+', 'cyan', valueText(after)];
  if (after === undefined) return ['-', 'red', valueText(before)];
  return ['~', 'yellow', `${valueText(before)} → ${valueText(after)}`];
}

/** On one line; of a section, what is not there is left out. */
function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_name, each: unknown) => (isNothing(each) ? undefined : each));
  const shown = text ?? JSON.stringify(value);
  return escapeControls(
    shown.length > MAXIMUM_VALUE_LENGTH ? `${shown.slice(0, MAXIMUM_VALUE_LENGTH)}…` : shown,
  );
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
