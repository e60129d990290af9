/** What may stand between the braces of a template, as one table; the guide says what each means. */
import { nearest } from '../flags/nearest.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** What a place is filled in from. */
export interface TemplateContext {
  /** Which message it is, from 0 on. */
  readonly index: number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** At least 0, below 1. */
  random(): number;
}

export type TemplateFunction = (context: TemplateContext) => string;

type Environment = Readonly<Record<string, string | undefined>>;

export interface TemplateFunctionRow {
  readonly name: string;
  /** What stands after the name; empty where nothing may. */
  readonly parameters: string;
  readonly minimum: number;
  readonly maximum: number;
  /** @throws {UsageError} that says what it expected and what came */
  readonly make: (given: readonly string[], env: Environment) => TemplateFunction;
}

const ANY_NUMBER = Number.POSITIVE_INFINITY;

export const TEMPLATE_FUNCTIONS: readonly TemplateFunctionRow[] = [
  {
    name: 'i',
    parameters: '[first [step]]',
    minimum: 0,
    maximum: 2,
    make: counter,
  },
  {
    name: 'now',
    parameters: '[ms|s|iso]',
    minimum: 0,
    maximum: 1,
    make: now,
  },
  { name: 'uuid', parameters: '', minimum: 0, maximum: 0, make: () => uuid },
  {
    name: 'rand',
    parameters: 'low high',
    minimum: 2,
    maximum: 2,
    make: uniform,
  },
  {
    name: 'normal',
    parameters: 'mean deviation',
    minimum: 2,
    maximum: 2,
    make: normal,
  },
  {
    name: 'pick',
    parameters: 'word word …',
    minimum: 1,
    maximum: ANY_NUMBER,
    make: pick,
  },
  {
    name: 'hex',
    parameters: 'bytes',
    minimum: 1,
    maximum: 1,
    make: hex,
  },
  {
    name: 'env',
    parameters: 'NAME',
    minimum: 1,
    maximum: 1,
    make: variable,
  },
  { name: 'open', parameters: '', minimum: 0, maximum: 0, make: () => () => '{{' },
];

/**
 * @param place what stands between the braces: `rand 0 100`
 * @throws {UsageError}
 */
export function templateFunction(place: string, env: Environment): TemplateFunction {
  const [name = '', ...given] = place.trim().split(/\s+/);
  const row = TEMPLATE_FUNCTIONS.find((each) => each.name === name);
  if (row === undefined) {
    const names = TEMPLATE_FUNCTIONS.map((each) => each.name);
    // A single letter is near to anything.
    const near = name.length > 1 ? nearest(name, names) : undefined;
    const hint = near === undefined ? '' : `; did you mean {{${near}}}?`;
    throw new UsageError(`template: expected ${names.join(', ')} in {{…}}, got ${quoted(name)}${hint}`);
  }
  if (given.length < row.minimum || given.length > row.maximum)
    throw refused(row.name, row.parameters === '' ? 'nothing after it' : row.parameters, given.join(' '));
  return row.make(given, env);
}

function refused(name: string, expected: string, got: string): UsageError {
  return new UsageError(`template: {{${name}}}: expected ${expected}, got ${quoted(got)}`);
}

function numberFrom(name: string, given: string): number {
  const number = /^-?(\d+\.?\d*|\.\d+)$/.test(given) ? Number(given) : Number.NaN;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number;
  throw refused(name, 'a number', given);
}

function wholeNumberFrom(name: string, given: string): number {
  const number = numberFrom(name, given);
  if (Number.isInteger(number)) return number;
  throw refused(name, 'a whole number', given);
}

/** How many digits stand after the point. */
function decimalsOf(...given: readonly string[]): number {
  return Math.min(15, Math.max(...given.map((each) => (each.split('.')[1] ?? '').length)));
}

function counter(given: readonly string[]): TemplateFunction {
  const first = wholeNumberFrom('i', given[0] ?? '0');
  const step = wholeNumberFrom('i', given[1] ?? '1');
  return ({ index }) => String(first + index * step);
}

function now([unit = 'ms']: readonly string[]): TemplateFunction {
  switch (unit) {
    case 'ms':
      return (context) => String(Math.floor(context.wallMs()));
    case 's':
      return (context) => String(Math.floor(context.wallMs() / 1000));
    case 'iso':
      return (context) => new Date(context.wallMs()).toISOString();
    default:
      throw refused('now', 'ms, s or iso', unit);
  }
}

function uniform([lowText = '', highText = '']: readonly string[]): TemplateFunction {
  const decimals = decimalsOf(lowText, highText);
  const unit = 10 ** decimals;
  const low = Math.round(numberFrom('rand', lowText) * unit);
  const high = Math.round(numberFrom('rand', highText) * unit);
  if (high < low) throw refused('rand', 'the lower bound first', `${lowText} ${highText}`);
  return ({ random }) => ((low + Math.floor(random() * (high - low + 1))) / unit).toFixed(decimals);
}

function normal([meanText = '', deviationText = '']: readonly string[]): TemplateFunction {
  const decimals = decimalsOf(meanText, deviationText);
  const mean = numberFrom('normal', meanText);
  const deviation = numberFrom('normal', deviationText);
  if (deviation < 0) throw refused('normal', 'a deviation that is not below 0', deviationText);
  return ({ random }) => {
    // Box and Muller's way from two uniform numbers; 1 - random() is never 0.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return (mean + deviation * radius * Math.cos(2 * Math.PI * random())).toFixed(decimals);
  };
}

function pick(words: readonly string[]): TemplateFunction {
  return ({ random }) => words[Math.floor(random() * words.length)]!;
}

const MOST_HEX_BYTES = 65_536;

function hex([given = '']: readonly string[]): TemplateFunction {
  const count = wholeNumberFrom('hex', given);
  if (count < 1 || count > MOST_HEX_BYTES) throw refused('hex', `from 1 to ${MOST_HEX_BYTES} bytes`, given);
  return (context) => {
    let text = '';
    for (let byte = 0; byte < count; byte++) text += randomByteText(context);
    return text;
  };
}

function randomByteText({ random }: TemplateContext): string {
  return Math.floor(random() * 256)
    .toString(16)
    .padStart(2, '0');
}

/** Version 4: random but for 6 bits, which say so. */
function uuid(context: TemplateContext): string {
  const bytes = Array.from({ length: 16 }, () => randomByteText(context));
  bytes[6] = `4${bytes[6]![1]}`;
  bytes[8] = `${'89ab'[Number.parseInt(bytes[8]![0]!, 16) & 3]}${bytes[8]![1]}`;
  const text = bytes.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}

function variable([name = '']: readonly string[], env: Environment): TemplateFunction {
  const value = env[name];
  if (value === undefined) throw refused('env', 'a variable that the environment has', name);
  return () => value;
}
