/** Checks a client's options and fills in what was left out. Misuse throws here, before anything is done. */
import type { ProtocolVersion, Will, WillProperties } from '@martlet/protocol';
import { checkTopicName, encodeClientPacketExceptPublish } from '@martlet/protocol';
import { ClientError, errorText } from '../client-error.ts';
import type { CoreOptions } from '../core/client-core.ts';
import type { ConnectOptions } from '../core/connection/connect-packet.ts';
import { connectPacket } from '../core/connection/connect-packet.ts';
import type { ReconnectLimits } from '../core/reconnect/reconnect-policy.ts';
import type { ClientOptions, QueueOptions, ReconnectOptions, WillOptions } from './client-options.ts';

type Bounds = readonly [otherwise: number, least: number, most: number];

const MEBIBYTE = 1_048_576;
const MAXIMUM_TIMER_MS = 0x7fff_ffff;

/** 300 s for a session that cannot outlive the process, a day for one that can. */
const EXPIRY_S = 300;
const KEPT_EXPIRY_S = 86_400;

const NUMBERS = {
  sessionExpiryInterval: [EXPIRY_S, 0, 0xffff_ffff],
  keepAlive: [60, 0, 0xffff],
  connectTimeoutMs: [30_000, 1, MAXIMUM_TIMER_MS],
  receiveMaximum: [1024, 1, 0xffff],
  maximumPacketSize: [16 * MEBIBYTE, 16, 268_435_460],
  topicAliasMaximum: [64, 0, 0xffff],
  outgoingTopicAliases: [64, 0, 0xffff],
  quarantineAttempts: [3, 1, Number.POSITIVE_INFINITY],
  unroutedMessages: [65_535, 0, 1_000_000],
} as const satisfies { readonly [Name in keyof ClientOptions]?: Bounds };

const QUEUE = {
  messages: [10_000, 0, Number.POSITIVE_INFINITY],
  bytes: [64 * MEBIBYTE, 0, Number.POSITIVE_INFINITY],
} as const satisfies { readonly [Name in keyof QueueOptions]?: Bounds };

const RECONNECT = {
  minimumDelayMs: [1000, 0, MAXIMUM_TIMER_MS],
  maximumDelayMs: [60_000, 0, MAXIMUM_TIMER_MS],
  attempts: [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY],
} as const satisfies { readonly [Name in keyof ReconnectOptions]?: Bounds };

/** The other options by their type; those under `any` are looked at one by one. */
const OTHERS = {
  string: 'clientId username',
  boolean: 'fallback cleanStart requestResponseInformation requestProblemInformation followServerMoved',
  function: 'credentials transport',
  object: 'servers will userProperties queue store authentication environment',
  any: 'url password protocolVersion reconnect',
} as const;

/** What the application brings, with the methods that it must have. */
const PORTS = {
  store: 'open write close',
  authentication: 'begin',
  environment: 'nowMs wallMs random setTimer soon',
} as const satisfies { readonly [Name in keyof ClientOptions]?: string };

/** The options with everything in place that has a default. */
export interface ResolvedOptions
  extends Omit<ClientOptions, keyof CoreOptions | keyof ConnectOptions | 'reconnect' | 'protocolVersion'>,
    CoreOptions,
    ConnectOptions {
  readonly protocolVersion: ProtocolVersion;
  readonly connectTimeoutMs: number;
  readonly reconnect: ReconnectLimits;
}

/**
 * @param platformOptions names of further options that the platform's transports know
 * @throws {ClientError} INVALID_OPTION
 */
export function resolveOptions(given: ClientOptions, platformOptions: readonly string[]): ResolvedOptions {
  checkTypes(given, platformOptions);
  const { clientId, store, will, queue = {}, reconnect = {}, quarantineAttempts, servers } = given;
  const protocolVersion = oneOf<ProtocolVersion>('protocolVersion', [5, 4, 3], given.protocolVersion);
  const keeps = store !== undefined;
  if (keeps && !clientId) {
    throw invalid('store: expected a clientId with it, by which the server finds the session, got none');
  }
  if (given.authentication !== undefined && protocolVersion !== 5)
    throw invalid(`authentication: expected protocolVersion 5 with it, got ${protocolVersion}`);
  if (servers !== undefined && (!Array.isArray(servers) || servers.length === 0 || given.url !== undefined))
    throw invalid('servers: expected one server or more, in place of url');
  if (reconnect !== false) refuseUnknown('reconnect.', reconnect, Object.keys(RECONNECT));
  refuseUnknown('queue.', queue, [...Object.keys(QUEUE), 'whenFull', 'latestPerTopic']);
  const resolved: ResolvedOptions = {
    userProperties: [],
    requestResponseInformation: false,
    requestProblemInformation: true,
    ...given,
    ...resolveNumbers('', NUMBERS, {
      ...given,
      quarantineAttempts: quarantineAttempts === false ? Number.POSITIVE_INFINITY : quarantineAttempts,
      sessionExpiryInterval:
        given.sessionExpiryInterval ?? (keeps ? KEPT_EXPIRY_S : protocolVersion === 5 ? EXPIRY_S : 0),
    }),
    protocolVersion,
    keeps,
    keepsSession:
      given.sessionExpiryInterval === undefined
        ? keeps || given.cleanStart === false
        : given.sessionExpiryInterval !== 0,
    will: will === undefined ? undefined : resolveWill(will),
    queue: {
      whenFull: oneOf('queue.whenFull', ['reject', 'dropOldest', 'dropNewest'], queue.whenFull),
      latestPerTopic: queue.latestPerTopic ?? false,
      ...resolveNumbers('queue.', QUEUE, queue),
    },
    reconnect: resolveNumbers('reconnect.', RECONNECT, reconnect === false ? { attempts: 0 } : reconnect),
  };
  tryConnectPacket(resolved);
  return resolved;
}

