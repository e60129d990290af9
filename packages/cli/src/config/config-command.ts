/** `martlet config`: checks and shows configurations, says what one would change, and writes them from Mosquitto's. */
import type { Command, CommandIo } from '../command.ts';
import { nearest } from '../flags/nearest.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';
import type { ConfigFlags, ConfigValues } from './config-flags.ts';
import { CONFIG_FLAGS } from './config-flags.ts';

const ACTIONS = ['check', 'show', 'plan', 'schema', 'migrate'] as const;
type Action = (typeof ACTIONS)[number];

export const command: Readonly<Command> = {
  name: 'config',
  summary: 'Check, show and migrate configurations, and what one would change',
  usage:
    'check [file] | show [file] | plan file [--against file] | migrate mosquitto.conf [-o file] | schema',
  flags: CONFIG_FLAGS,
  words: ACTIONS,
  examples: [
    { line: 'check martlet.yaml', text: 'all that is wrong with it, and with the files that it names' },
    { line: 'show --changed --origin', text: 'what is not left at its default, and where it comes from' },
    { line: 'plan new.yaml', text: 'what the running broker would change, and who would be disconnected' },
    { line: 'plan new.yaml --against martlet.yaml', text: 'the same between two files' },
    {
      line: 'migrate mosquitto.conf -o martlet.yaml',
      text: "Mosquitto's configuration as ours, and what became of each line",
    },
    { line: 'schema > martlet.schema.json', text: 'a JSON Schema, by which editors complete and check' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseFlags(CONFIG_FLAGS, words, {
    positionals: { name: `word (${ACTIONS.join(', ')})`, minimum: 1, maximum: 2 },
  });
  const [given, file] = positionals;
  const action = actionFrom(given!);
  refuseOthers(action, values);
  switch (action) {
    case 'check':
      return (await import('./config-check.ts')).checkConfigurationFile(file, values, io);
    case 'show':
      return (await import('./config-show.ts')).showConfiguration(file, values, io);
    case 'plan':
      return (await import('./config-plan.ts')).planConfiguration(file, values, io);
    case 'migrate':
      return (await import('../mosquitto/migrate.ts')).migrate(file, values, io);
    case 'schema':
      if (file !== undefined) throw new UsageError(`schema: expected no file, got ${quoted(file)}`);
      return printSchema(io);
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

const OWN_FLAGS: Readonly<Record<Action, readonly (keyof ConfigFlags)[]>> = {
  check: ['json'],
  show: ['format', 'changed', 'defaults', 'origin', 'running', 'broker', 'control'],
  plan: ['against', 'json', 'broker', 'control'],
  schema: [],
  migrate: ['output', 'force'],
};

/** A flag that does nothing was meant to do something. */
function refuseOthers(action: Action, values: ConfigValues): void {
  for (const [key, { names }] of Object.entries(CONFIG_FLAGS)) {
    const name = key as keyof ConfigFlags;
    const isGiven = values[name] !== undefined && values[name] !== false;
    if (isGiven && !OWN_FLAGS[action].includes(name)) {
      const others = ACTIONS.filter((each) => OWN_FLAGS[each].includes(name));
      throw new UsageError(`${names[0]}: expected it with ${others.join(' or ')}, got ${action}`);
    }
  }
}

async function printSchema({ stdout }: CommandIo): Promise<number> {
  const { configurationJsonSchema } = await import('@martlet/broker/config');
  stdout.write(`${JSON.stringify(configurationJsonSchema(), null, 2)}\n`);
  return 0;
}
