/**
 * A picture of what comes that answers to keys. It knows no terminal and no clock: messages, keys and the time go in, lines
 * come out.
 */
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { Key } from '../terminal/keyboard.ts';
import type { Line, Size } from '../terminal/line.ts';

/** What a key asks of those who have the connection. */
export type PictureWish =
  | { readonly kind: 'quit' }
  | { readonly kind: 'removeRetained'; readonly topicName: string };

export interface Picture {
  /** @param nowMs of the monotonic clock @param wallMs since 1970 */
  message(message: ReceivedMessage, nowMs: number, wallMs: number): void;
  /** @param size of the screen as it was last drawn */
  key(key: Key, size: Size, nowMs: number): PictureWish | undefined;
  /** As many as the screen has rows. @param notice to be shown in place of what the keys do */
  lines(size: Size, nowMs: number, notice: string | undefined): readonly Line[];
  /** What came in all, in one line. */
  summary(): string;
}
