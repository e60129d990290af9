/**
 * PUBLISH (section 3.3): Topic Name, [Packet Identifier], [Properties], payload. DUP, QoS and RETAIN are in the flags
 * of its fixed header.
 *
 * This is the reference for clients and tests; the broker parses its hot path elsewhere.
 */
import type { PublishPacket, PublishProperties, Qos } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';
import { checkInteger, checkQos, checkTopicNameField } from './check-field.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { checkBytes } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { refuseInvalidTopicName } from './received-topic-name.ts';

const RETAIN = 0x01;
const QOS_SHIFT = 1;
const DUP = 0x08;

export function decodePublish(reader: PacketReader, flags: number, version: ProtocolVersion): PublishPacket {
  const qos = (flags >> QOS_SHIFT) & 3;
  if (qos === 3) throw new MalformedPacketError('expected QoS 0, 1 or 2 in PUBLISH, got 3'); // [MQTT-3.3.1-4] [MQTT-3.3.1-4] 3.1.1
  const dup = (flags & DUP) !== 0;
  if (dup && qos === 0 && version !== ProtocolVersion.V31) {
    throw new MalformedPacketError('expected DUP 0 in a PUBLISH of QoS 0, got 1'); // [MQTT-3.3.1-2] [MQTT-3.3.1-2] 3.1.1
  }
  const topicName = reader.string('Topic Name'); // [MQTT-3.3.2-1] [MQTT-3.3.2-1] 3.1.1
  const packetId = qos === 0 ? 0 : reader.packetId(); // [MQTT-2.2.1-2] [MQTT-2.3.1-5] 3.1.1
  const properties: PublishProperties =
    version === ProtocolVersion.V5 ? readProperties(reader, 'publish') : NO_PROPERTIES;
  // An empty one is what its alias says.
  if (topicName !== '' || properties.topicAlias === undefined) refuseTopicName(topicName, version);
  return {
    type: 'publish',
    topicName,
    payload: reader.rest(),
    qos: qos as Qos,
    retain: (flags & RETAIN) !== 0,
    dup: dup && qos !== 0, // MQTT 3.1 gives DUP no meaning with QoS 0
    packetId,
    properties,
  };
}

function refuseTopicName(topicName: string, version: ProtocolVersion): void {
  if (topicName === '' && version === ProtocolVersion.V5) {
    throw new ProtocolError('expected a Topic Name or a Topic Alias in PUBLISH'); // [MQTT-4.7.3-1]
  }
  refuseInvalidTopicName(topicName, 'Topic Name'); // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
}

/** The lower half of the fixed header's first byte. */
export function publishFlags(packet: PublishPacket): number {
  return (packet.dup ? DUP : 0) | (packet.qos << QOS_SHIFT) | (packet.retain ? RETAIN : 0);
}

/** Writes everything but the payload, which is checked. */
export function writePublish(writer: PacketWriter, packet: PublishPacket, version: ProtocolVersion): void {
  const { topicName, qos, packetId, properties } = packet;
  const isV5 = version === ProtocolVersion.V5;
  checkQos(qos, 'qos');
  if (packet.dup && qos === 0) throw new RangeError('expected dup only with QoS 1 or 2'); // [MQTT-3.3.1-2] [MQTT-3.3.1-2] 3.1.1
  writer.string(topicName, 'topicName'); // [MQTT-3.3.2-1] [MQTT-3.3.2-1] 3.1.1
  // An empty one is what its alias says.
  if (!isV5 || topicName !== '' || properties.topicAlias === undefined) {
    checkTopicNameField(topicName, 'topicName');
  }
  if (qos !== 0) writer.packetId(packetId);
  else checkInteger(packetId, 0, 0, 'packetId of QoS 0'); // [MQTT-2.2.1-2] [MQTT-2.3.1-5] 3.1.1
  if (isV5) writeProperties(writer, 'publish', properties);
  checkBytes(packet.payload, 'payload');
}
