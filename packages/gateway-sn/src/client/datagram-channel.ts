/** What a client sends to its gateway by, and hears it by: UDP, a serial line. */
export interface DatagramChannel {
  /** Bytes of the longest message that it carries. @default 65,535 */
  readonly maximumMessageBytes?: number;
  /** Never throws: what cannot be sent is lost, as datagrams may be. */
  send(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Opens it; what comes is handed to `onDatagram`, what goes wrong for good to `onClosed`. */
export type OpenChannel = (
  onDatagram: (bytes: Uint8Array) => void,
  onClosed: (error: Error) => void,
) => Promise<DatagramChannel>;
