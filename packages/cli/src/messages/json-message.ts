/**
 * A message as one object of JSON: what `%j` and `%J` print, equal to the byte to Mosquitto 2.0.11.
 *
 * Two things are different, because there a part of the message is lost: a NUL is written as `\u0000`, where theirs ends the
 * text; and a number keeps its digits if a number of 64 bits cannot hold them.
 */
import type { PublishProperties } from '@martlet/protocol';
import type { ByteBuffer } from './byte-buffer.ts';
import { jsonTextOf, writeJsonText } from './json-text.ts';
import { JsonWriter } from './json-writer.ts';
import type { ReceivedMessage } from './received-message.ts';
import { zoneOffset } from './strftime.ts';

export interface JsonMessageOptions {
  /** Over several lines. */
  readonly isPretty: boolean;
  /** The payload is JSON itself, and no string. */
  readonly isPayloadJson: boolean;
  /** `jsonTimeText`, or what keeps its results. */
  readonly timeText: (wallMs: number) => string;
}

/**
 * Appends it.
 * @param wallMs when the message came, in ms since 1970
 * @returns false, and appends nothing, if the payload was to be JSON and is none
 */
export function appendJsonMessage(
  buffer: ByteBuffer,
  message: ReceivedMessage,
  wallMs: number,
  { isPretty, isPayloadJson, timeText }: JsonMessageOptions,
): boolean {
  const { payload, packetId, properties } = message;
  const payloadText = isPayloadJson && payload.length > 0 ? jsonTextOf(payload) : null;
  if (payloadText === undefined) return false;
  const writer = new JsonWriter(buffer, isPretty);
  writer.openObject();
  writer.key('tst');
  writer.string(timeText(wallMs));
  writer.key('topic');
  writer.string(message.topicName);
  writer.key('qos');
  writer.literal(String(message.qos));
  writer.key('retain');
  writer.literal(message.retain ? '1' : '0');
  writer.key('payloadlen');
  writer.literal(String(payload.length));
  if (message.qos > 0) {
    writer.key('mid');
    writer.literal(String(packetId ?? 0));
  }
  writeProperties(writer, properties);
  writer.key('payload');
  if (payload.length === 0) writer.literal('null');
  else if (payloadText === null) writer.stringOfBytes(payload);
  else writeJsonText(payloadText, writer);
  writer.closeObject();
  return true;
}

/** In the order in which they came. Left out if there are none. */
function writeProperties(writer: JsonWriter, properties: PublishProperties): void {
  const names = Object.keys(properties) as (keyof PublishProperties)[];
  if (names.length === 0) return;
  writer.key('properties');
  writer.openObject();
  for (const name of names) writeProperty(writer, name, properties);
  writer.closeObject();
}

function writeProperty(
  writer: JsonWriter,
  name: keyof PublishProperties,
  properties: PublishProperties,
): void {
  switch (name) {
    case 'payloadFormatIndicator':
    case 'messageExpiryInterval':
    case 'topicAlias':
      writer.key(PROPERTY_KEYS[name]);
      writer.literal(String(properties[name]));
      return;
    case 'contentType':
    case 'responseTopic':
      writer.key(PROPERTY_KEYS[name]);
      writer.string(properties[name]!);
      return;
    case 'correlationData':
      writer.key(PROPERTY_KEYS[name]);
      writer.stringOfBytes(properties[name]!);
      return;
    case 'subscriptionIdentifiers':
      for (const identifier of properties[name]!) {
        writer.key(PROPERTY_KEYS[name]);
        writer.literal(String(identifier));
      }
      return;
    case 'userProperties':
      writer.key(PROPERTY_KEYS[name]);
      writer.openObject();
      for (const [key, value] of properties[name]!) {
        writer.anyKey(key);
        writer.string(value);
      }
      writer.closeObject();
      return;
  }
}

/** The names of the properties outside: in `%j`, in NDJSON, and after `-D`. */
export const PROPERTY_KEYS: Readonly<Record<keyof PublishProperties, string>> = {
  payloadFormatIndicator: 'payload-format-indicator',
  messageExpiryInterval: 'message-expiry-interval',
  contentType: 'content-type',
  responseTopic: 'response-topic',
  correlationData: 'correlation-data',
  userProperties: 'user-properties',
  subscriptionIdentifiers: 'subscription-identifier',
  topicAlias: 'topic-alias',
};

/** Such as `2026-11-20T19:49:09.559000Z+0100`: local time with its zone, and a `Z` that means nothing. */
export function jsonTimeText(wallMs: number): string {
  const time = new Date(wallMs);
  const local = new Date(wallMs - time.getTimezoneOffset() * 60_000);
  const micros = Math.floor((wallMs % 1) * 1000);
  return `${local.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z${zoneOffset(time)}`;
}
