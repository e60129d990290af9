/** The flags of `martlet doctor`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { duration } from '../flags/value-parsers.ts';
import { parseTopicName } from '../pub/topic-name-flag.ts';

const LONGEST_TIMEOUT_MS = 600_000;

export type DoctorFlags = ConnectionFlags & {
  readonly topicName: ValueFlag<string>;
  readonly timeout: ValueFlag<number>;
  readonly json: SwitchFlag;
};

export const DOCTOR_FLAGS: Readonly<DoctorFlags> = {
  topicName: {
    kind: 'value',
    names: ['-t', '--topic'],
    placeholder: 'topic',
    parse: parseTopicName,
    text: 'where to subscribe and publish; default a topic of its own below martlet-doctor',
  },
  timeout: {
    kind: 'value',
    names: ['--timeout'],
    placeholder: 'time',
    parse: duration(1, LONGEST_TIMEOUT_MS),
    text: 'how long each step may take, such as 500ms; default 5s',
  },
  json: { kind: 'switch', names: ['--json'], text: 'print a JSON object for each step' },
  ...CONNECTION_FLAGS,
};
