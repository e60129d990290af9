/** What the value of a flag may be: each of these makes a function that reads it or throws a `UsageError`. */
import { UsageError } from '../usage-error.ts';
import { nearest } from './nearest.ts';

/** Turns the word of a command line into a value. @throws {UsageError} */
export type ValueParser<Value> = (text: string) => Value;

/**
 * How Mosquitto's tools say that a value is wrong.
 * @param got the value as they show it
 */
export type MosquittoText = (got: string) => string;

/** @returns an error such as `expected a whole number from 0 to 2, got 'x'` */
export function unexpected(expected: string, got: string, mosquitto?: MosquittoText): UsageError {
  return new UsageError(`expected ${expected}, got ${quoted(got)}`, mosquitto?.(got));
}

/** A value as messages show it: short, and without what would move the cursor. */
export function quoted(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `'${shown.replaceAll(/[\0-\x1f\x7f-\x9f]/g, '\u{fffd}')}'`;
}

/** Any text. @param expected what is wanted, if it may not be empty: `a host name` */
export function text(expected?: string): ValueParser<string> {
  return (given) => {
    if (given === '' && expected !== undefined) throw unexpected(expected, given);
    return given;
  };
}

/** Text that matches. @param expected what that asks for, in words */
export function textLike(pattern: RegExp, expected: string, mosquitto?: MosquittoText): ValueParser<string> {
  return (given) => {
    if (!pattern.test(given)) throw unexpected(expected, given, mosquitto);
    return given;
  };
}

/** A whole number within bounds, both included. Spaces around it are left out: options files have columns. */
export function wholeNumber(
  minimum: number,
  maximum: number,
  mosquitto?: MosquittoText,
): ValueParser<number> {
  return (given) => {
    const number = /^ *-?\d{1,15} *$/.test(given) ? Number(given) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw unexpected(`a whole number ${boundsText(minimum, maximum)}`, given, mosquitto);
  };
}

/** A number within bounds, both included: `0.5`, `2`, `.25`, `1e3`; spaces around it are left out. */
export function decimal(minimum: number, maximum: number, mosquitto?: MosquittoText): ValueParser<number> {
  return (given) => {
    const number = /^ *-?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})? *$/i.test(given) ? Number(given) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw unexpected(`a number ${boundsText(minimum, maximum)}`, given, mosquitto);
  };
}

/**
 * Reads a number as Mosquitto's tools do, by `atoi` of C: what follows its digits is left out, and without digits it is 0.
 * @param parse is given the rest: `1` of `1.5`
 */
export function leadingInteger(parse: ValueParser<number>): ValueParser<number> {
  return (given) => parse(/^\s*\+?(-?\d{1,15})/.exec(given)?.[1] ?? '0');
}

/** The same by `atof`: `0.5` of `0.5s`. */
export function leadingDecimal(parse: ValueParser<number>): ValueParser<number> {
  return (given) => parse(/^\s*\+?(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?)/i.exec(given)?.[1] ?? '0');
}

/** The two ways in which the number of a flag is read: ours, and that of Mosquitto's tools. */
export interface NumberReading {
  readonly parse: ValueParser<number>;
  readonly mosquittoParse: ValueParser<number>;
}

export function readByAtoi(parse: ValueParser<number>): NumberReading {
  return { parse, mosquittoParse: leadingInteger(parse) };
}

export function readByAtof(parse: ValueParser<number>): NumberReading {
  return { parse, mosquittoParse: leadingDecimal(parse) };
}

function boundsText(minimum: number, maximum: number): string {
  return maximum >= Number.MAX_SAFE_INTEGER ? `not below ${minimum}` : `from ${minimum} to ${maximum}`;
}

/** One of these words. */
export function choice<const Choice extends string>(...choices: readonly Choice[]): ValueParser<Choice> {
  return (given) => {
    const found = choices.find((each) => each === given);
    if (found !== undefined) return found;
    const near = nearest(given, choices);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new UsageError(`expected ${choices.join(', ')}, got ${quoted(given)}${hint}`);
  };
}

/** One of these words, each of which stands for a value. */
export function oneOf<Value>(
  values: Readonly<Record<string, Value>>,
  mosquitto?: MosquittoText,
): ValueParser<Value> {
  return (given) => {
    if (Object.hasOwn(values, given)) return values[given]!;
    throw unexpected(Object.keys(values).join(', '), given, mosquitto);
  };
}

/** A time: `250ms`, `10s`, `1.5m`, `2h`, or a number of seconds. @returns milliseconds */
export function duration(minimumMs: number, maximumMs: number): ValueParser<number> {
  return (given) => {
    const parts = /^(\d+\.?\d*|\.\d+)(ms|s|m|h)?$/.exec(given);
    const ms = parts === null ? Number.NaN : Number(parts[1]) * UNIT_MS[parts[2] ?? 's']!;
    if (ms >= minimumMs && ms <= maximumMs) return ms;
    throw unexpected(
      `a time from ${minimumMs / 1000} s to ${maximumMs / 1000} s, such as 250ms, 10s or 5m`,
      given,
    );
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
