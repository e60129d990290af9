/** Bytes both ways, in order: a serial device, or a TCP connection to what has one. */
export interface ByteStream {
  /** For logs and as the peer's host, such as `/dev/ttyUSB0`. */
  readonly name: string;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

export type OpenByteStream = (
  onBytes: (bytes: Uint8Array) => void,
  onClosed: (error: Error) => void,
) => Promise<ByteStream>;
