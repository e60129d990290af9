/** What the commands have in common. */

import type { PasswordHash } from '../password-hash.ts';
import { CommandRefusal } from './command-refusal.ts';
import type { Draft } from './draft.ts';
import type { JsonFields } from './json-fields.ts';
import { compareTexts } from './text-order.ts';

/** Computes the hash that is kept of a new password. */
export type HashPassword = (password: string) => Promise<PasswordHash>;

export interface Command {
  /** As Mosquitto writes it; upper and lower case are the same. */
  readonly name: string;
  /** Whether it may change anything. */
  readonly changes: boolean;
  /**
   * Carries it out on the draft.
   * @returns what goes into `data` of the answer, or null for nothing
   * @throws {CommandRefusal} before anything is changed
   */
  run(fields: JsonFields, draft: Draft, hash: HashPassword): object | null | Promise<object | null>;
}

/** What must be there, or the refusal says that it is not. */
export function found<Thing>(thing: Thing | undefined, refusal: string): Thing {
  if (thing === undefined) throw new CommandRefusal(refusal);
  return thing;
}

export function refuseIf(condition: boolean, refusal: string): void {
  if (condition) throw new CommandRefusal(refusal);
}

/** `verbose`, `count` and `offset` of the commands that list: names, or descriptions of all that they name. */
export function listed<Thing>(
  fields: JsonFields,
  key: string,
  things: ReadonlyMap<string, Thing>,
  describe: (thing: Thing) => object,
): object {
  const verbose = fields.boolean('verbose', false);
  const offset = Math.max(0, fields.number('offset', 0));
  const count = fields.number('count', -1);
  const names = [...things.keys()].sort(compareTexts).slice(offset, count < 0 ? undefined : offset + count);
  return {
    totalCount: things.size,
    [key]: verbose ? names.map((name) => describe(things.get(name)!)) : names,
  };
}
