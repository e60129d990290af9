/**
 * What the flags of `martlet start` say, as values of the configuration. They are written over its file: `--port` and `--host` over its
 * first listener for MQTT on a port, `--ws-port` and the like over its first for WebSocket; `--socket` adds one, and so does `--sn-port`,
 * unless there is one for MQTT-SN.
 */
import { resolve } from 'node:path';
import type { ConfigurationOverride, ListenerConfiguration } from '@martlet/broker/config';
import { UsageError } from '../usage-error.ts';
import { isMemoryOnly, parseLevels } from './durability-options.ts';
import { parseLimits } from './limit-options.ts';
import type { StartOptions } from './start-options.ts';

/** Flags that were typed, by the names of their options. */
export type GivenOptions = ReadonlySet<keyof StartOptions>;

type Key = ConfigurationOverride['key'];

/** Whatever there are listeners for: those of the file, or those of a broker without one. */
export type PlacedListener = Pick<ListenerConfiguration, 'protocol' | 'path' | 'socketActivation'>;

const DEFAULT_LISTENERS: readonly PlacedListener[] = [
  { protocol: 'mqtt', path: null, socketActivation: null },
  { protocol: 'websocket', path: null, socketActivation: null },
];

const TYPES: readonly (readonly string[])[] = [
  ['error', 'warning', 'notice'],
  ['error', 'warning', 'notice', 'info'],
  ['error', 'warning', 'notice', 'info', 'debug', 'subscribe', 'unsubscribe', 'websockets'],
];

/**
 * @param listeners of the file; undefined: there is no file
 * @param env of the process, whose variables may say something where a flag only has its default
 * @throws {UsageError} for what cannot be meant
 */
