/** What a server says that it can, in its CONNACK; and what it can where nothing is said. */
import type { ConnackProperties } from '@martlet/protocol';
import type { Capability } from './capability.ts';

export interface Capabilities {
  readonly maximumQos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly wildcards: boolean;
  readonly shared: boolean;
  readonly identifiers: boolean;
  /** QoS 1 and 2 messages that the server takes before it has acknowledged one. */
  readonly receiveMaximum: number;
  /** Bytes; undefined where the server names no limit. */
  readonly maximumPacketSize: number | undefined;
  readonly topicAliasMaximum: number;
  /** Seconds; undefined where the server takes that of CONNECT. */
  readonly serverKeepAlive: number | undefined;
}

/** Of MQTT 3.1.1, where a server can say nothing, and is taken to have what every server has. */
export const UNSAID_CAPABILITIES: Readonly<Capabilities> = {
  maximumQos: 2,
  retain: true,
  wildcards: true,
  shared: false,
  identifiers: false,
  receiveMaximum: 65_535,
  maximumPacketSize: undefined,
  topicAliasMaximum: 0,
  serverKeepAlive: undefined,
};

export function capabilitiesOf(properties: ConnackProperties): Capabilities {
  return {
    maximumQos: properties.maximumQos ?? 2,
    retain: properties.retainAvailable ?? true,
    wildcards: properties.wildcardSubscriptionAvailable ?? true,
    shared: properties.sharedSubscriptionAvailable ?? true,
    identifiers: properties.subscriptionIdentifiersAvailable ?? true,
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumPacketSize: properties.maximumPacketSize,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    serverKeepAlive: properties.serverKeepAlive,
  };
}

const LACKS: Readonly<Record<Capability, string>> = {
  qos1: 'QoS 1',
  qos2: 'QoS 2',
  retain: 'retained messages',
  wildcards: 'wildcard subscriptions',
  shared: 'shared subscriptions',
  identifiers: 'subscription identifiers',
  topicAliases: 'topic aliases',
};

/** @returns why a check that needs it cannot be run, or undefined */
export function lackOf(capability: Capability, capabilities: Capabilities): string | undefined {
  return has(capability, capabilities) ? undefined : `the server says that it has no ${LACKS[capability]}`;
}

function has(capability: Capability, capabilities: Capabilities): boolean {
  switch (capability) {
    case 'qos1':
      return capabilities.maximumQos >= 1;
    case 'qos2':
      return capabilities.maximumQos >= 2;
    case 'topicAliases':
      return capabilities.topicAliasMaximum > 0;
    default:
      return capabilities[capability];
  }
}
