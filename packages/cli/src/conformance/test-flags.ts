/** The flags of `martlet test`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { duration, text, wholeNumber } from '../flags/value-parsers.ts';

const LONGEST_TIMEOUT_MS = 600_000;
const MOST_AT_ONCE = 256;

export type TestFlags = ConnectionFlags & {
  readonly only: ListFlag<string>;
  readonly list: SwitchFlag;
  readonly verbose: SwitchFlag;
  readonly timeout: ValueFlag<number>;
  readonly parallel: ValueFlag<number>;
  readonly topicPrefix: ValueFlag<string>;
  readonly noCapabilities: SwitchFlag;
  readonly json: ValueFlag<string>;
  readonly junit: ValueFlag<string>;
  readonly html: ValueFlag<string>;
};

export const TEST_FLAGS: Readonly<TestFlags> = {
  only: {
    kind: 'list',
    names: ['--only'],
    placeholder: 'word',
    parse: text('an id of a check, a part of one, or the number of a statement'),
    text: 'run the checks whose id or statement has this in it, such as will, or MQTT-3.8.4-1',
  },
  list: {
    kind: 'switch',
    names: ['--list'],
    text: 'list the checks and their statements, and connect to nobody',
  },
  verbose: { kind: 'switch', names: ['-v', '--verbose'], text: 'show every check, and not only what failed' },
  timeout: {
    kind: 'value',
    names: ['--timeout'],
    placeholder: 'time',
    parse: duration(1, LONGEST_TIMEOUT_MS),
    text: 'how long an answer of the server may take, such as 500ms; default 2s',
  },
  parallel: {
    kind: 'value',
    names: ['--parallel'],
    placeholder: 'count',
    parse: wholeNumber(1, MOST_AT_ONCE),
    text: 'checks under way at once; default 8',
  },
  topicPrefix: {
    kind: 'value',
    names: ['--topic-prefix'],
    placeholder: 'prefix',
    parse: text('what a Topic Name may begin with, without wildcards'),
    text: 'what all topics of the run begin with, where rights are given by topic; default martlet-test',
  },
  noCapabilities: {
    kind: 'switch',
    names: ['--no-capabilities'],
    text: 'try no sizes, and leave the report of them out',
  },
  json: {
    kind: 'value',
    names: ['--json'],
    placeholder: 'file',
    completes: 'file',
    parse: text('a file'),
    text: 'write all results to this file as JSON',
  },
  junit: {
    kind: 'value',
    names: ['--junit'],
    placeholder: 'file',
    completes: 'file',
    parse: text('a file'),
    text: 'write them as JUnit XML, for continuous integration',
  },
  html: {
    kind: 'value',
    names: ['--html'],
    placeholder: 'file',
    completes: 'file',
    parse: text('a file'),
    text: 'write them as one page, servers side by side',
  },
  ...CONNECTION_FLAGS,
};
