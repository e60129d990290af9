/** The options of `npm run crash`, and its help. */
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.mjs';
import { POINTS, pointsAt } from './points.mjs';

const OPTIONS = /** @type {const} */ ({
  kills: { type: 'string', value: 'N', text: 'kill -9 at so many random moments (default 20)' },
  points: {
    type: 'string',
    value: 'NAMES',
    text: 'numbered points to die at: all (default), none, or names',
  },
  'each-point': { type: 'string', value: 'N', text: 'how often at each point (default 1)' },
  target: { type: 'string', value: 'NAME', text: 'martlet (default) or mosquitto' },
  durability: { type: 'string', value: 'LEVEL', text: "Martlet's: disk (default), os or memory" },
  autosave: { type: 'string', value: 'S', text: "Mosquitto's autosave_interval (default: its own, 1800)" },
  mosquitto: { type: 'string', value: 'PATH', text: 'where Mosquitto is' },
  mutant: { type: 'string', value: 'NAME', text: 'break Martlet on purpose: the rig must notice' },
  seed: { type: 'string', value: 'N', text: 'what is drawn at random follows from it (default: a new one)' },
  rate: { type: 'string', value: 'N', text: 'messages a second (default 800)' },
  life: { type: 'string', value: 'MS-MS', text: 'how long it lives between random kills (default 50-400)' },
  patience: {
    type: 'string',
    value: 'MS',
    text: 'how long nothing comes before what is missing is lost (default 5000)',
  },
  json: { type: 'string', value: 'FILE', text: 'write the result as JSON; - prints it' },
  list: { type: 'boolean', text: 'the numbered points, and what they stand for' },
  'no-build': { type: 'boolean', text: 'run what dist/ holds, without building first' },
  help: { type: 'boolean', text: 'this' },
});

export class UsageError extends Error {}

/**
 * @param {readonly string[]} argv
 * @returns {import('./rig.mjs').RunOptions & { json: string | undefined, list: boolean, help: boolean, build: boolean }}
 */
export function parseOptions(argv) {
  const values = parsed(argv);
  const name = oneOf('target', values.target ?? 'martlet', /** @type {const} */ (['martlet', 'mosquitto']));
  const levels = /** @type {const} */ (['disk', 'os', 'memory']);
  const durability = oneOf('durability', values.durability ?? 'disk', levels);
  const { mutant, mosquitto, autosave } = values;
  if (mutant !== undefined) oneOf('mutant', mutant, Object.keys(MUTANTS));
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : number('seed', values.seed, 0);
  const hasPoints = name === 'martlet' && durability !== 'memory';
  return {
    target: {
      name,
      durability,
      ...(mutant === undefined ? {} : { mutant }),
      ...(mosquitto === undefined ? {} : { mosquitto }),
      ...(autosave === undefined ? {} : { autosaveSeconds: number('autosave', autosave, 1) }),
    },
    kills: number('kills', values.kills ?? '20', 0),
    points: points(
      values.points ?? (hasPoints ? 'all' : 'none'),
      values['each-point'] ?? '1',
      hasPoints ? pointsAt(durability) : [],
    ),
    seed,
    rate: number('rate', values.rate ?? '800', 1),
    lifeMs: range(values.life ?? '50-400'),
    patienceMs: number('patience', values.patience ?? '5000', 1),
    json: values.json,
    list: values.list ?? false,
    help: values.help ?? false,
    build: !values['no-build'],
  };
}

export function helpText() {
  const lines = Object.entries(OPTIONS).map(([name, row]) => {
    const value = 'value' in row ? ` ${row.value}` : '';
    return `  ${`--${name}${value}`.padEnd(20)}  ${row.text}`;
  });
  return `npm run crash -- [options]   kills a broker under load, and looks for what it had acknowledged\n\n${lines.join('\n')}`;
}

export function listText() {
  return POINTS.map(({ name, text }) => `${name.padEnd(18)} ${text}`).join('\n');
}

/** @param {readonly string[]} argv */
function parsed(argv) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @param {string} names
 * @param {string} each
 * @param {readonly import('./points.mjs').Point[]} known
 */
function points(names, each, known) {
  if (names === 'none') return [];
  if (known.length === 0)
    throw new UsageError('only Martlet with a store has numbered points: use --points none');
  const chosen = names === 'all' ? known : names.split(',').map((name) => pointCalled(name, known));
  return Array.from({ length: number('each-point', each, 1) }, () => chosen).flat();
}

/** @param {string} name @param {readonly import('./points.mjs').Point[]} known */
function pointCalled(name, known) {
  const point = known.find((each) => each.name === name);
  if (point === undefined)
    throw new UsageError(`no point of this durability is called ${name}; --list shows them`);
  return point;
}

/**
 * @template {string} Choice
 * @param {string} option
 * @param {string} text
 * @param {readonly Choice[]} choices
 * @returns {Choice}
 */
function oneOf(option, text, choices) {
  const choice = choices.find((each) => each === text);
  if (choice === undefined)
    throw new UsageError(`--${option} must be one of ${choices.join(', ')}, not ${text}`);
  return choice;
}

/** @param {string} option @param {string} text @param {number} minimum */
function number(option, text, minimum) {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum) return value;
  throw new UsageError(`--${option} must be a whole number from ${minimum} on, not ${text}`);
}

/** @param {string} text @returns {readonly [number, number]} */
function range(text) {
  const [, low, high] = /^(\d{1,6})-(\d{1,6})$/.exec(text) ?? [];
  if (low === undefined || high === undefined || Number(low) > Number(high))
    throw new UsageError(`--life must be like 50-400, in ms, not ${text}`);
  return [Number(low), Number(high)];
}
