// A server that the client is tested against, and in what it differs from another: the suites ask here, and know no names.

/** How a server is reached. */
export const WAYS = ['mqtt', 'mqtts', 'mqtts with a client certificate', 'mqtt+unix', 'ws', 'wss'] as const;
export type Way = (typeof WAYS)[number];

/** What a test needs otherwise than the others do. */
export interface ServerSettings {
  /** Seconds. */
  readonly maximumKeepAlive?: number;
  /** Bytes. */
  readonly maximumPacketSize?: number;
}

/** Each with the reason why servers may differ in it. */
export interface Differences {
  /** QoS 1 and 2 messages that the server takes at once: CONNACK may say any number. */
  readonly receiveMaximum: number;
  /**
   * Whether the server keeps to the client's Receive Maximum. Mosquitto 2.0.11 forgets it as soon as messages wait in its
   * queue and it sees one acknowledged (5600 under way where 1024 are allowed, 88 where 30 are).
   */
  readonly keepsReceiveMaximum: boolean;
  /** Whether it gives topic aliases: a server need not. */
  readonly givesTopicAliases: boolean;
  /** Copies of a message that an MQTT 5.0 client with two overlapping subscriptions gets: [MQTT-3.3.4-2] allows both. */
  readonly copiesOfOverlapping: 1 | 2;
  /** Whether DISCONNECT says that another client has come: Mosquitto 2.0.11 closes the connection without a word. */
  readonly tellsOfTakeover: boolean;
  /** Bytes of payload that surely pass by WebSocket: Mosquitto 2.0.11 loses messages from 60 kB on, MQTT.js's as well. */
  readonly largestOverWebSocket: number;
  /** Whether PUBREC says 0x10 when nobody has subscribed, as PUBACK does: a server may leave it out. */
  readonly pubrecTellsOfNobody: boolean;
  /** Whether SUBACK refuses what is not allowed; else nothing is delivered, which the specification leaves open. */
  readonly refusesSubscriptions: boolean;
}

/** Of the guarded listener: this user may use `open/#` only. */
export const USER: Readonly<{ username: string; password: string }> = {
  username: 'ann',
  password: 'correct horse',
};
export const OPEN = 'open/#';

export interface RunningServer {
  /** Over TCP, for everyone. */
  readonly port: number;
  /** Over TCP, for {@link USER} only. */
  readonly guardedPort: number;
  url(way: Way): string;
  close(): Promise<void>;
}

export interface TestedServer {
  readonly name: string;
  /** Says why it is skipped. */
  readonly label: string;
  readonly isMissing: boolean;
  readonly differences: Differences;
  start(settings?: ServerSettings): Promise<RunningServer>;
}
