/**
 * The properties of a PUBLISH for whoever routes it without looking at them: one pass over the bytes that checks
 * everything the decoder checks, picks out what concerns the connection, and says where the rest is.
 *
 * Topic Alias, Message Expiry Interval and Subscription Identifier are the server's business and are written anew for
 * each recipient. All others are the message's: they are forwarded unchanged and in order, as bytes.
 */
import type { PublishProperties } from '../packet.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { isValidTopicNameBytes } from '../topic-name.ts';
import { validateUtf8 } from '../utf8.ts';
import { readVariableByteInteger, variableByteIntegerLength } from '../variable-byte-integer.ts';
import { PacketWriter } from './packet-writer.ts';
import { writePropertyList } from './properties.ts';
import { readPublishProperties } from './publish-property-section.ts';

/** What {@link scanPublishProperties} found. One object serves for all packets. */
export interface PublishPropertyScan {
  /** 0 when there is none. */
  topicAlias: number;
  /** Seconds; -1 when there is none. */
  messageExpiryInterval: number;
  hasSubscriptionIdentifier: boolean;
  /**
   * The properties to forward, as `[forwardStart, forwardEnd)` of the scanned bytes; empty when there are none, and
   * without meaning when `forwardBytes` is set.
   */
  forwardStart: number;
  forwardEnd: number;
  /** Set instead of the range when the properties to forward do not stand together. */
  forwardBytes: Uint8Array | undefined;
}

export function createPublishPropertyScan(): PublishPropertyScan {
  return {
    topicAlias: 0,
    messageExpiryInterval: -1,
    hasSubscriptionIdentifier: false,
    forwardStart: 0,
    forwardEnd: 0,
    forwardBytes: undefined,
  };
}

const PAYLOAD_FORMAT_INDICATOR = 0x01;
const MESSAGE_EXPIRY_INTERVAL = 0x02;
const CONTENT_TYPE = 0x03;
const RESPONSE_TOPIC = 0x08;
const CORRELATION_DATA = 0x09;
const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;
const USER_PROPERTY = 0x26;

/**
 * Scans the properties in `bytes[start, end)`, without the Property Length before them. It allocates only when the
 * properties to forward are not contiguous, and refuses exactly what `decodePacket` refuses in a PUBLISH of either side.
 *
 * @throws {RemoteError} as `decodePacket`; `into` holds nothing of use then.
 */
export function scanPublishProperties(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: PublishPropertyScan,
): void {
  into.topicAlias = 0;
  into.messageExpiryInterval = -1;
  into.hasSubscriptionIdentifier = false;
  into.forwardStart = start;
  into.forwardEnd = start;
  into.forwardBytes = undefined;
  let seen = 0;
  let forwardLength = 0;
  for (let at = start; at < end; ) {
    const id = bytes[at]!;
    const next = propertyEnd(bytes, at, end);
    const bit = onceBit(id);
    if ((seen & bit) !== 0)
      throw new ProtocolError(`expected property 0x${id.toString(16)} once, got it again`);
    seen |= bit;
    if (id === TOPIC_ALIAS) {
      into.topicAlias = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    } else if (id === MESSAGE_EXPIRY_INTERVAL) {
      into.messageExpiryInterval = fourByteInteger(bytes, at + 1);
    } else if (id === SUBSCRIPTION_IDENTIFIER) {
      into.hasSubscriptionIdentifier = true;
    } else {
      if (forwardLength === 0) into.forwardStart = at;
      // [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
      into.forwardEnd = next;
      forwardLength += next - at;
    }
    at = next;
  }
  if (into.forwardEnd - into.forwardStart !== forwardLength) {
    into.forwardBytes = gather(bytes, into.forwardStart, into.forwardEnd, forwardLength);
  }
}

/** A bit for each property that may stand only once; none has identifier 0. */
function onceBit(id: number): number {
  if (id === TOPIC_ALIAS) return 1;
  return id === SUBSCRIPTION_IDENTIFIER || id === USER_PROPERTY ? 0 : 1 << id;
}

