/** Properties as the SQLite plugin writes them: a JSON list of `{ identifier, value }`, user properties with a `name`; binary values in hexadecimal. */
import type { PublishProperties } from '@martlet/protocol';
import { encodeForwardableProperties } from '@martlet/protocol';
import { MosquittoDatabaseError } from './database-error.ts';

export interface SqliteProperties {
  /** As on the wire, without their length. */
  readonly forwardable: Uint8Array;
  /** Seconds. */
  readonly messageExpiryInterval: number | undefined;
}

interface Entry {
  readonly identifier?: unknown;
  readonly name?: unknown;
  readonly value?: unknown;
}

/**
 * @param json null if there are none
 * @throws {MosquittoDatabaseError} `damaged`
 */
export function readSqliteProperties(json: string | null, place: string): SqliteProperties {
  if (json === null || json === '')
    return { forwardable: new Uint8Array(0), messageExpiryInterval: undefined };
  try {
    const list: unknown = JSON.parse(json);
    if (!Array.isArray(list)) throw new TypeError('expected a list');
    const properties: Record<string, unknown> = {};
    let messageExpiryInterval: number | undefined;
    for (const entry of list as readonly Entry[]) {
      if (entry.identifier === 'message-expiry-interval') messageExpiryInterval = Number(entry.value);
      else take(properties, entry);
    }
    return {
      forwardable: encodeForwardableProperties(properties as PublishProperties),
      messageExpiryInterval,
    };
  } catch (error) {
    const text = `${place} has properties that make no sense: ${(error as Error).message}`;
    throw new MosquittoDatabaseError(text, { code: 'damaged', cause: error });
  }
}

function take(properties: Record<string, unknown>, { identifier, name, value }: Entry): void {
  switch (identifier) {
    case 'payload-format-indicator':
      properties['payloadFormatIndicator'] = value;
      return;
    case 'content-type':
      properties['contentType'] = value;
      return;
    case 'response-topic':
      properties['responseTopic'] = value;
      return;
    case 'correlation-data':
      properties['correlationData'] = bytesOfHex(String(value));
      return;
    case 'user-property': {
      const list = (properties['userProperties'] ??= []) as unknown[];
      list.push([name, value]);
      return;
    }
    default: // of a delivery or a will, not of the message
      return;
  }
}

function bytesOfHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/iu.test(text)) throw new TypeError('expected binary data in hexadecimal');
  return new Uint8Array(Buffer.from(text, 'hex'));
}
