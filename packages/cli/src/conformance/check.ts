/**
 * One thing that a server has to do: a row of a table, by section of the specification.
 *
 * A check never waits for time to pass where an answer can be waited for instead, leaves nothing behind on the server, and
 * fails only for what a numbered statement demands; what is merely recommended becomes a note.
 */
import type { Capability } from './capability.ts';
import type { CheckWorld } from './check-world.ts';

export interface Check {
  /** Unique, and stable: for `--only` and for comparing reports. Lower case, with dashes. */
  readonly id: string;
  /** A sentence of which the server is the subject: `answers PINGREQ by PINGRESP`. */
  readonly title: string;
  /** Statements of MQTT 5.0 that it checks; left out, it is not run in that version. */
  readonly v5?: readonly string[];
  /** The same for MQTT 3.1.1. */
  readonly v311?: readonly string[];
  readonly needs?: readonly Capability[];
  /** It is about this way to connect, and not run over others. */
  readonly over?: 'websocket';
  /** @throws CheckFailure, CheckSkipped, CheckInconclusive */
  readonly run: (world: CheckWorld) => Promise<void>;
}

/** The numbers of the statements that a check is about in one version. */
export function statementsOf(check: Check, version: 4 | 5): readonly string[] | undefined {
  return version === 5 ? check.v5 : check.v311;
}
