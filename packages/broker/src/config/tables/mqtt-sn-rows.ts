/** The keys of `listeners[].mqttSn`. */
import type { MqttSnLimitRow, MqttSnLimits } from '@martlet/protocol/mqtt-sn';
import { MQTT_SN_LIMITS } from '@martlet/protocol/mqtt-sn';
import type {
  MqttSnAddressPolicy,
  MqttSnConfiguration,
  MqttSnPredefinedTopic,
  MqttSnSerialConfiguration,
  MqttSnUnconnectedConfiguration,
  MqttSnUserConfiguration,
} from '../mqtt-sn-configuration.ts';
import type { AnyTable, ChoiceRow, SectionRow, Table, TextRow } from '../row.ts';

const NETWORK: Readonly<TextRow<string>> = {
  kind: 'text',
  form: 'address-block',
  text: 'an address, or a block such as `10.0.0.0/8`',
};

/** A topic identifier: 0 and 0xFFFF are reserved. */
const HIGHEST_TOPIC_ID = 65_534;

const PREDEFINED_TOPIC_ROWS: Readonly<Table<MqttSnPredefinedTopic>> = {
  topicId: {
    kind: 'number',
    minimum: 1,
    maximum: HIGHEST_TOPIC_ID,
    unit: 'identifier',
    text: 'the number that stands for the topic',
  },
  topicName: { kind: 'text', form: 'topic-name', text: 'the topic' },
  clientId: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: 'all clients',
    text: 'the client that knows it so; its own entries come before those for all',
  },
};

const UNCONNECTED_ROWS: Readonly<Table<MqttSnUnconnectedConfiguration>> = {
  networks: {
    kind: 'list',
    of: NETWORK,
    minimumEntries: 1,
    text: 'from which addresses messages of QoS -1 are taken; `0.0.0.0/0` and `::/0` are all',
  },
  clientId: {
    kind: 'text',
    form: 'plain',
    default: 'mqtt-sn-qos-minus-one',
    text: 'the client identifier of the one connection through which all of them publish: rights are given to it',
  },
  username: { kind: 'text', form: 'plain', default: null, defaultText: 'none', text: 'its user name' },
  retain: { kind: 'switch', default: false, text: 'whether these messages may be retained' },
  perSecond: {
    kind: 'number',
    default: 100,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'messages a second',
    text: 'of all of them together; more are dropped and counted',
  },
  longTopics: {
    kind: 'switch',
    default: false,
    text: "whether a whole topic name may stand before the message, as Paho's clients can send it; 1.2 does not have this form",
  },
};

const SERIAL_ROWS: Readonly<Table<MqttSnSerialConfiguration>> = {
  device: { kind: 'path', text: 'the line, such as `/dev/ttyUSB0`' },
  baudRate: {
    kind: 'number',
    default: 38_400,
    minimum: 50,
    maximum: 4_000_000,
    unit: 'baud',
    text: 'its speed',
  },
  framing: {
    kind: 'choice',
    choices: ['raw', 'slip', 'xbee1', 'xbee2'],
    default: 'raw',
    text: 'how messages stand in the stream: one after the other, as mqtt-sn-tools has it; SLIP; or frames of XBee modules in API mode 1 or 2',
  },
  hardwareFlowControl: { kind: 'switch', default: false, text: 'whether RTS and CTS are used' },
};

const USER_ROWS: Readonly<Table<MqttSnUserConfiguration>> = {
  clientId: {
    kind: 'text',
    form: 'plain',
    default: '*',
    text: 'a client identifier; `*` in it stands for any characters',
  },
  networks: {
    kind: 'list',
    of: NETWORK,
    default: [],
    defaultText: 'all',
    text: 'from which addresses such a client must come',
  },
  username: {
    kind: 'text',
    form: 'plain',
    text: 'the user name that such clients have in the broker; `%c` in it is the client identifier',
  },
};

function addressPolicyRow(value: MqttSnAddressPolicy, text: string): ChoiceRow<MqttSnAddressPolicy> {
  return { kind: 'choice', choices: ['any', 'same-host', 'never'], default: value, text };
}

