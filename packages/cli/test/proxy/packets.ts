// Packets for tests, with what does not matter filled in.

import type {
  ConnackPacket,
  ConnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  ReasonCode,
} from '@martlet/protocol';

export function connect(protocolVersion: ProtocolVersion, more: Partial<ConnectPacket> = {}): ConnectPacket {
  return {
    type: 'connect',
    protocolVersion,
    clientId: 'c',
    cleanStart: true,
    keepAlive: 60,
    properties: {},
    ...more,
  };
}

export function connack(properties: ConnackPacket['properties'] = {}, sessionPresent = false): ConnackPacket {
  return { type: 'connack', sessionPresent, reasonCode: 0, properties };
}

export function publish(qos: 0 | 1 | 2, packetId = 0, more: Partial<PublishPacket> = {}): PublishPacket {
  return {
    type: 'publish',
    topicName: 't',
    payload: new Uint8Array(0),
    qos,
    retain: false,
    dup: false,
    packetId,
    properties: {},
    ...more,
  };
}

export function answer(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  packetId: number,
  reasonCode: ReasonCode = 0,
): Packet {
  return { type, packetId, reasonCode, properties: {} };
}

export function subscribe(packetId: number, count = 1): Packet {
  const subscriptions = Array.from({ length: count }, (_, at) => ({
    topicFilter: `f${at}`,
    qos: 0 as const,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0 as const,
  }));
  return { type: 'subscribe', packetId, subscriptions, properties: {} };
}

export function suback(packetId: number, count = 1): Packet {
  return {
    type: 'suback',
    packetId,
    reasonCodes: Array.from({ length: count }, () => 0 as const),
    properties: {},
  };
}

export function unsubscribe(packetId: number, count = 1): Packet {
  return {
    type: 'unsubscribe',
    packetId,
    topicFilters: Array.from({ length: count }, (_, at) => `f${at}`),
    properties: {},
  };
}

export function unsuback(packetId: number, count = 1): Packet {
  return {
    type: 'unsuback',
    packetId,
    reasonCodes: Array.from({ length: count }, () => 0 as const),
    properties: {},
  };
}

export const DISCONNECT: Packet = { type: 'disconnect', reasonCode: 0, properties: {} };
export const PINGREQ: Packet = { type: 'pingreq' };
export const AUTH: Packet = { type: 'auth', reasonCode: 0x18, properties: {} };