export function startOverrides(
  options: StartOptions,
  given: GivenOptions,
  listeners: readonly PlacedListener[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly ConfigurationOverride[] {
  return [
    ...storeOverrides(options, given),
    ...listenerOverrides(options, given, listeners),
    ...openness(options, given, listeners, env),
    ...otherOverrides(options, given),
  ];
}

/** Whether flags are about listeners, whose places in the file must then be known. */
export function concernsListeners(given: GivenOptions): boolean {
  return (['port', 'host', 'wsPort', 'wsPath', 'wsOrigin', 'ws', 'socket', 'snPort', 'snHost'] as const).some(
    (name) => given.has(name),
  );
}

function storeOverrides(options: StartOptions, given: GivenOptions): readonly ConfigurationOverride[] {
  const { dataDir, durability } = options;
  const levels = parseLevels(durability, options.topicDurability ?? []);
  if (dataDir !== undefined && given.has('durability') && isMemoryOnly(levels)) {
    throw new UsageError(
      "option '--data-dir': with --durability memory nothing is kept there; leave one of the two out",
    );
  }
  return [
    ...(dataDir === undefined ? [] : [flag('--data-dir', ['store', 'directory'], resolve(dataDir))]),
    ...(given.has('durability') ? [flag('--durability', ['store', 'durability'], durability)] : []),
    ...(options.topicDurability === undefined
      ? []
      : [flag('--topic-durability', ['store', 'topicDurability'], levels.topicDurability)]),
  ];
}

function listenerOverrides(
  options: StartOptions,
  given: GivenOptions,
  listeners: readonly PlacedListener[] | undefined,
): readonly ConfigurationOverride[] {
  const { host, port, wsPort, wsPath, wsOrigin, socket } = options;
  const hasFile = listeners !== undefined;
  const overrides: ConfigurationOverride[] = [];
  let places = listeners ?? DEFAULT_LISTENERS;
  if (given.has('ws') && !options.ws) {
    if (hasFile && places.some(({ protocol }) => protocol === 'websocket'))
      throw new UsageError(
        "option '--no-ws': take the listener of protocol websocket out of the configuration file",
      );
    places = places.filter(({ protocol }) => protocol !== 'websocket');
    if (!hasFile) overrides.push(flag('--no-ws', ['listeners'], [{ protocol: 'mqtt' }]));
  }
  const mqtt = (name: string): number => placeOf(places, 'mqtt', name);
  const web = (name: string): number => placeOf(places, 'websocket', name);
  if (given.has('port')) overrides.push(flag('--port', ['listeners', mqtt('--port'), 'port'], port));
  if (given.has('host'))
    for (const [index, place] of places.entries())
      if (!hasFile || index === mqtt('--host'))
        if (place.path === null) overrides.push(flag('--host', ['listeners', index, 'host'], host));
  const hasWeb = hasFile || options.ws;
  if (given.has('wsPort') && hasWeb)
    overrides.push(flag('--ws-port', ['listeners', web('--ws-port'), 'port'], wsPort));
  if (given.has('wsPath') && hasWeb)
    overrides.push(flag('--ws-path', ['listeners', web('--ws-path'), 'webSocket', 'path'], wsPath));
  if (wsOrigin !== undefined && hasWeb)
    overrides.push(flag('--ws-origin', ['listeners', web('--ws-origin'), 'webSocket', 'origins'], wsOrigin));
  if (socket !== undefined)
    overrides.push(flag('--socket', ['listeners', places.length], { path: resolve(socket) }));
  const next = places.length + (socket === undefined ? 0 : 1);
  return [...overrides, ...snOverrides(options, given, places, next)];
}

/** @param next where one more listener stands */
function snOverrides(
  { snPort, snHost }: StartOptions,
  given: GivenOptions,
  places: readonly PlacedListener[],
  next: number,
): readonly ConfigurationOverride[] {
  const at = places.findIndex(({ protocol }) => protocol === 'mqtt-sn');
  if (at < 0) {
    if (snPort !== undefined)
      return [flag('--sn-port', ['listeners', next], { protocol: 'mqtt-sn', port: snPort, host: snHost })];
    if (given.has('snHost')) throw new UsageError("option '--sn-host': expected --sn-port with it, got none");
    return [];
  }
  return [
    ...(snPort === undefined ? [] : [flag('--sn-port', ['listeners', at, 'port'], snPort)]),
    ...(given.has('snHost') ? [flag('--sn-host', ['listeners', at, 'host'], snHost)] : []),
  ];
}

function placeOf(places: readonly PlacedListener[], protocol: 'mqtt' | 'websocket', name: string): number {
  const at = places.findIndex(
    (place) => place.protocol === protocol && place.path === null && place.socketActivation === null,
  );
  if (at >= 0) return at;
  throw new UsageError(
    `option '${name}': expected a listener of protocol ${protocol} on a port in the configuration file, found none`,
  );
}

/**
 * Without a file, `--host 0.0.0.0` alone lets everyone in, and the broker warns of it: who types that wants to try something. A file
 * says who may connect.
 */
function openness(
  { host, snHost }: StartOptions,
  given: GivenOptions,
  listeners: readonly PlacedListener[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): readonly ConfigurationOverride[] {
  const isSaid = Object.keys(env).some((name) => name.startsWith('MARTLET_AUTHENTICATION'));
  if (listeners !== undefined || isSaid) return [];
  const opener = given.has('host')
    ? `--host ${host}`
    : given.has('snHost')
      ? `--sn-host ${snHost}`
      : undefined;
  return opener === undefined ? [] : [flag(opener, ['authentication', 'anonymous'], true)];
}

function otherOverrides(options: StartOptions, given: GivenOptions): readonly ConfigurationOverride[] {
  const { fullQueue, queueQos0, willGraceMs, logFormat, verbose, control, pidFile } = options;
  const limits = Object.entries(parseLimits(options.limit ?? []));
  return [
    ...limits.map(([name, value]) => flag('--limit', ['limits', name], value)),
    ...(given.has('fullQueue') ? [flag('--full-queue', ['behaviour', 'fullQueue'], fullQueue)] : []),
    ...(queueQos0 === undefined ? [] : [flag('--queue-qos0', ['behaviour', 'queueQos0'], queueQos0)]),
    ...(given.has('willGraceMs') ? [flag('--will-grace-ms', ['behaviour', 'willGraceMs'], willGraceMs)] : []),
    ...(given.has('logFormat') ? [flag('--log-format', ['log', 'format'], logFormat)] : []),
    ...(verbose > 0
      ? [flag('--verbose', ['log', 'types'], TYPES[Math.min(verbose, TYPES.length - 1)]!)]
      : []),
    ...(control === undefined
      ? []
      : [flag('--control', ['control', 'socket'], control === 'none' ? control : resolve(control))]),
    ...(pidFile === undefined ? [] : [flag('--pid-file', ['pidFile'], resolve(pidFile))]),
  ];
}

function flag(name: string, key: Key, value: unknown): ConfigurationOverride {
  return { key, value, from: { kind: 'flag', flag: name } };
}
