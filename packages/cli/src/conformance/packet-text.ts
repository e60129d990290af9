/** A packet in one line, in the specification's words, for people who look at what was exchanged. */
import type { Packet, PacketType, ReasonCode } from '@martlet/protocol';
import { reasonCodeText } from '@martlet/protocol';

/** Payloads and other bytes are shown up to here. */
const SHOWN_CHARACTERS = 40;

/**
 *     packetText(packet)   // 'PUBLISH a/b QoS 1 id 7 "21.5"'
 */
export function packetText(packet: Packet): string {
  return [packet.type.toUpperCase(), ...fieldsOf(packet), ...propertiesOf(packet)].join(' ');
}

function fieldsOf(packet: Packet): readonly string[] {
  switch (packet.type) {
    case 'connect':
      return [
        `version ${packet.protocolVersion}`,
        `client id ${quotedText(packet.clientId)}`,
        packet.cleanStart ? 'clean start' : 'session kept',
        `keep alive ${packet.keepAlive} s`,
        ...(packet.username === undefined ? [] : [`user ${quotedText(packet.username)}`]),
        ...(packet.password === undefined ? [] : ['password']),
        ...(packet.will === undefined
          ? []
          : [`will ${packet.will.topicName} QoS ${packet.will.qos}${packet.will.retain ? ' retain' : ''}`]),
      ];
    case 'connack':
      return [
        reasonText(packet.reasonCode, packet.type),
        packet.sessionPresent ? 'session present' : 'no session',
      ];
    case 'publish':
      return [
        quotedText(packet.topicName),
        `QoS ${packet.qos}`,
        ...(packet.qos === 0 ? [] : [`id ${packet.packetId}`]),
        ...(packet.dup ? ['dup'] : []),
        ...(packet.retain ? ['retain'] : []),
        bytesText(packet.payload),
      ];
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return [`id ${packet.packetId}`, reasonText(packet.reasonCode, packet.type)];
    case 'subscribe':
      return [
        `id ${packet.packetId}`,
        ...packet.subscriptions.map(
          (each) =>
            `${quotedText(each.topicFilter)} QoS ${each.qos}${each.noLocal ? ' no local' : ''}${each.retainAsPublished ? ' retain as published' : ''}${each.retainHandling === 0 ? '' : ` retain handling ${each.retainHandling}`}`,
        ),
      ];
    case 'suback':
    case 'unsuback':
      return [`id ${packet.packetId}`, ...packet.reasonCodes.map((code) => reasonText(code, packet.type))];
    case 'unsubscribe':
      return [`id ${packet.packetId}`, ...packet.topicFilters.map(quotedText)];
    case 'disconnect':
    case 'auth':
      return [reasonText(packet.reasonCode, packet.type)];
    case 'pingreq':
    case 'pingresp':
      return [];
  }
}

function propertiesOf(packet: Packet): readonly string[] {
  if (!('properties' in packet)) return [];
  return Object.entries(packet.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return bytesText(value);
  return typeof value === 'string' ? quotedText(value) : JSON.stringify(value);
}

/** `0x87 Not authorized` */
export function reasonText(reasonCode: ReasonCode, packetType?: PacketType): string {
  return `0x${reasonCode.toString(16).padStart(2, '0')} ${reasonCodeText(reasonCode, packetType)}`;
}

function bytesText(bytes: Uint8Array): string {
  try {
    return quotedText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return `${bytes.length} bytes`;
  }
}

function quotedText(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  const size = text.length > SHOWN_CHARACTERS ? ` (${text.length} characters)` : '';
  return `${JSON.stringify(shown)}${size}`;
}
