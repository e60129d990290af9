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

export interface FormatFlags {
  readonly format: string | undefined;
  readonly verbose: boolean;
  readonly noEndOfLine: boolean;
  readonly pretty: boolean;
}

/** The format that the flags ask for: `-F`, or else `-v`, or else the payload alone. */
export function formatTextOf({ format, verbose }: Pick<FormatFlags, 'format' | 'verbose'>): string {
  return format ?? (verbose ? '%t %p' : '%p');
}

/**
 * Prints as Mosquitto's tools do.
 * @param onError told of a payload that is not what the format says, with a newline at the end
 * @throws {UsageError} for a format that cannot be meant
 */
export function formatPrinter(flags: FormatFlags, onError: (text: string) => void): MessagePrinter {
  const format = new Format(formatTextOf(flags), { isPretty: flags.pretty, onError });
  const { noEndOfLine } = flags;
  return {
    begin: () => {},
    append: (buffer, message, wallMs) => {
      format.append(buffer, message, wallMs);
      if (!noEndOfLine) buffer.appendByte(NEWLINE);
    },
  };
}
