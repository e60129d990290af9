/** What the first byte of a packet says: its type, and flags that only PUBLISH is free in. */

import type { PacketType } from '../packet-type.ts';
import { ControlPacketType } from '../packet-type.ts';

const TYPE_VALUE: { readonly [Type in PacketType]: ControlPacketType } = {
  connect: ControlPacketType.Connect,
  connack: ControlPacketType.Connack,
  publish: ControlPacketType.Publish,
  puback: ControlPacketType.Puback,
  pubrec: ControlPacketType.Pubrec,
  pubrel: ControlPacketType.Pubrel,
  pubcomp: ControlPacketType.Pubcomp,
  subscribe: ControlPacketType.Subscribe,
  suback: ControlPacketType.Suback,
  unsubscribe: ControlPacketType.Unsubscribe,
  unsuback: ControlPacketType.Unsuback,
  pingreq: ControlPacketType.Pingreq,
  pingresp: ControlPacketType.Pingresp,
  disconnect: ControlPacketType.Disconnect,
  auth: ControlPacketType.Auth,
};

/** The upper half of the first byte. */
export function controlPacketTypeOf(type: PacketType): ControlPacketType {
  return TYPE_VALUE[type];
}

/** The reserved flags: 0 but for three packets, which MQTT 3.1 sent with QoS 1. */
export function reservedFlags(type: Exclude<PacketType, 'publish'>): number {
  return type === 'pubrel' || type === 'subscribe' || type === 'unsubscribe' ? 0b0010 : 0; // [MQTT-2.1.3-1] [MQTT-2.2.2-1] 3.1.1
}

/** Which side may send it; PUBLISH, its acknowledgements, DISCONNECT and AUTH go both ways. */
export function mayBeSentBy(type: PacketType, side: 'client' | 'server'): boolean {
  switch (type) {
    case 'connect':
    case 'subscribe':
    case 'unsubscribe':
    case 'pingreq':
      return side === 'client';
    case 'connack':
    case 'suback':
    case 'unsuback':
    case 'pingresp':
      return side === 'server';
    default:
      return true;
  }
}
