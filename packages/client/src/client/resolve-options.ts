/** Checks a client's options and fills in what was left out. Misuse throws here, before anything is done. */
import type { Will, WillProperties } from '@martlet/protocol';
import { checkTopicName, ProtocolVersion, TOPIC_PROBLEMS } from '@martlet/protocol';
import { ClientError } from '../client-error.ts';
import type { CoreOptions } from '../core/client-core.ts';
import type { ConnectFields } from '../core/connection/connect-packet.ts';
import type { ReconnectLimits } from '../core/reconnect/reconnect-policy.ts';
import type { ClientOptions, Payload, WillOptions } from './client-options.ts';

const NUMBERS = {
  sessionExpiryInterval: [0, 0xffff_ffff],
  keepAlive: [0, 0xffff],
  connectTimeoutMs: [1, 0x7fff_ffff],
  receiveMaximum: [1, 0xffff],
  maximumPacketSize: [16, 268_435_460],
  topicAliasMaximum: [0, 0xffff],
  outgoingTopicAliases: [0, 0xffff],
  quarantineAttempts: [1, 1_000_000],
  unroutedMessages: [0, 1_000_000],
} as const satisfies Partial<Record<keyof ClientOptions, readonly [number, number]>>;

const OTHERS: readonly (keyof ClientOptions)[] = [
  'url',
  'servers',
  'clientId',
  'username',
  'password',
  'credentials',
  'protocolVersion',
  'fallback',
  'cleanStart',
  'will',
  'userProperties',
  'requestResponseInformation',
  'requestProblemInformation',
  'reconnect',
  'followServerMoved',
  'queue',
  'store',
  'authentication',
  'transport',
  'environment',
];

export interface ResolvedOptions {
  readonly given: ClientOptions;
  readonly core: CoreOptions;
  readonly connect: ConnectFields;
  readonly reconnect: ReconnectLimits;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly connectTimeoutMs: number;
}

/**
 * @param platformOptions names of further options that the platform's transports know
 * @throws {ClientError} INVALID_OPTION
 */
export function resolveOptions(given: ClientOptions, platformOptions: readonly string[]): ResolvedOptions {
  const known = [...Object.keys(NUMBERS), ...OTHERS, ...platformOptions];
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw invalid(`expected an option of the client, got ${name}`);
  }
  const number = (name: keyof typeof NUMBERS, otherwise: number): number => {
    const value = given[name] ?? otherwise;
    if (value === false) return Number.POSITIVE_INFINITY;
    const [least, most] = NUMBERS[name];
    return checkNumber(name, value, least, most);
  };
  const protocolVersion = given.protocolVersion ?? ProtocolVersion.V5;
  if (![3, 4, 5].includes(protocolVersion))
    throw invalid(`protocolVersion: expected 5, 4 or 3, got ${protocolVersion}`);
  if (given.clientId !== undefined && typeof given.clientId !== 'string') {
    throw invalid(`clientId: expected a string, got ${typeof given.clientId}`);
  }
  const hasStore = given.store !== undefined;
  if (hasStore && !given.clientId) {
    throw invalid(
      'store: expected a clientId with it, because the session at the server is found by that, got none',
    );
  }
  const { queue = {}, reconnect = {} } = given;
  const limits = reconnect === false ? { attempts: 0 } : reconnect;
  const maximumPacketSize = number('maximumPacketSize', 16 * 1_048_576);
  const receiveMaximum = number('receiveMaximum', 1024);
  const topicAliasMaximum = number('topicAliasMaximum', 64);
  const whenFull = queue.whenFull ?? 'reject';
  if (!['reject', 'dropOldest', 'dropNewest'].includes(whenFull)) {
    throw invalid(`queue.whenFull: expected reject, dropOldest or dropNewest, got ${String(whenFull)}`);
  }
  return {
    given,
    core: {
      maximumPacketSize,
      receiveMaximum,
      topicAliasMaximum,
      outgoingTopicAliases: number('outgoingTopicAliases', 64),
      queue: {
        messages: checkNumber('queue.messages', queue.messages ?? 10_000, 0, 0xffff_ffff),
        bytes: checkNumber('queue.bytes', queue.bytes ?? 64 * 1_048_576, 0, Number.MAX_SAFE_INTEGER),
        whenFull,
        latestPerTopic: queue.latestPerTopic ?? false,
      },
      quarantineAttempts: number('quarantineAttempts', 3),
      unroutedMessages: number('unroutedMessages', 100),
      keeps: hasStore,
    },
    connect: {
      keepAlive: number('keepAlive', 60),
      sessionExpiryInterval: number('sessionExpiryInterval', defaultExpiry(protocolVersion, hasStore)),
      receiveMaximum,
      maximumPacketSize,
      topicAliasMaximum,
      requestResponseInformation: given.requestResponseInformation ?? false,
      requestProblemInformation: given.requestProblemInformation ?? true,
      userProperties: given.userProperties ?? [],
      will: given.will === undefined ? undefined : resolveWill(given.will),
    },
    reconnect: {
      minimumDelayMs: checkNumber('reconnect.minimumDelayMs', limits.minimumDelayMs ?? 1000, 0, 0x7fff_ffff),
      maximumDelayMs: checkNumber(
        'reconnect.maximumDelayMs',
        limits.maximumDelayMs ?? 60_000,
        0,
        0x7fff_ffff,
      ),
      attempts: limits.attempts ?? Number.POSITIVE_INFINITY,
    },
    protocolVersion,
    cleanStart: given.cleanStart ?? !hasStore,
    connectTimeoutMs: number('connectTimeoutMs', 30_000),
  };
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

/** @throws {ClientError} INVALID_TOPIC */
export function refuseTopicName(topicName: unknown): void {
  if (typeof topicName !== 'string') {
    throw new ClientError('INVALID_TOPIC', `expected a string as topic name, got ${typeof topicName}`);
  }
  const problem = checkTopicName(topicName, Number.POSITIVE_INFINITY);
  if (problem === null) return;
  throw new ClientError(
    'INVALID_TOPIC',
    `expected a topic name, got ${quoted(topicName)}, which ${TOPIC_PROBLEMS[problem]}`,
  );
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

export function invalid(text: string): ClientError {
  return new ClientError('INVALID_OPTION', text);
}

export function checkNumber(name: string, value: unknown, least: number, most: number): number {
  if (
    typeof value === 'number' &&
    value >= least &&
    value <= most &&
    (Number.isInteger(value) || value === Infinity)
  ) {
    return value;
  }
  throw invalid(`${name}: expected an integer from ${least} to ${most}, got ${String(value)}`);
}

function defaultExpiry(protocolVersion: ProtocolVersion, hasStore: boolean): number {
  if (hasStore) return 86_400;
  return protocolVersion === ProtocolVersion.V5 ? 300 : 0;
}

function resolveWill({ topicName, payload = '', qos = 0, retain = false, ...properties }: WillOptions): Will {
  refuseTopicName(topicName);
  if (![0, 1, 2].includes(qos)) throw invalid(`will.qos: expected 0, 1 or 2, got ${String(qos)}`);
  return {
    topicName,
    payload: payloadBytes(payload as Payload),
    qos,
    retain,
    properties: properties as WillProperties,
  };
}
