/** From rates as they are given to rates in which everything has a value within its bounds. */
import { nearestName } from './nearest-name.ts';
import type { RateName, RateScope, RateSet, RateSetOptions, Rates, RatesOptions } from './rates.ts';
import { RATE_SCOPES, RATES, WHEN_EXCEEDED } from './rates.ts';

/**
 * @throws {TypeError} for an unknown name, with the nearest known one
 * @throws {RangeError} for a value out of bounds, which says what is allowed
 */
export function resolveRates(options: RatesOptions = {}): Rates {
  checkObject('rates', options);
  for (const scope of Object.keys(options)) {
    if (scope === 'users' || RATE_SCOPES.includes(scope as RateScope)) continue;
    throw unknown('rates', scope, [...RATE_SCOPES, 'users']);
  }
  const { perClient, perUser, perListener, perAddress, users = {} } = options;
  checkObject('rates.users', users);
  return {
    perClient: resolveRateSet('rates.perClient', perClient, 'perClient'),
    perUser: resolveRateSet('rates.perUser', perUser, 'perUser'),
    perListener: resolveRateSet('rates.perListener', perListener, 'perListener'),
    perAddress: resolveRateSet('rates.perAddress', perAddress, 'perAddress'),
    users: new Map(
      Object.entries(users).map(([username, own]) => [
        username,
        resolveRateSet(`rates.users.${username}`, own, 'perUser', perUser),
      ]),
    ),
  };
}

/**
 * @param where for the message of an error, such as `rates.perUser`
 * @param otherwise what holds for what is left out
 * @returns null if nothing is bounded
 */
export function resolveRateSet(
  where: string,
  options: RateSetOptions | undefined,
  scope: RateScope,
  otherwise: RateSetOptions = {},
): RateSet | null {
  const set: Record<string, number | string | null> = { whenExceeded: 'wait' };
  for (const [name, row] of Object.entries(RATES)) set[name] = row.default;
  let bounded = false;
  for (const given of [otherwise, options === undefined ? {} : options]) {
    checkObject(where, given);
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) continue;
      if (name === 'whenExceeded') set[name] = whenExceeded(where, value);
      else set[name] = rateOf(where, name, value, scope);
    }
  }
  for (const name of Object.keys(RATES)) if (name !== 'burstSeconds' && set[name] !== null) bounded = true;
  return bounded ? (set as unknown as RateSet) : null;
}

function rateOf(where: string, name: string, value: unknown, scope: RateScope): number | null {
  const row = RATES[name as RateName];
  if (row === undefined) throw unknown(where, name, [...Object.keys(RATES), 'whenExceeded']);
  if (!row.scopes.includes(scope)) {
    throw new TypeError(`${where}.${name}: expected in one of ${row.scopes.join(', ')}, got it ${scope}`);
  }
  if (value === null) return row.default;
  if (typeof value === 'number' && value >= row.minimum && value <= row.maximum) return value;
  throw new RangeError(
    `${where}.${name}: expected a number from ${row.minimum} to ${row.maximum} (${row.unit}), or null, got ${String(value)}`,
  );
}

function whenExceeded(where: string, value: unknown): string {
  if (value === null) return 'wait';
  if (WHEN_EXCEEDED.some((known) => known === value)) return String(value);
  throw new RangeError(
    `${where}.whenExceeded: expected one of ${WHEN_EXCEEDED.join(', ')}, got ${String(value)}`,
  );
}

function checkObject(where: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new TypeError(`${where}: expected an object of rates, got ${String(value)}`);
}

function unknown(where: string, name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(
    `${where}: unknown rate ${name}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`,
  );
}
