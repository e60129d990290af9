/** What a running broker cannot change any more, and what to do about it. */
import type { Configuration } from '../../config/configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { Source } from '../../config/source.ts';

interface FixedKey {
  readonly path: readonly string[];
  readonly value: (configuration: Configuration) => unknown;
  readonly why: string;
}

const FIXED_KEYS: readonly FixedKey[] = [
  {
    path: ['store', 'directory'],
    value: ({ store }) => store.directory,
    why: 'the store is open, and sessions and messages do not move by themselves (martlet store export and import do)',
  },
  {
    path: ['store', 'durability'],
    value: (configuration) => (isInMemory(configuration) ? 'in memory only' : 'on a disk'),
    why: 'whether anything is written to the disk is decided when the broker starts',
  },
  {
    path: ['user'],
    value: ({ user }) => user,
    why: 'the process has given up the rights with which it could become somebody else',
  },
  {
    path: ['pidFile'],
    value: ({ pidFile }) => pidFile,
    why: 'scripts find the broker by it',
  },
  {
    path: ['control', 'socket'],
    value: ({ control }) => control.socket,
    why: 'commands find the broker by it',
  },
];

/** An error for every key that is another one now; none if all of it can take effect. */
export function fixedKeyProblems(
  before: Configuration,
  after: Configuration,
  source: Source,
): readonly ConfigurationProblem[] {
  const problems = FIXED_KEYS.flatMap(({ path, value, why }): readonly ConfigurationProblem[] => {
    const was = value(before);
    const is = value(after);
    if (was === is) return [];
    const text = `cannot change while the broker runs: ${why}. Expected ${JSON.stringify(was)}, got ${JSON.stringify(is)}; put it back, or restart the broker`;
    return [{ ...source.placeOf(path), key: path.join('.'), severity: 'error', code: 'needs-restart', text }];
  });
  // Another directory may be none, which is one thing to tell.
  const [first, second] = problems;
  const isTold = first?.key === 'store.directory' && second?.key === 'store.durability';
  return source.named(isTold ? [first, ...problems.slice(2)] : problems);
}

/** Nothing is ever written, so that there is no store on a disk. */
export function isInMemory({ store }: Configuration): boolean {
  if (store.directory === false) return true;
  return (
    store.durability === 'memory' && store.topicDurability.every(({ durability }) => durability === 'memory')
  );
}
