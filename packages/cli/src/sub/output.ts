/** Where messages go: lines on standard output, or a picture that changes. */
import type { ReceivedMessage } from '../messages/received-message.ts';

export interface Output {
  /** Once, before the first message. */
  start(): void;
  /** @param wallMs when it came, in ms since 1970 */
  message(message: ReceivedMessage, wallMs: number): void;
  /** A connection is there, for the first time or again. */
  connected?(): void;
  /** @returns whether it shows the line, which then is not to go to standard error */
  tell?(text: string): boolean;
  /** Once, last: fulfilled when everything has been written, or cannot be. */
  end(): Promise<void>;
}

/** What an output tells whoever feeds it. */
export interface OutputOwner {
  /** Much waits to be written: it would rather have no messages for a while. */
  onClogged(): void;
  onFree(): void;
  /** It cannot be written any more: a full disk. Not told if whoever read has closed it. */
  onFailed(error: Error): void;
}

/** What a picture that answers to keys asks of whoever feeds it. */
export interface PictureOwner extends OutputOwner {
  onQuit(): void;
  /** The server is to forget the message that it keeps for this topic. */
  onRemoveRetained(topicName: string): void;
}
