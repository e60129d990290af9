/** The keys of `rates`, from the broker's own table of them. */
import type { RateRow, RateScope } from '../../core/options/rates.ts';
import { RATES, WHEN_EXCEEDED } from '../../core/options/rates.ts';
import type { RatesByWhomConfiguration, RatesConfiguration } from '../rates-configuration.ts';
import type { AnyRow, SectionRow, Table } from '../row.ts';

/** What may be bounded for whom, with what it is about. */
export function ratesRow(scope: RateScope, text: string): SectionRow<RatesConfiguration, RatesConfiguration> {
  const keys: Record<string, AnyRow> = {};
  for (const [name, row] of Object.entries<RateRow>(RATES)) {
    if (row.scopes.includes(scope)) keys[name] = rateRow(row);
  }
  keys['whenExceeded'] = {
    kind: 'choice',
    choices: WHEN_EXCEEDED,
    optional: true,
    defaultText: '`wait`',
    text: 'what happens to what a client publishes beyond its rate: its connection is not read until there is room; it is disconnected; or the message is dropped, and refused where it can be',
  };
  return { kind: 'section', keys: keys as unknown as Table<RatesConfiguration>, text };
}

function rateRow({ minimum, maximum, unit, text, effect, default: usual }: RateRow): AnyRow {
  return {
    kind: 'number',
    minimum,
    maximum,
    unit,
    fractions: true,
    nullable: true,
    optional: true,
    defaultText: usual === null ? 'none' : `${usual} ${unit}`,
    text: `${text}; beyond it: ${effect}`,
  };
}

export const RATES_ROWS: Readonly<Table<RatesByWhomConfiguration>> = {
  perClient: ratesRow('perClient', 'of each client identifier'),
  perUser: ratesRow('perUser', 'of all connections with the same user name together'),
  perListener: ratesRow(
    'perListener',
    'of all connections of each listener; `listeners[].rates` comes before it',
  ),
  perAddress: ratesRow('perAddress', 'of all connections from one IPv4 address, or one /64 network of IPv6'),
  users: {
    kind: 'map',
    names: 'user',
    of: ratesRow('perUser', 'of this user'),
    default: {},
    text: 'for users by name, before `perUser`',
  },
};
