/** Validators by hand, as applications without a library write them. */
import type { StandardResult, StandardSchema } from '../../src/topics/standard-schema.ts';

/** A number, and nothing else. */
export const number: StandardSchema<number> = {
  '~standard': { version: 1, vendor: 'martlet-test', validate: checkNumber },
};

/** The same, after a moment. */
export const slowNumber: StandardSchema<number> = {
  '~standard': { version: 1, vendor: 'martlet-test', validate: async (value) => checkNumber(value) },
};

function checkNumber(value: unknown): StandardResult<number> {
  if (typeof value === 'number') return { value };
  return { issues: [{ message: `expected a number, got ${typeof value}` }] };
}
