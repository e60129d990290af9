/** Several packets, and how long they were waited for, in the reason of a failure. */
import type { ServerPacket } from '@martlet/protocol';
import { packetText } from './packet-text.ts';

/** So many packets are shown, the first and the last of them; the exchange has them all. */
const SHOWN_FIRST = 3;
const SHOWN_LAST = 1;

/** `PUBREC id 1 …, PUBREC id 2 …, PUBREC id 3 …, 16 more, PUBREC id 20 …` */
export function packetsText(packets: readonly ServerPacket[]): string {
  if (packets.length === 0) return 'nothing';
  const texts = packets.map(packetText);
  const left = packets.length - SHOWN_FIRST - SHOWN_LAST;
  const shown =
    left <= 1 ? texts : [...texts.slice(0, SHOWN_FIRST), `${left} more`, ...texts.slice(-SHOWN_LAST)];
  return shown.join(', ');
}

/** `within 2 s (--timeout)`: how long an answer may take. */
export function waitText(timeoutMs: number): string {
  const time = timeoutMs % 1000 === 0 ? `${timeoutMs / 1000} s` : `${timeoutMs} ms`;
  return `within ${time} (--timeout)`;
}
