/** The flags of `martlet simulate`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { ValueFlag } from '../flags/flag.ts';
import { decimal, duration, oneOf, wholeNumber } from '../flags/value-parsers.ts';
import { SCENARIO_EXAMPLES } from './scenario-examples.ts';

const LONGEST_MS = 365 * 86_400_000;
const FASTEST = 1000;

export type SimulateFlags = ConnectionFlags & {
  readonly example: ValueFlag<string>;
  readonly duration: ValueFlag<number>;
  readonly speed: ValueFlag<number>;
  readonly seed: ValueFlag<number>;
  readonly within: ValueFlag<number>;
};

const NAMES: readonly string[] = Object.keys(SCENARIO_EXAMPLES);

export const SIMULATE_FLAGS: Readonly<SimulateFlags> = {
  example: {
    kind: 'value',
    names: ['--example'],
    placeholder: 'name',
    completes: NAMES,
    parse: oneOf(Object.fromEntries(NAMES.map((name) => [name, name]))),
    text: `print a scenario to begin with, and end: ${NAMES.join(' or ')}`,
  },
  duration: {
    kind: 'value',
    names: ['--duration'],
    placeholder: 'time',
    parse: duration(1, LONGEST_MS),
    text: 'end after this time, such as 90s or 8h; default: at Ctrl+C',
  },
  speed: {
    kind: 'value',
    names: ['--speed'],
    placeholder: 'factor',
    parse: decimal(0.001, FASTEST),
    text: 'how much faster the time of the scenario goes, and of {{now}}; default 1',
  },
  seed: {
    kind: 'value',
    names: ['--seed'],
    placeholder: 'number',
    parse: wholeNumber(0, 0xffff_ffff),
    text: 'the same seed, the same devices, values and times; default: another one each time, which is told',
  },
  within: {
    kind: 'value',
    names: ['--begin-within'],
    placeholder: 'time',
    parse: duration(0, LONGEST_MS),
    text: 'devices begin one after the other within this time; default 1s',
  },
  ...CONNECTION_FLAGS,
};
