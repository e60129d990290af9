/**
 * A set of packet types as one number: bit n stands for Control Packet type n, and bit 0 for the will within CONNECT.
 * Tables that say for each row where it may stand are a few bytes so, also in a browser.
 */
import type { PacketType } from './packet-type.ts';
import { PACKET_TYPES } from './packet-type.ts';

export type PacketSet = number;

export const WILL: PacketSet = 1 << 0;
export const CONNECT: PacketSet = 1 << 1;
export const CONNACK: PacketSet = 1 << 2;
export const PUBLISH: PacketSet = 1 << 3;
export const PUBACK: PacketSet = 1 << 4;
export const PUBREC: PacketSet = 1 << 5;
export const PUBREL: PacketSet = 1 << 6;
export const PUBCOMP: PacketSet = 1 << 7;
export const SUBSCRIBE: PacketSet = 1 << 8;
export const SUBACK: PacketSet = 1 << 9;
export const UNSUBSCRIBE: PacketSet = 1 << 10;
export const UNSUBACK: PacketSet = 1 << 11;
export const PINGREQ: PacketSet = 1 << 12;
export const DISCONNECT: PacketSet = 1 << 14;
export const AUTH: PacketSet = 1 << 15;

/** The set that holds one packet type, or the will. */
export function setOf(packet: PacketType | 'will'): PacketSet {
  return 1 << Math.max(0, PACKET_TYPES.indexOf(packet as PacketType));
}
