/**
 * CONNECT (section 3.1): Protocol Name, Protocol Level, Connect Flags, Keep Alive, [Properties]; then Client Identifier,
 * [[Will Properties], Will Topic, Will Payload], [User Name], [Password].
 *
 * It carries its own version. MQTT 3.1 leaves the reserved flag undefined and says nothing about the will's flags
 * without a will; and there the end of the packet may come before User Name and Password although the flags announce them.
 */
import type { ConnectPacket, Qos, Will } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError, UnsupportedProtocolVersionError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';
import { checkInteger, checkQos, checkTopicNameField } from './check-field.ts';
import { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { refuseInvalidTopicName } from './received-topic-name.ts';

/** Mosquitto's bridges of 3.1 and 3.1.1 set it in the protocol level. */
const BRIDGE = 0x80;

const RESERVED = 0x01;
const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USERNAME = 0x80;
const WILL_QOS_SHIFT = 3;

function versionOf(protocolName: string, protocolLevel: number): ProtocolVersion | undefined {
  const level = protocolLevel & ~BRIDGE;
  if (protocolName === 'MQIsdp' && level === ProtocolVersion.V31) return ProtocolVersion.V31;
  if (protocolName === 'MQTT' && level === ProtocolVersion.V311) return ProtocolVersion.V311;
  if (protocolName === 'MQTT' && protocolLevel === ProtocolVersion.V5) return ProtocolVersion.V5;
  return undefined;
}

/**
 * The version that a CONNECT names, for answering when what follows is broken; `undefined` when it names none that
 * exists here. `body` and `end` are those of `decodePacket`.
 */
export function connectProtocolVersion(
  bytes: Uint8Array,
  body: number,
  end: number,
): ProtocolVersion | undefined {
  const reader = new PacketReader(bytes, body, end);
  try {
    return versionOf(reader.string('Protocol Name'), reader.byte('Protocol Level'));
  } catch {
    return undefined;
  }
}

/** @throws {UnsupportedProtocolVersionError} for another protocol or version, which can be answered by CONNACK. */
export function decodeConnect(reader: PacketReader): ConnectPacket {
  const protocolName = reader.string('Protocol Name');
  const protocolLevel = reader.byte('Protocol Level');
  const protocolVersion = versionOf(protocolName, protocolLevel);
  if (protocolVersion === undefined) {
    // [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT-3.1.2-1] 3.1.1 [MQTT-3.1.2-2] 3.1.1
    throw new UnsupportedProtocolVersionError(protocolName, protocolLevel);
  }
  const flags = reader.byte('Connect Flags');
  checkFlags(flags, protocolVersion);
  const keepAlive = reader.twoByteInteger('Keep Alive');
  const properties =
    protocolVersion === ProtocolVersion.V5 ? readProperties(reader, 'connect') : NO_PROPERTIES;
  // The order of the payload: [MQTT-3.1.3-1] [MQTT-3.1.3-1] 3.1.1
  const clientId = reader.string('Client Identifier'); // [MQTT-3.1.3-3] [MQTT-3.1.3-3] 3.1.1
  const will = (flags & WILL) !== 0 ? decodeWill(reader, flags, protocolVersion) : undefined;
  const endsEarly = (): boolean => protocolVersion === ProtocolVersion.V31 && reader.remaining === 0;
  const username = (flags & USERNAME) !== 0 && !endsEarly() ? reader.string('User Name') : undefined;
  const password = (flags & PASSWORD) !== 0 && !endsEarly() ? reader.binary('Password') : undefined;
  return {
    type: 'connect',
    protocolVersion,
    clientId,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive,
    properties,
    ...(username === undefined ? undefined : { username }),
    ...(password === undefined ? undefined : { password }),
    ...(will === undefined ? undefined : { will }),
    ...((protocolLevel & BRIDGE) === 0 ? undefined : { bridge: true }),
  };
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  if ((flags & RESERVED) !== 0 && version !== ProtocolVersion.V31) {
    throw new MalformedPacketError('expected 0 as reserved flag of CONNECT, got 1'); // [MQTT-3.1.2-3] [MQTT-3.1.2-3] 3.1.1
  }
  const willQos = (flags >> WILL_QOS_SHIFT) & 3;
  if ((flags & WILL) !== 0) {
    if (willQos === 3) throw new MalformedPacketError('expected a Will QoS of 0, 1 or 2, got 3'); // [MQTT-3.1.2-12] [MQTT-3.1.2-14] 3.1.1
  } else if (version !== ProtocolVersion.V31) {
    if (willQos !== 0) {
      // [MQTT-3.1.2-11] [MQTT-3.1.2-11] 3.1.1 [MQTT-3.1.2-13] 3.1.1
      throw new MalformedPacketError(`expected Will QoS 0 without a will, got ${willQos}`);
    }
    if ((flags & WILL_RETAIN) !== 0) {
      // [MQTT-3.1.2-13] [MQTT-3.1.2-11] 3.1.1 [MQTT-3.1.2-15] 3.1.1
      throw new MalformedPacketError('expected Will Retain 0 without a will, got 1');
    }
  }
  if ((flags & PASSWORD) !== 0 && (flags & USERNAME) === 0 && version !== ProtocolVersion.V5) {
    throw new MalformedPacketError('expected a Password only with a User Name'); // [MQTT-3.1.2-22] 3.1.1
  }
}

function decodeWill(reader: PacketReader, flags: number, version: ProtocolVersion): Will {
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'will') : NO_PROPERTIES; // [MQTT-3.1.2-9]
  const topicName = reader.string('Will Topic');
  refuseInvalidTopicName(topicName, 'Will Topic');
  const payload = reader.binary('Will Payload'); // [MQTT-3.1.2-9] 3.1.1
  const qos = ((flags >> WILL_QOS_SHIFT) & 3) as Qos;
  return { topicName, payload, qos, retain: (flags & WILL_RETAIN) !== 0, properties };
}

