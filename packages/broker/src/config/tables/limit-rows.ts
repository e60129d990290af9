/** The keys of `limits`, from the broker's own table of them. */
import type { LimitRow, Limits } from '../../core/options/limits.ts';
import { LIMITS } from '../../core/options/limits.ts';
import type { AnyTable, SectionRow, Table } from '../row.ts';

export function limitsRow(): SectionRow<Limits, Limits> {
  const keys: AnyTable = Object.fromEntries(
    Object.entries<LimitRow>(LIMITS).map(([name, { text, effect, ...bounds }]) => [
      name,
      { kind: 'number', ...bounds, text: `${text}; at the limit: ${effect}` },
    ]),
  );
  return {
    kind: 'section',
    keys: keys as unknown as Table<Limits>,
    text: 'what is bounded for everybody; what a limit refuses or drops is counted by reason',
  };
}
