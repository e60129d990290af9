/** From options as an application gives them to a profile in which everything has a value within its bounds. */
import { checkHabit, unknownName } from './check-habit.ts';
import type { Limits } from './limits.ts';
import { LIMITS } from './limits.ts';
import type { Habits, Profile } from './profile.ts';
import { HABITS } from './profile.ts';
import type { RatesOptions } from './rates.ts';
import { resolveRates } from './resolve-rates.ts';

/** Options of the core: every limit, rate and habit may be left out. */
export interface ProfileOptions extends Partial<Habits> {
  readonly limits?: Partial<Limits>;
  readonly rates?: RatesOptions;
}

/**
 * @throws {TypeError} for an unknown name, with the nearest known one
 * @throws {RangeError} for a value out of bounds, which says what is allowed
 */
export function resolveProfile(options: ProfileOptions = {}): Profile {
  const { limits: limitOptions = {}, rates, ...habitOptions } = options;
  const habits: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(HABITS)) habits[name] = row.default;
  for (const [name, value] of Object.entries(habitOptions)) {
    if (value === undefined) continue;
    const row = HABITS[name as keyof Habits];
    if (row === undefined) throw unknownName('option', name, [...Object.keys(HABITS), 'limits', 'rates']);
    checkHabit(name, row.values, value);
    habits[name] = value;
  }
  const limits: Record<string, number> = {};
  for (const [name, row] of Object.entries(LIMITS)) limits[name] = row.default;
  for (const [name, value] of Object.entries(limitOptions)) {
    if (value === undefined) continue;
    const row = LIMITS[name as keyof Limits];
    if (row === undefined) throw unknownName('limit', name, Object.keys(LIMITS));
    if (!Number.isInteger(value) || value < row.minimum || value > row.maximum) {
      throw new RangeError(
        `limit ${name}: expected a whole number from ${row.minimum} to ${row.maximum} (${row.unit}), got ${String(value)}`,
      );
    }
    limits[name] = value;
  }
  return { ...(habits as unknown as Habits), limits: limits as Limits, rates: resolveRates(rates) };
}
