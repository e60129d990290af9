/** How much whoever connects may do in a time, as RATES has it. What is left out is not bounded; a user's is as in `perUser`. */
import type { RateSetOptions } from '../core/options/rates.ts';

export type RatesConfiguration = RateSetOptions;

export interface RatesByWhomConfiguration {
  readonly perClient: RatesConfiguration;
  readonly perUser: RatesConfiguration;
  readonly perListener: RatesConfiguration;
  readonly perAddress: RatesConfiguration;
  readonly users: Readonly<Record<string, RatesConfiguration>>;
}
