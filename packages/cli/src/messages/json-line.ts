/**
 * A message as a line of NDJSON, from which `martlet pub --ndjson` makes the same message again, whatever its bytes are:
 *
 *     {"tst":"2026-11-20T19:49:09.559+01:00","topic":"a","qos":1,"retain":false,"payloadlen":2,"mid":7,"payload":"on"}
 *
 * Its keys are those of `%J`. What is different serves machines: `retain` is true or false, the time is one that ISO 8601
 * knows, user properties are a list that may hold a name twice, and bytes that are no UTF-8 stand in base64 under
 * `payload_base64` and `correlation-data_base64`.
 */
import type { PublishProperties } from '@martlet/protocol';
import type { ByteBuffer } from './byte-buffer.ts';
import { PROPERTY_KEYS } from './json-message.ts';
import type { MessagePrinter } from './message-printer.ts';
import type { ReceivedMessage } from './received-message.ts';
import { zoneOffset } from './strftime.ts';
import { textOfTime } from './text-of-time.ts';
import { utf8TextOf } from './utf8-text.ts';

const NEWLINE = 0x0a;

/** Prints messages whose times are far apart, or come from a file. */
export const JSON_LINE_PRINTER: Readonly<MessagePrinter> = {
  begin: () => {},
  append: (buffer, message, wallMs) => appendJsonLine(buffer, message, isoTimeText(wallMs)),
};

/** Prints messages as they come: many in a millisecond. */
export function jsonLinePrinter(): MessagePrinter {
  const timeText = textOfTime(isoTimeText);
  return {
    begin: () => {},
    append: (buffer, message, wallMs) => appendJsonLine(buffer, message, timeText(wallMs)),
  };
}

function appendJsonLine(buffer: ByteBuffer, message: ReceivedMessage, timeText: string): void {
  const { topicName, qos, retain, payload, packetId, properties } = message;
  const payloadText = utf8TextOf(payload);
  const line = {
    tst: timeText,
    topic: topicName,
    qos,
    retain,
    payloadlen: payload.length,
    ...(packetId === undefined ? {} : { mid: packetId }),
    ...(isEmpty(properties) ? {} : { properties: propertiesOf(properties) }),
    ...(payloadText === undefined ? { payload_base64: base64Of(payload) } : { payload: payloadText }),
  };
  buffer.appendText(JSON.stringify(line));
  buffer.appendByte(NEWLINE);
}

function isEmpty(properties: PublishProperties): boolean {
  for (const _ in properties) return false;
  return true;
}

function propertiesOf(properties: PublishProperties): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(properties) as (keyof PublishProperties)[]) {
    const key = PROPERTY_KEYS[name];
    if (name === 'userProperties')
      fields[key] = properties.userProperties!.map(([property, value]) => ({ [property]: value }));
    else if (name === 'correlationData')
      Object.assign(fields, correlationFields(properties.correlationData!));
    else fields[key] = properties[name];
  }
  return fields;
}

/** As text where that is possible. */
export function correlationFields(data: Uint8Array): Readonly<Record<string, string>> {
  const text = utf8TextOf(data);
  return text === undefined ? { 'correlation-data_base64': base64Of(data) } : { 'correlation-data': text };
}

/** Such as `2026-11-20T19:49:09.559+01:00`: local time with its distance from Greenwich. */
export function isoTimeText(wallMs: number): string {
  const time = new Date(wallMs);
  const local = new Date(wallMs - time.getTimezoneOffset() * 60_000).toISOString().slice(0, -1);
  const zone = zoneOffset(time);
  return `${local}${zone.slice(0, 3)}:${zone.slice(3)}`;
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
