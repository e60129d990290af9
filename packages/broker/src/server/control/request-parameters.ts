/** Parameters of requests on the control socket, each checked: what came is told with its name. */
import type { ControlRequest } from './control-message.ts';
import { ControlError, isRecord } from './control-message.ts';

type Parameters = ControlRequest['parameters'];

/** @default false */
export function flagOf(parameters: Parameters, name: string): boolean {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw unexpected(name, 'true or false', value);
}

/** @default undefined */
export function textOf(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw unexpected(name, 'a text', value);
}

export function neededText(parameters: Parameters, name: string): string {
  const value = textOf(parameters, name);
  if (value === undefined) throw unexpected(name, 'a text', undefined);
  return value;
}

/** One of a few. @default undefined */
export function choiceOf<const Choice extends string | number>(
  parameters: Parameters,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (choices.includes(value as Choice)) return value as Choice;
  throw unexpected(name, choices.join(' or '), value);
}

/** @default undefined */
export function textsOf(parameters: Parameters, name: string): readonly string[] | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw unexpected(name, 'a list of texts', value);
}

/** @default undefined */
export function sectionOf(parameters: Parameters, name: string): Parameters | undefined {
  const value = parameters[name];
  if (value === undefined || value === null) return undefined;
  if (isRecord(value)) return value;
  throw unexpected(name, 'an object', value);
}

/** What came is not repeated, unless it is a number: it may be long. */
function unexpected(name: string, expected: string, value: unknown): ControlError {
  return new ControlError('bad-request', `${name}: expected ${expected}, got ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === '') return 'an empty text';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? String(value) : 'an object';
}
