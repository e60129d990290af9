/**
 * The lines of a recording (docs/recording-format.md), without I/O: the first says what it is, each other one is a message
 * as `martlet sub --ndjson` prints it, with `at`: microseconds since the recording began.
 *
 *     {"recording":1,"startedAt":"2026-11-20T19:49:09.559Z","server":"mqtt://localhost","filters":["#"]}
 *     {"at":1250332,"tst":"…","topic":"a","qos":1,"retain":false,"payloadlen":2,"payload":"on"}
 */
import { TextDecoder } from 'node:util';
import type { ByteBuffer } from '../messages/byte-buffer.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { InputError } from '../messages/input-message.ts';
import { jsonLinePrinter } from '../messages/json-line.ts';
import { JsonMessages, objectFrom } from '../messages/ndjson-input.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';

/** Of the format. A reader refuses a higher one. */
export const RECORDING_VERSION = 1;

export interface RecordingHeader {
  /** ISO 8601. */
  readonly startedAt: string;
  /** Without user and password. */
  readonly server: string;
  readonly filters: readonly string[];
}

export interface RecordedMessage {
  /** Microseconds since the recording began. */
  readonly atUs: number;
  readonly message: InputMessage;
}

const NO_RECORDING = 'expected a recording of martlet, whose first line has "recording", got something else';

const decoder: Readonly<TextDecoder> = new TextDecoder('utf-8', { fatal: true });

export function headerLine({ startedAt, server, filters }: RecordingHeader): string {
  return `${JSON.stringify({ recording: RECORDING_VERSION, startedAt, server, filters })}\n`;
}

/** Appends the line of a message. `wallMs`: when it came, in ms since 1970. */
export type RecordedMessagePrinter = (
  buffer: ByteBuffer,
  message: ReceivedMessage,
  atUs: number,
  wallMs: number,
) => void;

export function recordedMessagePrinter(): RecordedMessagePrinter {
  const printer = jsonLinePrinter();
  return (buffer, message, atUs, wallMs) => {
    buffer.appendText(`{"at":${Math.round(atUs)},`);
    const start = buffer.length;
    printer.append(buffer, ofNoConnection(message), wallMs);
    // The object is open already: its own brace goes.
    buffer.view.copyWithin(start, start + 1);
    buffer.truncate(buffer.length - 1);
  };
}

/** Aliases and subscription identifiers say something of the connection that recorded, and nothing of the message. */
function ofNoConnection(message: ReceivedMessage): ReceivedMessage {
  const { topicAlias, subscriptionIdentifiers, ...properties } = message.properties;
  if (topicAlias === undefined && subscriptionIdentifiers === undefined) return message;
  const { topicName, payload, qos, retain } = message;
  return { topicName, payload, qos, retain, properties };
}

/** @throws {InputError} for what is no recording, or of a later version than this program knows */
export function parseHeader(line: Uint8Array): RecordingHeader {
  const { recording, startedAt, server, filters } = headerFieldsFrom(line);
  if (typeof recording !== 'number' || !Number.isInteger(recording)) throw new InputError(NO_RECORDING);
  if (recording > RECORDING_VERSION)
    throw new InputError(
      `expected a recording of version ${RECORDING_VERSION} or older, got ${recording}: a newer Martlet reads it`,
    );
  return {
    startedAt: typeof startedAt === 'string' ? startedAt : '',
    server: typeof server === 'string' ? server : '',
    filters: Array.isArray(filters) ? filters.filter((each) => typeof each === 'string') : [],
  };
}

/** What is no JSON at all is no recording either. */
function headerFieldsFrom(line: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return fieldsFrom(line);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(NO_RECORDING, { cause: error });
  }
}

/** Makes messages of the lines of one recording. */
export class RecordedMessages {
  readonly #messages: JsonMessages = new JsonMessages({ topicName: undefined, options: {} });

  /** @throws {InputError} for a line that is no message */
  from(line: Uint8Array): RecordedMessage {
    const fields = fieldsFrom(line);
    const { at } = fields;
    if (typeof at !== 'number' || !Number.isFinite(at) || at < 0)
      throw new InputError(
        `at: expected microseconds since the beginning, got ${JSON.stringify(at) ?? 'none'}`,
      );
    return { atUs: at, message: this.#messages.messageFromFields(fields) };
  }
}

function fieldsFrom(line: Uint8Array): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch (error) {
    throw new InputError('expected text in UTF-8, got other bytes', { cause: error });
  }
  return objectFrom(text);
}
