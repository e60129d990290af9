import { ClientError, errorText } from '../client-error.ts';
import type { PayloadCodec } from '../codecs/payload-codec.ts';
import { payloadBytes } from './resolve-options.ts';

/** In the options of whatever sends a payload: the application gives a value, and this makes the payload. */
export interface WithCodec<T> {
  readonly codec: PayloadCodec<T>;
}

/** The same where nobody knows of what, and where it may be left out. */
export interface AnyCodec {
  readonly codec?: PayloadCodec<unknown>;
}

/** @throws {ClientError} INVALID_PAYLOAD */
export function encodePayload(value: unknown, codec: PayloadCodec<unknown> | undefined): Uint8Array {
  try {
    return payloadBytes(codec === undefined ? value : codec.encode(value));
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const text = `expected a value for the codec, got ${errorText(error)}`;
    // biome-ignore lint/style/useErrorCause: it is, as the third argument.
    throw new ClientError('INVALID_PAYLOAD', text, error);
  }
}
