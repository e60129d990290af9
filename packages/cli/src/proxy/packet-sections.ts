/** Where the specification describes each packet: the same section in MQTT 3.1.1 and 5.0. */
import type { PacketType } from '@martlet/protocol';

export const PACKET_SECTIONS: Readonly<Record<PacketType, string>> = {
  connect: '3.1',
  connack: '3.2',
  publish: '3.3',
  puback: '3.4',
  pubrec: '3.5',
  pubrel: '3.6',
  pubcomp: '3.7',
  subscribe: '3.8',
  suback: '3.9',
  unsubscribe: '3.10',
  unsuback: '3.11',
  pingreq: '3.12',
  pingresp: '3.13',
  disconnect: '3.14',
  auth: '3.15',
};
