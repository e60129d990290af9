/**
 * Timers, counters and limits of the gateway for MQTT-SN, in one table: the configuration has them as keys, the gateway
 * (`@martlet/gateway-sn`) as options. The values are those of the specification's section 7.2 where it has some.
 */
export interface MqttSnLimitRow {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly text: string;
  /** What happens at the limit, or when the time has passed. */
  readonly effect: string;
}

type Rows = {
  readonly [Name in
    | 'retryMs'
    | 'retries'
    | 'waitMs'
    | 'settleMs'
    | 'tolerance'
    | 'advertiseMs'
    | 'sessionExpiryInterval'
    | 'silentMs'
    | 'maximumSleep'
    | 'clients'
    | 'clientsPerHost'
    | 'openingClients'
    | 'topicsPerClient'
    | 'topicBytes'
    | 'clientIdBytes'
    | 'inFlightFromClient'
    | 'bufferedMessages'
    | 'bufferedBytes'
    | 'answersPerSecond'
    | 'datagramsPerSecond'
    | 'unvalidatedBytes']: MqttSnLimitRow;
};

function row(
  value: number,
  minimum: number,
  maximum: number,
  unit: string,
  text: string,
  effect: string,
): MqttSnLimitRow {
  return { default: value, minimum, maximum, unit, text, effect };
}

const LONG_MS = 7 * 24 * 3600 * 1000;

export const MQTT_SN_LIMITS: Readonly<Rows> = {
  retryMs: row(
    10_000,
    10,
    3_600_000,
    'ms',
    'for a client to answer (T_retry)',
    'the message is sent again, with DUP; a CONNECT that does not get on for N_retry times this, and once more, is given up',
  ),
  retries: row(
    3,
    0,
    100,
    'times',
    'that a message is sent again (N_retry)',
    'nothing is sent until the client is heard again; what was not acknowledged is kept',
  ),
  waitMs: row(
    300_000,
    10,
    LONG_MS,
    'ms',
    'after a client has said that it has no room (T_WAIT)',
    'it is sent the message again',
  ),
  settleMs: row(
    100,
    1,
    10_000,
    'ms',
    'after the last acknowledgement of a client that is awake, for a broker that has more for it to send that',
    'it is given PINGRESP, and sleeps again',
  ),
  tolerance: row(
    1.5,
    1,
    10,
    'times',
    'the keep alive, or the duration of sleep, that a client may be silent',
    'it is lost, and its will is published',
  ),
  advertiseMs: row(
    900_000,
    1000,
    LONG_MS,
    'ms',
    'between two ADVERTISE (T_ADV), where there is a group to send them to',
    'the next one is sent',
  ),
  sessionExpiryInterval: row(
    604_800,
    0,
    0xffff_ffff,
    's',
    'for which the session of a client without CleanSession is kept',
    'the broker ends the session',
  ),
  silentMs: row(
    24 * 3600 * 1000,
    1000,
    LONG_MS,
    'ms',
    'that a client with keep alive 0 may be silent',
    'it is lost, and its will is published',
  ),
  maximumSleep: row(
    65_535,
    1,
    65_535,
    's',
    'for which a client may sleep',
    'it is lost after this time already',
  ),
  clients: row(
    100_000,
    1,
    10_000_000,
    'clients',
    'clients that are connected or asleep',
    'CONNACK says congestion (0x01)',
  ),
  clientsPerHost: row(
    1000,
    1,
    10_000_000,
    'clients',
    'of these, clients of one address that is not trusted',
    'CONNACK says congestion (0x01)',
  ),
  openingClients: row(
    1000,
    1,
    1_000_000,
    'clients',
    'clients whose CONNECT has not been answered yet',
    'CONNACK says congestion (0x01)',
  ),
  topicsPerClient: row(
    1000,
    1,
    65_000,
    'topics',
    'topic identifiers of one client',
    'the one that was used least lately is taken back; the client learns of it by REGISTER, or by 0x02',
  ),
  topicBytes: row(
    1024,
    2,
    65_000,
    'bytes',
    'a topic name or filter in REGISTER and SUBSCRIBE',
    'the answer says not supported (0x03)',
  ),
  clientIdBytes: row(
    256,
    1,
    65_000,
    'bytes',
    'a client identifier; the specification has 23, and nobody held with it',
    'CONNACK says not supported (0x03)',
  ),
  inFlightFromClient: row(
    16,
    1,
    1000,
    'messages',
    'QoS 1 and 2 messages of one client that are not acknowledged yet; the specification has 1',
    'PUBACK says congestion (0x01)',
  ),
  bufferedMessages: row(
    100,
    1,
    1_000_000,
    'messages',
    'QoS 0 messages that wait for one client, asleep or slow; QoS 1 and 2 wait in its session',
    'the oldest is dropped and counted',
  ),
  bufferedBytes: row(
    65_536,
    1,
    1_073_741_824,
    'bytes',
    'these messages together',
    'the oldest is dropped and counted',
  ),
  answersPerSecond: row(
    10,
    1,
    1_000_000,
    'answers a second',
    'answers to peers that are no clients, for each network of addresses',
    'nothing is answered',
  ),
  datagramsPerSecond: row(
    1000,
    1,
    10_000_000,
    'datagrams a second',
    'datagrams from one client',
    'further ones are dropped and counted; its retries bring them again',
  ),
  unvalidatedBytes: row(
    256,
    0,
    65_535,
    'bytes',
    'that are sent to an address which is not validated, beyond three times what came from it',
    'nothing more is sent until it answers something that only it can have got',
  ),
};

export type MqttSnLimitName = keyof Rows;
/** Every one has a value within its bounds. */
export type MqttSnLimits = { readonly [Name in MqttSnLimitName]: number };
