/** The keys of `behaviour`, from the broker's own table of its habits. */
import type { HabitRow, HabitType } from '../../core/options/profile.ts';
import { HABITS } from '../../core/options/profile.ts';
import type { BehaviourConfiguration } from '../behaviour-configuration.ts';
import { HABITS_ELSEWHERE } from '../behaviour-configuration.ts';
import type { AnyRow, SectionRow, Table } from '../row.ts';

export function behaviourRow(): SectionRow<BehaviourConfiguration, BehaviourConfiguration> {
  const keys: Record<string, AnyRow> = {};
  for (const [name, row] of Object.entries(HABITS)) {
    if (!Object.hasOwn(HABITS_ELSEWHERE, name)) keys[name] = habitRow(name, row as HabitRow<unknown>);
  }
  return {
    kind: 'section',
    keys: keys as unknown as Table<BehaviourConfiguration>,
    text: 'what the specification leaves open',
  };
}

/** How large a number may be, `resolveProfile` says. */
function habitRow(name: string, { default: usual, values, text }: HabitRow<unknown>): AnyRow {
  if (typeof values !== 'string') return choiceRow(values, usual, text);
  const type: HabitType = values;
  switch (type) {
    case 'number':
      return {
        kind: 'number',
        default: usual,
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        unit: unitOf(name),
        fractions: true,
        text,
      };
    case 'text':
      return { kind: 'text', default: usual, text };
    default:
      return { kind: 'list', of: { kind: 'text', text: `an entry of the ${type}` }, default: usual, text };
  }
}

/** Names end in their units. */
function unitOf(name: string): string {
  if (name.endsWith('Ms')) return 'ms';
  if (/(Interval|Seconds)$/.test(name)) return 's';
  return /(Bytes|Size)$/.test(name) ? 'bytes' : '';
}

function choiceRow(values: readonly unknown[], usual: unknown, text: string): AnyRow {
  if (values.every((value) => typeof value === 'boolean')) return { kind: 'switch', default: usual, text };
  return { kind: 'choice', choices: values as readonly string[], default: usual, text };
}
