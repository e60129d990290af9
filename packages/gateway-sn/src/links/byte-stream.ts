/** Bytes both ways, in order: a serial device, or a TCP connection to what has one. */
export interface ByteStream {
  /** For logs and as the peer's host, such as `/dev/ttyUSB0`. */
  readonly name: string;
  /** Frames that were not written, because the line does not take bytes as fast as they come. */
  readonly overflowed: number;
  /** Writes a whole frame or, if too much waits, nothing of it: messages may be lost, halves of them confuse. */
  write(bytes: Uint8Array): void;
  /** Fulfils when the system's handles are closed. `onClosed` is not called. */
  close(): Promise<void>;
}

/** @param onClosed told once of an end that nobody here has asked for; the handles are closed then */
export type OpenByteStream = (
  onBytes: (bytes: Uint8Array) => void,
  onClosed: (error: Error) => void,
) => Promise<ByteStream>;
