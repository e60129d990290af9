/** Checks a client's options and fills in what was left out. Misuse throws here, before anything is done. */
import type { ProtocolVersion, Will, WillProperties } from '@martlet/protocol';
import { checkTopicName, encodeClientPacketExceptPublish } from '@martlet/protocol';
import { ClientError, errorText } from '../client-error.ts';
import type { CoreOptions } from '../core/client-core.ts';
import type { ConnectOptions } from '../core/connection/connect-packet.ts';
import { connectPacket } from '../core/connection/connect-packet.ts';
import type { QueueLimits } from '../core/outgoing/outgoing-queue.ts';
import type { ReconnectLimits } from '../core/reconnect/reconnect-policy.ts';
import type { Rules } from './check-options.ts';
import { anything, integer, invalid, ofType, oneOf, resolve, withMethods } from './check-options.ts';
import type { ClientOptions, WillOptions } from './client-options.ts';

/** The call whose options they are. */
const CONNECT = 'connect';

const MEBIBYTE = 1_048_576;
const MAXIMUM_TIMER_MS = 0x7fff_ffff;
const INFINITY = Number.POSITIVE_INFINITY;

/** 300 s for a session that cannot outlive the process, a day for one that can. */
const EXPIRY_S = 300;
const KEPT_EXPIRY_S = 86_400;

const QUEUE: Readonly<Rules<QueueLimits>> = {
  messages: integer(10_000, 0, INFINITY),
  bytes: integer(64 * MEBIBYTE, 0, INFINITY),
  whenFull: oneOf('reject', 'dropOldest', 'dropNewest'),
  latestPerTopic: ofType('boolean', false),
};

const RECONNECT: Readonly<Rules<ReconnectLimits>> = {
  minimumDelayMs: integer(1000, 0, MAXIMUM_TIMER_MS),
  maximumDelayMs: integer(60_000, 0, MAXIMUM_TIMER_MS),
  attempts: integer(INFINITY, 0, INFINITY),
};

/** The options with everything in place that has a default. */
export interface ResolvedOptions
  extends Omit<
      ClientOptions,
      keyof CoreOptions | keyof ConnectOptions | 'username' | 'password' | 'reconnect' | 'protocolVersion'
    >,
    CoreOptions,
    ConnectOptions {
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly connectTimeoutMs: number;
  readonly reconnect: ReconnectLimits;
}

/** The options of every client. */
const CLIENT: Readonly<Rules<Omit<ResolvedOptions, 'keeps' | 'keepsSession'>>> = {
  clientId: ofType('string'),
  username: ofType('string'),
  password: (_, given) => (given === undefined ? undefined : payloadBytes(given)),
  protocolVersion: oneOf<ProtocolVersion>(5, 4, 3),
  cleanStart: ofType('boolean'),
  sessionExpiryInterval: integer(undefined, 0, 0xffff_ffff),
  keepAlive: integer(60, 0, 0xffff),
  connectTimeoutMs: integer(30_000, 1, MAXIMUM_TIMER_MS),
  receiveMaximum: integer(1024, 1, 0xffff),
  maximumPacketSize: integer(16 * MEBIBYTE, 16, 268_435_460),
  topicAliasMaximum: integer(64, 0, 0xffff),
  outgoingTopicAliases: integer(64, 0, 0xffff),
  quarantineAttempts: (name, given) => integer(3, 1, INFINITY)(name, given === false ? INFINITY : given),
  unroutedMessages: integer(65_535, 0, 1_000_000),
  userProperties: ofType('object', []),
  requestResponseInformation: ofType('boolean', false),
  requestProblemInformation: ofType('boolean', true),
  will: (name, given) => willOf(ofType<WillOptions | undefined>('object')(name, given)),
  queue: (name, given = {}) => resolve(CONNECT, given, QUEUE, `${name}.`),
  reconnect: (name, given = {}) =>
    resolve(CONNECT, given === false ? { attempts: 0 } : given, RECONNECT, `${name}.`),
  url: anything,
  servers: (name, given) => {
    if (given === undefined || (Array.isArray(given) && given.length > 0))
      return given as ClientOptions['servers'];
    throw invalid(`${name}: expected an array with at least one URL, got ${errorText(given)}`);
  },
  fallback: ofType('boolean'),
  followServerMoved: ofType('boolean'),
  credentials: ofType('function'),
  transport: ofType('function'),
  store: withMethods('open', 'write', 'close'),
  authentication: withMethods('begin'),
  environment: withMethods('nowMs', 'wallMs', 'random', 'setTimer', 'soon'),
};

