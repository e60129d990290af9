// What a server sends about messages from it, as packets, and what the client answered, in short.

import type { ConnackPacket, Packet, PublishPacket, ReasonCode } from '@martlet/protocol';
import type { TestServer } from '../world/test-server.ts';

/** CONNACK of a server that has kept the session. */
export const CONTINUED: Partial<ConnackPacket> = { sessionPresent: true };

export function message(topicName: string, fields: Partial<PublishPacket> = {}): PublishPacket {
  const { qos = 0 } = fields;
  return {
    type: 'publish',
    topicName,
    payload: new TextEncoder().encode(topicName),
    retain: false,
    dup: false,
    packetId: qos === 0 ? 0 : 1,
    properties: {},
    ...fields,
    qos,
  };
}

export function pubrel(packetId: number): Packet {
  return { type: 'pubrel', packetId, reasonCode: 0, properties: {} };
}

export function suback(packetId: number, ...reasonCodes: ReasonCode[]): Packet {
  return { type: 'suback', packetId, reasonCodes, properties: {} };
}

export function unsuback(packetId: number, ...reasonCodes: ReasonCode[]): Packet {
  return { type: 'unsuback', packetId, reasonCodes, properties: {} };
}

/** What the server got since it was last asked, as `puback 1` or, with a reason code, `puback 1 0x99`. */
export function taken(server: TestServer): string[] {
  return server.takeAll().map((packet) => {
    const packetId = 'packetId' in packet ? ` ${packet.packetId}` : '';
    const code =
      'reasonCode' in packet && packet.reasonCode !== 0 ? ` 0x${packet.reasonCode.toString(16)}` : '';
    const filters =
      packet.type === 'subscribe'
        ? ` ${packet.subscriptions.map((each) => each.topicFilter).join(' ')}`
        : packet.type === 'unsubscribe'
          ? ` ${packet.topicFilters.join(' ')}`
          : '';
    return `${packet.type}${packetId}${code}${filters}`;
  });
}

/** Grants what the client has asked for, and forgets everything else that it sent. */
export function grant(server: TestServer): void {
  for (const packet of server.takeAll()) {
    if (packet.type === 'subscribe') {
      server.send(suback(packet.packetId, ...packet.subscriptions.map((each) => each.qos)));
    } else if (packet.type === 'unsubscribe') {
      server.send(
        unsuback(packet.packetId, ...(server.version === 5 ? packet.topicFilters.map(() => 0 as const) : [])),
      );
    }
  }
}
