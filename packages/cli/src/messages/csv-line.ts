/**
 * Messages as CSV (RFC 4180) with a line that names the columns, from which `martlet pub --csv` makes the same messages
 * again. A payload or Correlation Data that is no UTF-8 stands in base64 in a column of its own; user properties are JSON.
 */
import type { ByteBuffer } from './byte-buffer.ts';
import { base64Of, isoTimeText } from './json-line.ts';
import type { MessagePrinter } from './message-printer.ts';
import type { ReceivedMessage } from './received-message.ts';
import { textOfTime } from './text-of-time.ts';
import { utf8TextOf } from './utf8-text.ts';

/** What stands in each column; nothing where the message has none. */
const COLUMNS: readonly (readonly [
  name: string,
  of: (message: ReceivedMessage, timeText: string) => unknown,
])[] = [
  ['tst', (_message, timeText) => timeText],
  ['topic', ({ topicName }) => topicName],
  ['payload', ({ payload }) => utf8TextOf(payload)],
  ['qos', ({ qos }) => qos],
  ['retain', ({ retain }) => retain],
  ['mid', ({ packetId }) => packetId],
  ['content-type', ({ properties }) => properties.contentType],
  ['payload-format-indicator', ({ properties }) => properties.payloadFormatIndicator],
  ['message-expiry-interval', ({ properties }) => properties.messageExpiryInterval],
  ['response-topic', ({ properties }) => properties.responseTopic],
  ['correlation-data', ({ properties: { correlationData: data } }) => data && utf8TextOf(data)],
  ['subscription-identifier', ({ properties }) => properties.subscriptionIdentifiers?.join(' ')],
  ['user-properties', ({ properties }) => userPropertiesText(properties.userProperties)],
  ['payload_base64', ({ payload }) => inBase64(payload)],
  ['correlation-data_base64', ({ properties: { correlationData: data } }) => data && inBase64(data)],
];

const END_OF_RECORD = '\n';

export function csvPrinter(): MessagePrinter {
  const timeText = textOfTime(isoTimeText);
  return {
    begin: (buffer) => buffer.appendText(`${COLUMNS.map(([name]) => name).join(',')}${END_OF_RECORD}`),
    append: (buffer, message, wallMs) => appendCsvLine(buffer, message, timeText(wallMs)),
  };
}

function appendCsvLine(buffer: ByteBuffer, message: ReceivedMessage, timeText: string): void {
  let line = '';
  for (let i = 0; i < COLUMNS.length; i++) {
    const value = COLUMNS[i]![1](message, timeText);
    if (i > 0) line += ',';
    if (value !== undefined) line += fieldText(String(value));
  }
  buffer.appendText(line);
  buffer.appendText(END_OF_RECORD);
}

/** In quotation marks where a comma, a mark or the end of a line would be taken for more than a character. */
function fieldText(text: string): string {
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

function userPropertiesText(list: ReceivedMessage['properties']['userProperties']): string | undefined {
  return list && JSON.stringify(list.map(([name, value]) => ({ [name]: value })));
}

/** Undefined for what can stand as text. */
function inBase64(bytes: Uint8Array): string | undefined {
  return utf8TextOf(bytes) === undefined ? base64Of(bytes) : undefined;
}
