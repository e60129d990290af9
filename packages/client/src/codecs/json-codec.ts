/** The entry `@martlet/client/json-codec`: payloads in JSON (RFC 8259). */
import { ClientError } from '../client-error.ts';
import type { PayloadCodec } from './payload-codec.ts';

export type { PayloadCodec } from './payload-codec.ts';

/**
 * The codec of JSON in UTF-8. Values are encoded as `JSON.stringify` does: what it leaves out is left out, and what it
 * cannot express at all (`undefined`, a function, a bigint, a circle) is refused; so is a number that is not finite,
 * unless it is inside of something: there it becomes null. What is decoded is of type `T` only by your word: check it,
 * or let typed topics do so.
 *
 *     const json = jsonCodec<{ celsius: number }>();
 *     client.publish('home/kitchen', { celsius: 21.5 }, { codec: json });
 *     console.log(json.decode(message.payload).celsius);
 */
export function jsonCodec<T = unknown>(): PayloadCodec<T> {
  return { contentType: 'application/json', payloadFormatIndicator: 1, encode, decode: decode<T> };
}

function encode(value: unknown): Uint8Array {
  let json: string | undefined;
  let cause: unknown;
  try {
    if (typeof value !== 'number' || Number.isFinite(value)) json = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (json === undefined) {
    const got = typeof value === 'number' ? value : `a ${typeof value} that is none`;
    throw invalid(`a value that JSON can express, got ${got}`, cause);
  }
  return new TextEncoder().encode(json);
}

function decode<T>(payload: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw invalid(`a payload of JSON in UTF-8, got ${payload.length} bytes that are not`, error);
  }
}

function invalid(what: string, cause: unknown): ClientError {
  return new ClientError('INVALID_PAYLOAD', `expected ${what}`, cause);
}
