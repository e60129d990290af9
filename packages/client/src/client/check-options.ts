/**
 * Checks what an application gives to a call, by a table with a rule for each option: an option of another name would change
 * nothing, and nobody would know.
 */
import { ClientError, errorText } from '../client-error.ts';
import type { WaitOptions } from './settle.ts';

/**
 * Returns what the option is worth: what was given, or what holds when that is undefined.
 * @throws {ClientError} INVALID_OPTION
 */
export type Rule<T = unknown> = (name: string, given: unknown) => T;

/** The rules of a call's options, by name. */
export type Rules<Options = Readonly<Record<string, unknown>>> = {
  readonly [Name in keyof Options]-?: Rule<Options[Name]>;
};

/** @param otherwise what holds when nothing is given */
function rule<T>(
  isRight: (given: unknown) => boolean,
  expected: string,
  otherwise: T,
  got: (given: unknown) => string = errorText,
): Rule<T> {
  return (name, given = otherwise) => {
    if (given === otherwise || isRight(given)) return given as T;
    throw invalid(`${name}: expected ${expected}, got ${got(given)}`);
  };
}

/** What is looked at elsewhere, or not at all. */
export const anything: Rule<never> = (_, given) => given as never;

/** Of this type, as `typeof` says, and not null. What was given is not shown: it may be a secret. */
export function ofType<T>(type: string, otherwise?: T): Rule<T> {
  return rule((given) => typeof given === type && given !== null, type, otherwise as T, typeOf);
}

/** Infinity counts as an integer. */
export function integer(otherwise: number | undefined, least: number, most: number): Rule<number> {
  return rule(
    (given) =>
      (Number.isInteger(given) || given === Number.POSITIVE_INFINITY) &&
      (given as number) >= least &&
      (given as number) <= most,
    `an integer from ${least} to ${most}`,
    otherwise as number,
  );
}

/** The first of the values holds when none is given. */
export function oneOf<T>(...values: readonly T[]): Rule<T> {
  return rule((given) => values.includes(given as T), `one of ${values.join(', ')}`, values[0] as T);
}

/** Something of the application's own, with the methods that it must have. */
export function withMethods<T>(...methods: readonly string[]): Rule<T> {
  return rule(
    (given) =>
      methods.every((name) => typeof (given as Record<string, unknown> | null)?.[name] === 'function'),
    `something with ${methods.join(', ')}`,
    undefined as T,
    typeOf,
  );
}

/** How long a call waits: see {@link WaitOptions}. */
export const WAIT: Readonly<Rules<WaitOptions>> = {
  signal: rule(
    (given) => typeof (given as Partial<AbortSignal> | null)?.addEventListener === 'function',
    'an AbortSignal',
    undefined,
    typeOf,
  ),
  timeoutMs: rule((given) => typeof given === 'number' && given >= 0, 'milliseconds', undefined),
};

/**
 * @param call whose options they are
 * @param prefix what stands in front of their names
 * @throws {ClientError} INVALID_OPTION
 */
export function checkOptions(call: string, given: unknown, rules: object, prefix: string = ''): void {
  if (typeof given !== 'object' || given === null) {
    const hint = typeof given === 'function' ? '; await what it returns in place of a callback' : '';
    throw invalid(`${prefix.slice(0, -1) || call}: expected options, got ${typeOf(given)}${hint}`);
  }
  // Publishing comes here with every message that has options of its own.
  for (const name in given) {
    if (!Object.hasOwn(rules, name)) {
      const known = Object.keys(rules);
      const start = name.slice(0, 5).toLowerCase();
      const similar = known.find((each) => each.toLowerCase().startsWith(start));
      const hint = similar ? `; did you mean ${prefix}${similar}?` : ` (there are ${known.join(', ')})`;
      throw invalid(`expected an option of ${call}, got ${prefix}${name}${hint}`);
    }
    (rules as Rules)[name]!(prefix + name, (given as Readonly<Record<string, unknown>>)[name]);
  }
}

/** Checks the options, and fills in what was left out. @throws {ClientError} INVALID_OPTION */
export function resolve<Options>(
  call: string,
  given: unknown,
  rules: Rules<Options>,
  prefix?: string,
): Options {
  checkOptions(call, given, rules, prefix);
  const resolved: Partial<Options> = {};
  for (const name of Object.keys(rules) as (keyof Options & string)[])
    resolved[name] = rules[name](name, (given as Options)[name]);
  return resolved as Options;
}

/** @throws {ClientError} INVALID_OPTION */
export function refuseNoFunction(name: string, given: unknown): void {
  if (typeof given !== 'function') throw invalid(`${name}: expected function, got ${typeOf(given)}`);
}

export function invalid(text: string): ClientError {
  return new ClientError('INVALID_OPTION', text);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
