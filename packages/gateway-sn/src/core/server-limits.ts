/** What the broker has said in CONNACK that it does not take: a client that broke it would lose its connection. */
import type { ServerPacket } from '@martlet/protocol';

export interface ServerLimits {
  readonly maximumQos: number;
  readonly retainAvailable: boolean;
  /** QoS 1 and 2 messages that it takes at a time. */
  readonly receiveMaximum: number;
  readonly maximumPacketBytes: number;
}

export const NO_LIMITS: Readonly<ServerLimits> = {
  maximumQos: 2,
  retainAvailable: true,
  receiveMaximum: 65_535,
  maximumPacketBytes: Number.POSITIVE_INFINITY,
};

export function limitsOf({ properties }: ServerPacket & { readonly type: 'connack' }): ServerLimits {
  return {
    maximumQos: properties.maximumQos ?? NO_LIMITS.maximumQos,
    retainAvailable: properties.retainAvailable ?? true,
    receiveMaximum: properties.receiveMaximum ?? NO_LIMITS.receiveMaximum,
    maximumPacketBytes: properties.maximumPacketSize ?? NO_LIMITS.maximumPacketBytes,
  };
}
