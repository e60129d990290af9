/** A listener for MQTT-SN of the configuration, resolved. What each key means stands in tables/mqtt-sn-rows.ts. */
import type { MqttSnLimits } from '@martlet/protocol/mqtt-sn';

export type MqttSnAddressPolicy = 'any' | 'same-host' | 'never';

export interface MqttSnConfiguration {
  readonly gatewayId: number;
  /** Whether ADVERTISE is sent, and SEARCHGW answered. */
  readonly discovery: boolean;
  /** Of multicast; null: none. */
  readonly group: string | null;
  readonly groupPort: number;
  /** The address of an interface; null: the system chooses. */
  readonly groupInterface: string | null;
  readonly groupHops: number;
  readonly predefinedTopics: readonly MqttSnPredefinedTopic[];
  readonly predefinedTopicsFile: string | null;
  /** Null: messages of QoS -1 are dropped. */
  readonly unconnected: MqttSnUnconnectedConfiguration | null;
  /** CIDR blocks; empty: encapsulated messages are dropped. */
  readonly forwarders: readonly string[];
  /** CIDR blocks; null: loopback, private and link-local networks. */
  readonly trustedNetworks: readonly string[] | null;
  /** In place of UDP. */
  readonly serial: MqttSnSerialConfiguration | null;
  /** `*` stands for any characters. */
  readonly clientIds: readonly string[];
  /** The first that matches counts. */
  readonly users: readonly MqttSnUserConfiguration[];
  readonly takeover: MqttSnAddressPolicy;
  readonly wakeFrom: MqttSnAddressPolicy;
  /** Of one datagram. */
  readonly maximumMessageBytes: number;
  readonly limits: MqttSnLimits;
}

export interface MqttSnPredefinedTopic {
  readonly topicId: number;
  readonly topicName: string;
  /** Null: all. */
  readonly clientId: string | null;
}

export interface MqttSnUnconnectedConfiguration {
  /** CIDR blocks. */
  readonly networks: readonly string[];
  /** Of the one session through which all of them publish. */
  readonly clientId: string;
  readonly username: string | null;
  readonly retain: boolean;
  readonly perSecond: number;
  /** Whether a topic name may stand before the message, which is no part of the specification. */
  readonly longTopics: boolean;
}

export interface MqttSnSerialConfiguration {
  readonly device: string;
  readonly baudRate: number;
  readonly framing: 'raw' | 'slip' | 'xbee1' | 'xbee2';
  readonly hardwareFlowControl: boolean;
}

export interface MqttSnUserConfiguration {
  /** `*` stands for any characters. */
  readonly clientId: string;
  /** CIDR blocks; empty: from anywhere. */
  readonly networks: readonly string[];
  /** `%c` in it is the client identifier. */
  readonly username: string;
}