function checkTypes(given: ClientOptions, platformOptions: readonly string[]): void {
  const types: Record<string, string> = {};
  for (const type of Object.keys(OTHERS) as (keyof typeof OTHERS)[]) {
    for (const name of OTHERS[type].split(' ')) types[name] = type;
  }
  refuseUnknown('', given, [...Object.keys(types), ...Object.keys(NUMBERS), ...platformOptions]);
  for (const [name, value] of Object.entries(given)) {
    const type = types[name] ?? 'any';
    if (value === undefined || type === 'any' || (typeof value === type && value !== null)) continue;
    throw invalid(`${name}: expected ${type}, got ${value === null ? null : typeof value}`);
  }
  for (const name of Object.keys(PORTS) as (keyof typeof PORTS)[]) {
    const port = given[name] as unknown as Record<string, unknown> | undefined;
    for (const method of PORTS[name].split(' ')) {
      if (port !== undefined && typeof port[method] !== 'function')
        throw invalid(`${name}: expected the method ${method}, got none`);
    }
  }
}

/** @param owner whose options they are */
export function refuseUnknown(
  prefix: string,
  given: object,
  known: readonly string[],
  owner: string = 'the client',
): void {
  if (typeof given !== 'object' || given === null)
    throw invalid(`${prefix.slice(0, -1) || 'url'}: expected options, got ${String(given)}`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const start = name.slice(0, 5).toLowerCase();
    const similar = known.find((each) => each.toLowerCase().startsWith(start));
    const hint =
      similar === undefined ? ` (there are ${known.join(', ')})` : `; did you mean ${prefix}${similar}?`;
    throw invalid(`expected an option of ${owner}, got ${prefix}${name}${hint}`);
  }
}

/** What cannot stand in CONNECT is found by writing one. @throws {ClientError} INVALID_OPTION */
function tryConnectPacket(options: ResolvedOptions): void {
  const { protocolVersion, clientId = '', username, password, authentication } = options;
  const packet = connectPacket(options, {
    protocolVersion,
    clientId,
    cleanStart: true,
    username,
    password: password === undefined ? undefined : payloadBytes(password),
    authenticationMethod: authentication?.method,
    authenticationData: undefined,
  });
  try {
    // [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] [MQTT-3.1.2-22] 3.1.1 [MQTT-3.1.3-4] 3.1.1 [MQTT-3.1.3-11] 3.1.1
    encodeClientPacketExceptPublish(packet, protocolVersion);
  } catch (error) {
    throw invalid(errorText(error));
  }
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
    `expected a topic ${what}, got ${quoted(String(topic))}: ${problem}`,
  );
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

export function invalid(text: string): ClientError {
  return new ClientError('INVALID_OPTION', text);
}

export function checkNumber(name: string, value: unknown, least: number, most: number): number {
  const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (isWhole && (value as number) >= least && (value as number) <= most) return value as number;
  throw invalid(`${name}: expected an integer from ${least} to ${most}, got ${String(value)}`);
}

/** The value, or the first where there is none. @throws {ClientError} INVALID_OPTION */
export function oneOf<T>(name: string, values: readonly T[], value: T | undefined): T {
  if (value === undefined) return values[0]!;
  if (values.includes(value)) return value;
  throw invalid(`${name}: expected one of ${values.join(', ')}, got ${String(value)}`);
}

export function resolveNumbers<Name extends string>(
  prefix: string,
  table: { readonly [Each in Name]: Bounds },
  given: object = {},
): { readonly [Each in Name]: number } {
  const resolved = {} as Record<Name, number>;
  for (const name of Object.keys(table) as Name[]) {
    const [otherwise, least, most] = table[name];
    resolved[name] = checkNumber(
      prefix + name,
      (given as { readonly [Each in Name]?: unknown })[name] ?? otherwise,
      least,
      most,
    );
  }
  return resolved;
}

function resolveWill({ topicName, payload = '', qos, retain = false, ...properties }: WillOptions): Will {
  refuseTopicName(topicName, 'name as will.topicName');
  return {
    topicName,
    payload: payloadBytes(payload),
    qos: oneOf('will.qos', [0, 1, 2], qos),
    retain,
    properties: properties as WillProperties,
  };
}
