/** A line of Mosquitto's log for each packet that a client sends or gets: what `log_type debug` shows. */
import type { ConnectPacket, Packet } from '@martlet/protocol';
import { connectReturnCodeFor, ProtocolVersion } from '@martlet/protocol';

/** @param client its identifier */
export function receivedLines(packet: Packet, client: string): readonly string[] {
  switch (packet.type) {
    case 'connect':
      return [];
    case 'publish':
      return [`Received PUBLISH from ${client} ${publishText(packet)}`];
    case 'puback':
    case 'pubcomp':
      return [
        `Received ${packet.type.toUpperCase()} from ${client} (Mid: ${packet.packetId}, RC:${packet.reasonCode})`,
      ];
    case 'pubrec':
    case 'pubrel':
      return [`Received ${packet.type.toUpperCase()} from ${client} (Mid: ${packet.packetId})`];
    case 'subscribe':
      return [
        `Received SUBSCRIBE from ${client}`,
        ...packet.subscriptions.map(({ topicFilter, qos }) => `\t${topicFilter} (QoS ${qos})`),
      ];
    case 'unsubscribe':
      return [`Received UNSUBSCRIBE from ${client}`, ...packet.topicFilters.map((filter) => `\t${filter}`)];
    default:
      return [`Received ${packet.type.toUpperCase()} from ${client}`];
  }
}

/**
 * @param client its identifier, or its address if it has not been accepted
 * @param version of MQTT that the client speaks
 */
export function sentLines(packet: Packet, client: string, version: ProtocolVersion): readonly string[] {
  switch (packet.type) {
    case 'connack': {
      const { sessionPresent, reasonCode } = packet;
      const code =
        version === ProtocolVersion.V5 ? reasonCode : (connectReturnCodeFor(reasonCode) ?? reasonCode);
      return [`Sending CONNACK to ${client} (${Number(sessionPresent)}, ${code})`];
    }
    case 'publish':
      return [`Sending PUBLISH to ${client} ${publishText(packet)}`];
    case 'puback':
    case 'pubrec':
      return [
        `Sending ${packet.type.toUpperCase()} to ${client} (m${packet.packetId}, rc${packet.reasonCode})`,
      ];
    case 'pubrel':
    case 'pubcomp':
      return [`Sending ${packet.type.toUpperCase()} to ${client} (m${packet.packetId})`];
    case 'disconnect':
      return [`Sending DISCONNECT to ${client} (rc${packet.reasonCode})`];
    default:
      return [`Sending ${packet.type.toUpperCase()} to ${client}`];
  }
}

export function willLines({ will }: ConnectPacket): readonly string[] {
  if (will === undefined) return ['No will message specified.'];
  const { payload, retain, qos, topicName } = will;
  return [
    `Will message specified (${payload.length} bytes) (r${Number(retain)}, q${qos}).`,
    `\t${topicName}`,
  ];
}

export function publishText({
  dup,
  qos,
  retain,
  packetId,
  topicName,
  payload,
}: Extract<Packet, { type: 'publish' }>): string {
  const flags = `d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}`;
  return `(${flags}, '${topicName}', ... (${payload.length} bytes))`;
}

/** The number that Mosquitto shows for a version: 1 is MQTT 3.1, 2 is 3.1.1, 5 is 5.0. */
export function shownVersion(version: ProtocolVersion): number {
  switch (version) {
    case ProtocolVersion.V31:
      return 1;
    case ProtocolVersion.V311:
      return 2;
    case ProtocolVersion.V5:
      return 5;
  }
}