/** Checks the property that begins at `at`, and returns where it ends. */
function propertyEnd(bytes: Uint8Array, at: number, end: number): number {
  const value = at + 1;
  switch (bytes[at]) {
    case PAYLOAD_FORMAT_INDICATOR:
      checkedEnd(value + 1, end);
      if (bytes[value]! > 1) {
        throw new ProtocolError(`expected 0 or 1 as Payload Format Indicator, got ${bytes[value]}`);
      }
      return value + 1;
    case MESSAGE_EXPIRY_INTERVAL:
      return checkedEnd(value + 4, end);
    case TOPIC_ALIAS:
      checkedEnd(value + 2, end);
      if (bytes[value] === 0 && bytes[value + 1] === 0) {
        throw new ProtocolError('expected a Topic Alias from 1 on, got 0', ReasonCode.TopicAliasInvalid); // [MQTT-3.3.2-8]
      }
      return value + 2;
    case SUBSCRIPTION_IDENTIFIER: {
      const identifier = readVariableByteInteger(bytes, value, end);
      if (identifier === 0) throw new ProtocolError('expected a Subscription Identifier from 1 on, got 0');
      return value + variableByteIntegerLength(identifier);
    }
    case CORRELATION_DATA:
      return fieldEnd(bytes, value, end);
    case CONTENT_TYPE:
      return stringEnd(bytes, value, end); // [MQTT-3.3.2-19]
    case RESPONSE_TOPIC: {
      const next = stringEnd(bytes, value, end); // [MQTT-3.3.2-13]
      if (!isValidTopicNameBytes(bytes, value + 2, next)) {
        throw new ProtocolError('expected a Response Topic of at least one character, without wildcard'); // [MQTT-3.3.2-14]
      }
      return next;
    }
    case USER_PROPERTY:
      return stringEnd(bytes, stringEnd(bytes, value, end), end); // [MQTT-1.5.7-1]
    default:
      throw new MalformedPacketError(
        `expected a property of publish, got identifier 0x${bytes[at]!.toString(16)}`,
      );
  }
}

function checkedEnd(next: number, end: number): number {
  if (next > end) throw truncated();
  return next;
}

function truncated(): MalformedPacketError {
  return new MalformedPacketError('expected whole properties in PUBLISH, got only a part of one');
}

/** Where the Binary Data that begins at `at` with its length ends. */
function fieldEnd(bytes: Uint8Array, at: number, end: number): number {
  checkedEnd(at + 2, end);
  return checkedEnd(at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!), end);
}

function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  const next = fieldEnd(bytes, at, end);
  if (!validateUtf8(bytes, at + 2, next)) {
    throw new MalformedPacketError('expected well-formed UTF-8 without U+0000 in a property of PUBLISH');
  }
  return next;
}

function fourByteInteger(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** The properties to forward of a range that has others in its middle. */
function gather(bytes: Uint8Array, start: number, end: number, length: number): Uint8Array {
  const gathered = new Uint8Array(length);
  let filled = 0;
  for (let at = start; at < end; ) {
    const id = bytes[at]!;
    const next = propertyEnd(bytes, at, end);
    if (id !== TOPIC_ALIAS && id !== MESSAGE_EXPIRY_INTERVAL && id !== SUBSCRIPTION_IDENTIFIER) {
      gathered.set(bytes.subarray(at, next), filled);
      filled += next - at;
    }
    at = next;
  }
  return gathered;
}

/** The properties in bytes that {@link scanPublishProperties} or {@link encodeForwardableProperties} gave. */
export function decodeForwardableProperties(bytes: Uint8Array): PublishProperties {
  return readPublishProperties(bytes, 0, bytes.length);
}

/**
 * The message's own properties as bytes, without a Property Length; Topic Alias, Message Expiry Interval and Subscription
 * Identifiers are left out.
 *
 * @throws {TypeError | RangeError} for a value that the property cannot have.
 */
export function encodeForwardableProperties(properties: PublishProperties): Uint8Array {
  const { topicAlias, messageExpiryInterval, subscriptionIdentifiers, ...forwardable } = properties;
  const writer = new PacketWriter();
  writePropertyList(writer, 'publish', forwardable);
  return writer.copy();
}
