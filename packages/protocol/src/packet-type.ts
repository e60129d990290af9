/** The MQTT Control Packet types as the upper half of a packet's first byte carries them. */
export const ControlPacketType = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Pubrec: 5,
  Pubrel: 6,
  Pubcomp: 7,
  Subscribe: 8,
  Suback: 9,
  Unsubscribe: 10,
  Unsuback: 11,
  Pingreq: 12,
  Pingresp: 13,
  Disconnect: 14,
  Auth: 15,
} as const;

export type ControlPacketType = (typeof ControlPacketType)[keyof typeof ControlPacketType];

/** The discriminant of {@link Packet}: the specification's packet names in lower case. */
export type PacketType = Lowercase<keyof typeof ControlPacketType>;

/** The names by {@link ControlPacketType}; index 0 is forbidden by the specification and holds nothing. */
export const PACKET_TYPES: readonly (PacketType | undefined)[] = [
  undefined,
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
];
