/** What became of each line of a `mosquitto.conf`, for people. */
import type { MigratedLine, MigrationFate } from '@martlet/broker/mosquitto';
import { counted } from '../amount-text.ts';
import type { TextStyle } from '../text-style.ts';

const STYLES: Readonly<Record<MigrationFate, Parameters<TextStyle>[0]>> = {
  works: 'dim',
  replaced: 'yellow',
  refused: 'red',
  'to decide': 'cyan',
};

const FATE_COLUMNS = 11;

export function migrationReport(lines: readonly MigratedLine[], style: TextStyle): string {
  const files = [...new Set(lines.map(({ file }) => file))];
  const places = lines.map(({ line, name }) => placeText(line, name));
  const width = Math.min(40, Math.max(0, ...places.map(({ length }) => length)));
  const parts = files.map((file) => {
    const rows = lines
      .filter((each) => each.file === file)
      .map(({ fate, line, name, text }) => {
        const place = placeText(line, name).padEnd(width);
        return `  ${style(STYLES[fate], fate.padEnd(FATE_COLUMNS))}${place}  ${text}`;
      });
    return `${style('bold', file)}\n${rows.join('\n')}\n`;
  });
  return `${parts.join('\n')}\n${summaryOf(lines)}\n`;
}

function placeText(line: number | undefined, name: string): string {
  return line === undefined ? name : `${line}: ${name}`;
}

function summaryOf(lines: readonly MigratedLine[]): string {
  const numberOf = (fate: MigrationFate): number => lines.filter((each) => each.fate === fate).length;
  const refused = numberOf('refused');
  const all = [
    `${counted(numberOf('works'), 'line')} as before`,
    `${numberOf('replaced')} replaced`,
    `${refused} refused`,
    `${numberOf('to decide')} to decide`,
  ].join(', ');
  return refused === 0 ? all : `${all}: what is refused is left out, and the new file means something else`;
}
