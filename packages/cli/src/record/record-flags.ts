/** The flags of `martlet record`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { duration, wholeNumber } from '../flags/value-parsers.ts';
import { topicFilterParser } from '../sub/topic-filter-flag.ts';

const LONGEST_MS = 365 * 86_400_000;

export type RecordFlags = ConnectionFlags & {
  readonly topicFilter: ListFlag<string>;
  readonly filterOut: ListFlag<string>;
  readonly qos: ValueFlag<number>;
  readonly count: ValueFlag<number>;
  readonly duration: ValueFlag<number>;
  readonly noRetained: SwitchFlag;
  readonly force: SwitchFlag;
};

export const RECORD_FLAGS: Readonly<RecordFlags> = {
  topicFilter: {
    kind: 'list',
    names: ['-t', '--topic'],
    placeholder: 'filter',
    parse: topicFilterParser('subscription'),
    text: 'what to record; default #, which is everything that the user may see',
  },
  filterOut: {
    kind: 'list',
    names: ['-T', '--filter-out'],
    placeholder: 'filter',
    parse: topicFilterParser('filter'),
    text: 'leave out what this filter matches',
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'QoS',
    completes: ['0', '1', '2'],
    parse: wholeNumber(0, 2),
    text: 'the highest QoS at which messages come; default 2',
  },
  count: {
    kind: 'value',
    names: ['-C', '--count'],
    placeholder: 'count',
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    text: 'end after so many messages',
  },
  duration: {
    kind: 'value',
    names: ['--duration'],
    placeholder: 'time',
    parse: duration(1, LONGEST_MS),
    text: 'end after this time, such as 90s or 8h; default: at Ctrl+C',
  },
  noRetained: {
    kind: 'switch',
    names: ['--no-retained'],
    text: 'leave out what is retained at the beginning',
  },
  force: { kind: 'switch', names: ['--force'], text: 'write over a file that is there' },
  ...CONNECTION_FLAGS,
};
