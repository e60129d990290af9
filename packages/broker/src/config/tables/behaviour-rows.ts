/** The keys of `behaviour`, from the broker's own table of its habits. */
import type { HabitRow, HabitType } from '../../core/options/profile.ts';
import { HABITS } from '../../core/options/profile.ts';
import type { BehaviourConfiguration } from '../behaviour-configuration.ts';
import { HABITS_ELSEWHERE } from '../behaviour-configuration.ts';
import type { AnyRow, SectionRow, Table } from '../row.ts';

export function behaviourRow(): SectionRow<BehaviourConfiguration, BehaviourConfiguration> {
  const keys: Record<string, AnyRow> = {};
  for (const [name, row] of Object.entries(HABITS)) {
    if (!Object.hasOwn(HABITS_ELSEWHERE, name)) keys[name] = habitRow(row as HabitRow<unknown>);
  }
  return {
    kind: 'section',
    keys: keys as unknown as Table<BehaviourConfiguration>,
    text: 'what the specification leaves open',
  };
}

/** Amounts of habits are ms or s by their names' last word; how large they may be, `resolveProfile` says. */
function habitRow({ default: usual, values, text }: HabitRow<unknown>): AnyRow {
  if (typeof values !== 'string') return choiceRow(values, usual, text);
  const type: HabitType = values;
  switch (type) {
    case 'number':
      return {
        kind: 'number',
        default: usual,
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        unit: '',
        fractions: true,
        text,
      };
    case 'text':
      return { kind: 'text', default: usual, text };
    default:
      return { kind: 'list', of: { kind: 'text', text: `an entry of the ${type}` }, default: usual, text };
  }
}

function choiceRow(values: readonly unknown[], usual: unknown, text: string): AnyRow {
  if (values.every((value) => typeof value === 'boolean')) return { kind: 'switch', default: usual, text };
  return { kind: 'choice', choices: values as readonly string[], default: usual, text };
}