export function writeConnect(writer: PacketWriter, packet: ConnectPacket): void {
  const { protocolVersion, will, username, password, bridge } = packet;
  const newest = bridge === true ? ProtocolVersion.V311 : ProtocolVersion.V5;
  checkInteger(protocolVersion, ProtocolVersion.V31, newest, 'protocolVersion');
  const isV5 = protocolVersion === ProtocolVersion.V5;
  if (password !== undefined && username === undefined && !isV5) {
    throw new TypeError('expected a password only with a username before MQTT 5.0'); // [MQTT-3.1.2-22] 3.1.1
  }
  writer.string(protocolVersion === ProtocolVersion.V31 ? 'MQIsdp' : 'MQTT', 'Protocol Name');
  writer.byte(protocolVersion | (bridge === true ? BRIDGE : 0));
  writer.byte(connectFlags(packet));
  writer.twoByteInteger(packet.keepAlive, 'keepAlive');
  if (isV5) writeProperties(writer, 'connect', packet.properties);
  writer.string(packet.clientId, 'clientId');
  if (will !== undefined) {
    checkQos(will.qos, 'will.qos');
    if (isV5) writeProperties(writer, 'will', will.properties);
    writer.string(will.topicName, 'will.topicName');
    checkTopicNameField(will.topicName, 'will.topicName');
    writer.binary(will.payload, 'will.payload');
  }
  if (username !== undefined) writer.string(username, 'username'); // [MQTT-3.1.2-17] [MQTT-3.1.2-19] 3.1.1
  if (password !== undefined) writer.binary(password, 'password'); // [MQTT-3.1.2-19] [MQTT-3.1.2-21] 3.1.1
}

function connectFlags(packet: ConnectPacket): number {
  let flags = packet.cleanStart ? CLEAN_START : 0;
  if (packet.will !== undefined) {
    flags |= WILL | (packet.will.qos << WILL_QOS_SHIFT) | (packet.will.retain ? WILL_RETAIN : 0);
  }
  if (packet.username !== undefined) flags |= USERNAME; // [MQTT-3.1.2-16] [MQTT-3.1.2-18] 3.1.1
  if (packet.password !== undefined) flags |= PASSWORD; // [MQTT-3.1.2-18] [MQTT-3.1.2-20] 3.1.1
  return flags;
}
