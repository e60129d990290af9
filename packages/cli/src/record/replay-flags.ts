/** The flags of `martlet replay`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { ListFlag, SwitchFlag, ValueFlag, WordsFlag } from '../flags/flag.ts';
import { duration, unexpected, wholeNumber } from '../flags/value-parsers.ts';
import { topicFilterParser } from '../sub/topic-filter-flag.ts';
import { UsageError } from '../usage-error.ts';
import type { TopicRemapping } from './topic-remapping.ts';
import { parseRemapping } from './topic-remapping.ts';

const LONGEST_MS = 365 * 86_400_000;
const FASTEST = 1_000_000;
const SLOWEST = 0.001;

export type ReplayFlags = ConnectionFlags & {
  readonly speed: ValueFlag<number>;
  readonly filter: ListFlag<string>;
  readonly filterOut: ListFlag<string>;
  readonly remap: WordsFlag<TopicRemapping>;
  readonly from: ValueFlag<number>;
  readonly to: ValueFlag<number>;
  readonly loop: ValueFlag<number>;
  readonly qos: ValueFlag<number>;
  readonly noRetain: SwitchFlag;
};

/** @throws {UsageError} */
function parseSpeed(given: string): number {
  if (given === 'max') return Number.POSITIVE_INFINITY;
  const speed = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  if (speed >= SLOWEST && speed <= FASTEST) return speed;
  throw unexpected(`a factor from ${SLOWEST} to ${FASTEST}, or max`, given);
}

export const REPLAY_FLAGS: Readonly<ReplayFlags> = {
  speed: {
    kind: 'value',
    names: ['--speed'],
    placeholder: 'factor',
    completes: ['max', '2', '10'],
    parse: parseSpeed,
    text: 'how much faster, such as 2 or 0.5; max: as fast as the server takes it; default 1',
  },
  filter: {
    kind: 'list',
    names: ['-t', '--filter'],
    placeholder: 'filter',
    parse: topicFilterParser('filter'),
    text: 'only what this filter matches, by the recorded topic',
  },
  filterOut: {
    kind: 'list',
    names: ['-T', '--filter-out'],
    placeholder: 'filter',
    parse: topicFilterParser('filter'),
    text: 'leave out what this filter matches',
  },
  remap: {
    kind: 'words',
    names: ['--remap'],
    placeholder: 'from> <to',
    take: (words) => {
      const [from, to] = words;
      if (from === undefined || to === undefined)
        throw new UsageError("expected two filters after it, as in --remap 'home/#' 'test/#'");
      return { taken: 2, value: parseRemapping(from, to) };
    },
    text: "another topic for what a filter matches, as in 'home/+/x' 'test/+/x'",
  },
  from: {
    kind: 'value',
    names: ['--from'],
    placeholder: 'time',
    parse: duration(0, LONGEST_MS),
    text: 'begin at this time of the recording, such as 90s',
  },
  to: {
    kind: 'value',
    names: ['--to'],
    placeholder: 'time',
    parse: duration(0, LONGEST_MS),
    text: 'end at this time of the recording',
  },
  loop: {
    kind: 'value',
    names: ['--loop'],
    placeholder: 'times',
    parse: wholeNumber(0, 1_000_000_000),
    text: 'play it so often; 0: until Ctrl+C; default 1',
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'QoS',
    completes: ['0', '1', '2'],
    parse: wholeNumber(0, 2),
    text: 'the QoS of all messages; default: as recorded',
  },
  noRetain: { kind: 'switch', names: ['--no-retain'], text: 'let nothing be retained' },
  ...CONNECTION_FLAGS,
};
