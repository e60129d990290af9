/** The octet of flags, section 5.3.4. */
import type { SnQos } from './message.ts';

export const Flag = { Dup: 0x80, Retain: 0x10, Will: 0x08, CleanSession: 0x04 } as const;

export const TopicKind = { Normal: 0, Predefined: 1, Short: 2 } as const;

const QOS_SHIFT = 5;
const TOPIC_KIND_MASK = 0x03;
/** The two bits of QoS -1. */
const QOS_MINUS_ONE = 3;

export function qosOf(flags: number): SnQos {
  const bits = (flags >> QOS_SHIFT) & 3;
  return bits === QOS_MINUS_ONE ? -1 : (bits as 0 | 1 | 2);
}

export function qosFlags(qos: SnQos): number {
  return (qos === -1 ? QOS_MINUS_ONE : qos) << QOS_SHIFT;
}

/** One of {@link TopicKind}, or the reserved 3. */
export function topicKindOf(flags: number): number {
  return flags & TOPIC_KIND_MASK;
}
