/**
 * The chunks of a `mosquitto.db`, versions 5 (Mosquitto 1.6) and 6 (2.0 and 2.1), as bytes: structures of C, written as they
 * lie in memory. Lengths and identifiers are in network order, numbers of 64 bits in that of the machine, which is
 * little-endian on everything that Mosquitto is packaged for.
 */
import { decodeForwardableProperties, isUtf8Encodable } from '@martlet/protocol';
import type { MosquittoDelivery, MosquittoSession, MosquittoSubscription } from './mosquitto-contents.ts';

export const ChunkType = {
  Configuration: 1,
  Message: 2,
  Delivery: 3,
  Retained: 4,
  Subscription: 5,
  Session: 6,
} as const;

/** A chunk says something that cannot be. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
}

/** Bytes of a message's fixed part. */
export const MESSAGE_HEAD_BYTES = 32;

/** The fixed part of a message: what is in the rest, and where. */
export interface MessageHead {
  readonly messageId: bigint;
  readonly expiresAtSeconds: number;
  readonly payloadBytes: number;
  readonly publisherBytes: number;
  readonly usernameBytes: number;
  readonly topicBytes: number;
  readonly qos: number;
  readonly retain: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function textOf(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new ChunkError(`expected the ${what} to be UTF-8`, { cause: error });
  }
}

function clientIdOf(bytes: Uint8Array): string {
  const clientId = textOf(bytes, 'client identifier');
  if (clientId !== '' && isUtf8Encodable(clientId)) return clientId;
  throw new ChunkError('expected a client identifier');
}

/** @returns the bytes that one message number takes; 8 is the only one written since Mosquitto 1.6 */
export function readMessageNumberBytes(body: Buffer): number {
  atLeast(body, 10);
  return body[9]!;
}

export function readMessageHead(body: Buffer): MessageHead {
  atLeast(body, MESSAGE_HEAD_BYTES);
  return {
    messageId: body.readBigUInt64LE(0),
    expiresAtSeconds: seconds(body.readBigInt64LE(8)),
    payloadBytes: body.readUInt32BE(16),
    publisherBytes: body.readUInt16BE(22),
    usernameBytes: body.readUInt16BE(24),
    topicBytes: body.readUInt16BE(26),
    qos: qosOf(body[30]!),
    retain: body[31] !== 0,
  };
}

/** @param version 5 has no listener port, no user name and no padding */
export function readSession(body: Buffer, version: 5 | 6): MosquittoSession {
  const fixed = version === 5 ? 16 : 24;
  atLeast(body, fixed);
  const idBytes = body.readUInt16BE(14);
  atLeast(body, fixed + idBytes);
  return {
    expiresAtSeconds: seconds(body.readBigInt64LE(0)),
    sessionExpiryInterval: body.readUInt32BE(8),
    clientId: clientIdOf(body.subarray(fixed, fixed + idBytes)),
    will: undefined,
  };
}

export function readDelivery(body: Buffer): MosquittoDelivery {
  atLeast(body, 16);
  const idBytes = body.readUInt16BE(10);
  atLeast(body, 16 + idBytes);
  return {
    messageId: body.readBigUInt64LE(0),
    packetId: body.readUInt16BE(8),
    qos: qosOf(body[12]!),
    state: body[13]!,
    retain: body[14]! >> 4 !== 0,
    outgoing: body[15] === 1,
    clientId: clientIdOf(body.subarray(16, 16 + idBytes)),
    subscriptionIdentifier: readSubscriptionIdentifier(body.subarray(16 + idBytes)),
  };
}

export function readSubscription(body: Buffer): MosquittoSubscription {
  atLeast(body, 12);
  const idBytes = body.readUInt16BE(4);
  const filterBytes = body.readUInt16BE(6);
  const options = body[9]!;
  atLeast(body, 12 + idBytes + filterBytes);
  return {
    subscriptionIdentifier: identifierOf(body.readUInt32BE(0)),
    qos: qosOf(body[8]!),
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: (options >> 4) & 3,
    clientId: clientIdOf(body.subarray(12, 12 + idBytes)),
    topicFilter: textOf(body.subarray(12 + idBytes, 12 + idBytes + filterBytes), 'topic filter'),
  };
}

export function readRetained(body: Buffer): bigint {
  atLeast(body, 8);
  return body.readBigUInt64LE(0);
}

/** What a property length says, without it. Empty if there are no properties. */
export function propertiesOf(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const { value, end } = readVariableLength(bytes, 0);
  if (end + value !== bytes.length) {
    throw new ChunkError(`expected ${value} bytes of properties, got ${bytes.length - end}`);
  }
  const properties = bytes.subarray(end);
  try {
    decodeForwardableProperties(properties);
  } catch (error) {
    throw new ChunkError('expected the properties of a message', { cause: error });
  }
  return properties;
}

const SUBSCRIPTION_IDENTIFIER = 0x0b;

/** A delivery has no other property; anything else behind it is an error. */
function readSubscriptionIdentifier(bytes: Buffer): number {
  if (bytes.length === 0) return 0;
  const { value: length, end } = readVariableLength(bytes, 0);
  if (length === 0) return 0;
  if (bytes[end] !== SUBSCRIPTION_IDENTIFIER || end + length !== bytes.length) {
    throw new ChunkError('expected a subscription identifier behind the client identifier');
  }
  return readVariableLength(bytes, end + 1).value;
}

function readVariableLength(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new ChunkError('expected a length of one to four bytes');
}

/** Times that no Date can have are times that never come. */
function seconds(value: bigint): number {
  return value > 0n && value < 8_640_000_000_000n ? Number(value) : 0;
}

function identifierOf(value: number): number {
  if (value <= 268_435_455) return value;
  throw new ChunkError(`expected a subscription identifier of at most 268,435,455, got ${value}`);
}

function qosOf(value: number): number {
  if (value <= 2) return value;
  throw new ChunkError(`expected a QoS of 0, 1 or 2, got ${value}`);
}

function atLeast(body: Buffer, bytes: number): void {
  if (body.length < bytes) throw new ChunkError(`expected at least ${bytes} bytes, got ${body.length}`);
}
