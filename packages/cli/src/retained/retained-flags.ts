/** The flags of `martlet retained`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { duration } from '../flags/value-parsers.ts';

const LONGEST_MS = 3_600_000;

export type RetainedFlags = ConnectionFlags & {
  readonly json: SwitchFlag;
  readonly yes: SwitchFlag;
  readonly force: SwitchFlag;
  readonly quietTime: ValueFlag<number>;
};

export const RETAINED_FLAGS: Readonly<RetainedFlags> = {
  json: { kind: 'switch', names: ['--json'], text: 'with ls: print each message as a line of JSON' },
  yes: { kind: 'switch', names: ['--yes'], text: 'with rm: remove without asking' },
  force: { kind: 'switch', names: ['--force'], text: 'with export: write over a file that is there' },
  quietTime: {
    kind: 'value',
    names: ['--quiet-time'],
    placeholder: 'time',
    parse: duration(1, LONGEST_MS),
    text: 'how long it has to be silent until all have come, where the user may not publish; default 1s',
  },
  ...CONNECTION_FLAGS,
};