function limitsRow(): SectionRow<MqttSnLimits, MqttSnLimits> {
  const keys: AnyTable = Object.fromEntries(
    Object.entries<MqttSnLimitRow>(MQTT_SN_LIMITS).map(([name, { text, effect, ...bounds }]) => [
      name,
      {
        kind: 'number',
        ...bounds,
        ...(Number.isInteger(bounds.default) ? {} : { fractions: true }),
        text: `${text}; then: ${effect}`,
      },
    ]),
  );
  return {
    kind: 'section',
    keys: keys as unknown as Table<MqttSnLimits>,
    text: 'timers, counters and limits of the gateway',
  };
}

export const MQTT_SN_ROWS: Readonly<Table<MqttSnConfiguration>> = {
  gatewayId: {
    kind: 'number',
    default: 1,
    minimum: 0,
    maximum: 255,
    unit: 'number',
    text: 'what the gateway is called in ADVERTISE and GWINFO',
  },
  discovery: {
    kind: 'switch',
    default: false,
    defaultText: 'whether there is a `group`',
    text: 'whether the gateway advertises itself, and answers those who search one',
  },
  group: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: 'none',
    text: 'the multicast group in which gateways are searched, such as `225.1.1.1` or `ff02::1883`',
  },
  groupPort: {
    kind: 'number',
    default: 1883,
    minimum: 1,
    maximum: 65_535,
    unit: 'port',
    text: 'the port of the group',
  },
  groupInterface: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: 'as the system chooses',
    text: 'the address of the interface for the group; for IPv6 with its zone, such as `::%eth0`',
  },
  groupHops: {
    kind: 'number',
    default: 1,
    minimum: 1,
    maximum: 255,
    unit: 'hops',
    text: 'how many networks what is sent to the group may cross',
  },
  predefinedTopics: {
    kind: 'list',
    of: { kind: 'section', keys: PREDEFINED_TOPIC_ROWS, text: 'a topic that both sides know by a number' },
    default: [],
    text: 'topics that need no REGISTER, and the only ones of QoS -1 beside those of two bytes',
  },
  predefinedTopicsFile: {
    kind: 'path',
    default: null,
    text: "more of them: lines of client identifier or `*`, topic and number, with commas between, as Paho's gateway has them; it is read again when it changes",
  },
  unconnected: {
    kind: 'section',
    keys: UNCONNECTED_ROWS,
    default: null,
    text: 'who may publish without a connection (QoS -1); without it nobody',
  },
  forwarders: {
    kind: 'list',
    of: NETWORK,
    default: [],
    defaultText: 'nobody',
    text: 'from which addresses encapsulated messages of forwarders are taken',
  },
  trustedNetworks: {
    kind: 'list',
    of: NETWORK,
    default: null,
    defaultText: 'loopback, private and link-local networks',
    text: 'whose addresses are believed; to others little is sent until they have shown that they get it',
  },
  serial: {
    kind: 'section',
    keys: SERIAL_ROWS,
    default: null,
    text: 'a serial line in place of `host` and `port`',
  },
  clientIds: {
    kind: 'list',
    of: {
      kind: 'text',
      form: 'plain',
      text: 'a client identifier; `*` in it stands for any characters',
    },
    default: ['*'],
    minimumEntries: 1,
    text: 'who may connect: a client chooses its identifier itself, and with it takes over the session of that name; others are told that this is not supported',
  },
  users: {
    kind: 'list',
    of: { kind: 'section', keys: USER_ROWS, text: 'a user name for clients' },
    default: [],
    defaultText: 'clients have no user name',
    text: 'user names by which rights can be given, since MQTT-SN 1.2 has neither user names nor passwords; the first that fits counts',
  },
  takeover: addressPolicyRow(
    'any',
    'from where a client may connect whose identifier is connected from another address',
  ),
  wakeFrom: addressPolicyRow(
    'same-host',
    'from where a sleeping client may wake that has another address now',
  ),
  maximumMessageBytes: {
    kind: 'number',
    default: 1200,
    minimum: 20,
    maximum: 65_000,
    unit: 'bytes',
    text: 'the longest datagram that is sent; what is longer is dropped and counted',
  },
  limits: limitsRow(),
};
