// What a server answers to a PUBLISH, as packets.

import type { AcknowledgementProperties, Packet, ReasonCode } from '@martlet/protocol';

type Answer = Extract<Packet, { type: 'puback' | 'pubrec' | 'pubcomp' }>;

function answer(type: Answer['type']) {
  return (packetId: number, reasonCode: ReasonCode = 0, properties: AcknowledgementProperties = {}): Packet =>
    ({ type, packetId, reasonCode, properties }) as Answer;
}

export const puback: ReturnType<typeof answer> = answer('puback');
export const pubrec: ReturnType<typeof answer> = answer('pubrec');
export const pubcomp: ReturnType<typeof answer> = answer('pubcomp');
