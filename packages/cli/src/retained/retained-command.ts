/** `martlet retained`: shows, reads, removes, exports and imports what a server has retained. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { topicFilterParser } from '../sub/topic-filter-flag.ts';
import { UsageError } from '../usage-error.ts';
import type { RetainedFlags } from './retained-flags.ts';
import { RETAINED_FLAGS } from './retained-flags.ts';

export const command: Readonly<Command> = {
  name: 'retained',
  summary: 'Show, read, remove, export and import retained messages',
  usage: 'ls [filter] | get topic | rm filter | export [filter] file | import file',
  flags: RETAINED_FLAGS,
  examples: [
    { line: "ls 'home/#'", text: 'a table of topics and payloads' },
    { line: 'get home/light', text: 'one payload, as it is' },
    { line: "rm 'homeassistant/#'", text: 'remove what a filter matches; asks first' },
    { line: 'export all.mqttrec', text: 'everything, into a file that import and replay read' },
    { line: 'import all.mqttrec -h other', text: 'and into another server' },
  ],
  run,
};

const ACTIONS = ['ls', 'get', 'rm', 'export', 'import'] as const;
type Action = (typeof ACTIONS)[number];
const EVERYTHING = '#';

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags<RetainedFlags>(RETAINED_FLAGS, words, io, {
    positionals: { name: `action (${ACTIONS.join(', ')})`, minimum: 1, maximum: 3 },
  });
  const [given, ...rest] = positionals;
  const action = actionFrom(given!);
  switch (action) {
    case 'ls': {
      const { listRetained } = await import('./retained-list.ts');
      return listRetained(filterFrom(atMost(rest, 1, 'filter')[0] ?? EVERYTHING), values, io);
    }
    case 'get': {
      const { getRetained } = await import('./retained-get.ts');
      return getRetained(exactly(rest, ['topic'])[0]!, values, io);
    }
    case 'rm': {
      const { removeRetained } = await import('./retained-removal.ts');
      return removeRetained(filterFrom(exactly(rest, ['filter'])[0]!), values, io);
    }
    case 'export': {
      const { exportRetained } = await import('./retained-export.ts');
      const [filter, file] =
        rest.length < 2 ? [EVERYTHING, exactly(rest, ['file'])[0]!] : exactly(rest, ['filter', 'file']);
      return exportRetained(filterFrom(filter!), file!, values, io);
    }
    case 'import': {
      const { importRetained } = await import('./retained-import.ts');
      return importRetained(exactly(rest, ['file'])[0]!, values, io);
    }
  }
}

/** @throws {UsageError} */
function actionFrom(given: string): Action {
  const action = ACTIONS.find((each) => each === given);
  if (action !== undefined) return action;
  const near = nearest(given, ACTIONS);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UsageError(`expected ${ACTIONS.join(', ')}, got ${quoted(given)}${hint}`);
}

function exactly(words: readonly string[], names: readonly string[]): readonly string[] {
  if (words.length === names.length) return words;
  throw new UsageError(
    `expected ${names.join(' and ')}, got ${words.length === 0 ? 'none' : words.map(quoted).join(', ')}`,
  );
}

function atMost(words: readonly string[], most: number, name: string): readonly string[] {
  if (words.length <= most) return words;
  throw new UsageError(`expected one ${name}, got ${words.map(quoted).join(', ')}`);
}

/** @throws {UsageError} A shared subscription is shown nothing that is retained. */
function filterFrom(given: string): string {
  if (given.startsWith('$share/'))
    throw new UsageError(
      `expected a filter without $share, which is shown nothing that is retained, got ${quoted(given)}`,
    );
  return topicFilterParser('subscription')(given);
}
