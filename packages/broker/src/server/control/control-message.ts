/**
 * What goes over a control socket: one JSON object a line, each way. `{"version":1,"id":7,"request":"status"}` is answered by
 * `{"version":1,"id":7,"ok":true,"result":{…}}`, or by `{"version":1,"id":7,"ok":false,"error":{"code":"…","text":"…"}}`. Answers
 * come in the order of their requests.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';

export const CONTROL_VERSION = 1;

/** A request may have this many characters, its newline included. */
export const MAXIMUM_REQUEST_LENGTH: number = 64 * 1024;

export interface ControlRequest {
  /** Returned with the answer. */
  readonly id: number | string | null;
  readonly request: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ControlFailure {
  /** Stable: `bad-request`, `unknown-request`, `bad-configuration`, … */
  readonly code: string;
  readonly text: string;
  /** What is wrong with a configuration, place by place. */
  readonly problems?: readonly ConfigurationProblem[];
}

export type ControlAnswer =
  | {
      readonly version: number;
      readonly id: number | string | null;
      readonly ok: true;
      readonly result: unknown;
    }
  | {
      readonly version: number;
      readonly id: number | string | null;
      readonly ok: false;
      readonly error: ControlFailure;
    };

/** Refuses a request: told to the one who asked, and to nobody else. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;
  readonly id: number | string | null;

  /** @param id of the request, where it is known */
  constructor(code: string, message: string, id: number | string | null = null) {
    super(message);
    this.code = code;
    this.id = id;
  }
}

/** @throws {ControlError} for what is no request */
export function parseRequest(line: string): ControlRequest {
  const value = parsedJson(line);
  if (value === undefined) {
    const example = '{"version":1,"request":"status"}';
    throw new ControlError('bad-request', `expected one JSON object in a line, such as ${example}`);
  }
  if (!isRecord(value)) throw new ControlError('bad-request', `expected a JSON object, got ${kindOf(value)}`);
  const { version, id = null, request, ...parameters } = value;
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  if (version !== CONTROL_VERSION) {
    throw new ControlError(
      'other-version',
      `this broker speaks version ${CONTROL_VERSION} of the control socket, got ${JSON.stringify(version) ?? 'none'}; use the command of the same release`,
      known,
    );
  }
  if (typeof request !== 'string')
    throw new ControlError('bad-request', `request: expected its name, got ${kindOf(request)}`, known);
  return { id: known, request, parameters };
}

/** Undefined for what is no JSON. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