/**
 * @param platformOptions names of further options that the platform's transports know
 * @throws {ClientError} INVALID_OPTION
 */
export function resolveOptions(given: ClientOptions, platformOptions: readonly string[]): ResolvedOptions {
  const platform = Object.fromEntries(platformOptions.map((name) => [name, anything]));
  const options = resolve(CONNECT, given, { ...CLIENT, ...platform });
  const { clientId, store, authentication, protocolVersion, sessionExpiryInterval, cleanStart } = options;
  const keeps = store !== undefined;
  if (keeps && !clientId) throw invalid('store: expected a clientId with it, got none');
  if (authentication !== undefined && protocolVersion !== 5)
    throw invalid(`authentication: expected protocolVersion 5 with it, got ${protocolVersion}`);
  // What is undefined counts as left out; the type cannot say so.
  const resolved = {
    ...options,
    keeps,
    sessionExpiryInterval:
      sessionExpiryInterval ?? (keeps ? KEPT_EXPIRY_S : protocolVersion === 5 ? EXPIRY_S : 0),
    keepsSession: Boolean(sessionExpiryInterval ?? (keeps || cleanStart === false)),
  } as ResolvedOptions;
  const packet = connectPacket(resolved, {
    ...resolved,
    clientId: clientId ?? '',
    cleanStart: true,
    authenticationMethod: authentication?.method,
    authenticationData: undefined,
  });
  // What cannot stand in CONNECT is found by writing one.
  try {
    // [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] [MQTT-3.1.2-22] 3.1.1 [MQTT-3.1.3-4] 3.1.1 [MQTT-3.1.3-11] 3.1.1
    encodeClientPacketExceptPublish(packet, protocolVersion);
  } catch (error) {
    throw invalid(errorText(error));
  }
  return resolved;
}

/** Bytes of a payload. @throws {ClientError} INVALID_PAYLOAD */
export function payloadBytes(payload: unknown): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  throw new ClientError(
    'INVALID_PAYLOAD',
    `expected a Uint8Array or a string as payload, got ${typeof payload}`,
  );
}

/** [MQTT-3.3.2-1] [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-3.3.2-2] 3.1.1 @throws {ClientError} INVALID_TOPIC */
export function refuseTopicName(topicName: unknown, what: string = 'name'): void {
  const problem =
    typeof topicName === 'string' ? checkTopicName(topicName, Number.POSITIVE_INFINITY) : 'notString';
  if (problem !== null) throw invalidTopic(what, topicName, problem);
}

/** @param problem why it is none: a name in `TOPIC_PROBLEMS`, of which browsers do without the texts, or `notString` */
export function invalidTopic(what: string, topic: unknown, problem: string): ClientError {
  return new ClientError(
    'INVALID_TOPIC',
    `expected a topic ${what}, got ${JSON.stringify(String(topic).slice(0, 80))}: ${problem}`,
  );
}

/** What is wrong with it is found by writing CONNECT. */
function willOf(given: WillOptions | undefined): Will | undefined {
  if (given === undefined) return undefined;
  const { topicName, payload = '', qos = 0, retain = false, ...properties } = given;
  return { topicName, payload: payloadBytes(payload), qos, retain, properties: properties as WillProperties };
}
