/** One message after the other as bytes: as `-F` says, as NDJSON, as CSV. */
import type { ByteBuffer } from './byte-buffer.ts';
import { Format } from './format.ts';
import type { ReceivedMessage } from './received-message.ts';

export interface MessagePrinter {
  /** What comes before all messages. */
  begin(buffer: ByteBuffer): void;
  /** With the end of its line. @param wallMs when the message came, in ms since 1970 */
  append(buffer: ByteBuffer, message: ReceivedMessage, wallMs: number): void;
}

const NEWLINE = 0x0a;
const BLANK = 0x20;

export interface FormatFlags {
  readonly format: string | undefined;
  readonly verbose: boolean;
  readonly noEndOfLine: boolean;
  readonly pretty: boolean;
}

/**
 * Prints as Mosquitto's tools do.
 * @param onError told of a payload that is not what the format says, with a newline at the end
 * @throws {UsageError} for a format that cannot be meant
 */
export function formatPrinter(flags: FormatFlags, onError: (text: string) => void): MessagePrinter {
  const { format, verbose, noEndOfLine, pretty } = flags;
  if (format === undefined) return verbose ? verbosePrinter(noEndOfLine) : payloadPrinter(noEndOfLine);
  const parsed = new Format(format, { isPretty: pretty, onError });
  return {
    begin: () => {},
    append: (buffer, message, wallMs) => {
      parsed.append(buffer, message, wallMs);
      if (!noEndOfLine) buffer.appendByte(NEWLINE);
    },
  };
}

/** An empty payload is nothing to print, not even an end of line. */
function payloadPrinter(noEndOfLine: boolean): MessagePrinter {
  return {
    begin: () => {},
    append: (buffer, { payload }) => {
      if (payload.length === 0) return;
      buffer.appendBytes(payload);
      if (!noEndOfLine) buffer.appendByte(NEWLINE);
    },
  };
}

/** An empty payload is shown as `(null)`; without ends of lines, not at all. */
function verbosePrinter(noEndOfLine: boolean): MessagePrinter {
  return {
    begin: () => {},
    append: (buffer, { topicName, payload }) => {
      if (payload.length === 0 && noEndOfLine) return;
      buffer.appendText(topicName);
      buffer.appendByte(BLANK);
      if (payload.length === 0) buffer.appendText('(null)');
      else buffer.appendBytes(payload);
      if (!noEndOfLine) buffer.appendByte(NEWLINE);
    },
  };
}
