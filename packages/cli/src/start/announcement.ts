/** What `martlet start` prints once it listens: where, what it keeps, and how to try it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ListenerAddress } from '@martlet/broker';
import { addressText } from '@martlet/broker';
import type { ListenerConfiguration } from '@martlet/broker/config';
import { counted } from '../amount-text.ts';
import type { TextStyle } from '../text-style.ts';
import type { Levels } from './durability-options.ts';

export interface Announcement {
  readonly version: string;
  /** The configuration file; undefined: there is none. */
  readonly file: string | undefined;
  readonly listeners: readonly AnnouncedListener[];
  readonly levels: Levels;
  /** Undefined: it keeps nothing beyond its own life. */
  readonly data: KeptData | undefined;
  /** A person reads it, now. */
  readonly onTerminal: boolean;
  readonly style: TextStyle;
  /** The directories in which the shell looks for programs. */
  readonly searchPath: string;
}

/** Where clients connect, and how. */
export interface AnnouncedListener {
  readonly configuration: Pick<ListenerConfiguration, 'protocol' | 'tls' | 'webSocket'>;
  readonly address: ListenerAddress;
  /** Clients may come as they are: without a user name, and without the header of a proxy. */
  readonly isOpen: boolean;
}

/** What was found in the data directory. */
export interface KeptData {
  readonly directory: string;
  readonly sessions: number;
  readonly messages: number;
  /** How long it took to open and load, in ms. */
  readonly loadedInMs: number;
}

/** More listeners are counted. */
const MAXIMUM_PLACES = 12;

export function announcementText(announcement: Announcement): string {
  const { version, file, onTerminal, style } = announcement;
  const all = placesOf(announcement);
  const places = all.slice(0, MAXIMUM_PLACES);
  const more = all.length - places.length;
  if (more > 0) places.push({ name: 'More', url: counted(more, 'listener') });
  const data = dataText(announcement);
  const commands = tryCommands(announcement);
  if (!onTerminal) {
    return lines([
      `Martlet ${version}`,
      ...places.map(({ name, url }) => `${name}: ${url}`),
      ...(file === undefined ? [] : [`Configuration: ${file}`]),
      `Data: ${data.place}, ${data.detail}`,
      ...(commands === undefined ? [] : [`Subscribe: ${commands.subscribe}`, `Publish: ${commands.publish}`]),
    ]);
  }
  const names = [...places.map(({ name }) => name), ...(file === undefined ? [] : ['Configuration'])];
  const width = Math.max('Data'.length, ...names.map(({ length }) => length));
  return lines([
    '',
    `  ${style('bold', 'Martlet')} ${version}  ${style('dim', 'MQTT 3.1, 3.1.1 and 5.0')}`,
    '',
    ...places.map(({ name, url }) => `  ${name.padEnd(width)}  ${style('cyan', url)}`),
    ...(file === undefined ? [] : [`  ${'Configuration'.padEnd(width)}  ${style('cyan', file)}`]),
    `  ${'Data'.padEnd(width)}  ${style('cyan', data.place)}`,
    `  ${' '.repeat(width)}  ${style('dim', data.detail)}`,
    '',
    ...(commands === undefined
      ? []
      : [
          '  Try it in two other terminals:',
          `    ${style('bold', commands.subscribe)}`,
          `    ${style('bold', commands.publish)}`,
          '',
        ]),
    `  ${style('dim', 'Ctrl+C stops it.')}`,
    '',
  ]);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

interface Place {
  readonly name: string;
  readonly url: string;
}

/** Those that are plain and on a port come first: they are the ones to try. */
function placesOf({ listeners }: Announcement): Place[] {
  const order = ['MQTT', 'MQTT over TLS', 'Unix socket', 'WebSocket', 'WebSocket over TLS', 'MQTT-SN'];
  const places = listeners.map(placeOf);
  return places.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function placeOf({ configuration, address }: AnnouncedListener): Place {
  const { protocol, tls, webSocket } = configuration;
  const text = addressText(address);
  const isSecure = tls !== null;
  // Any path will do: the shortest is shown.
  const path = webSocket.path === '*' ? '/' : webSocket.path;
  if (address.kind === 'unix') return { name: 'Unix socket', url: text };
  if (protocol === 'mqtt-sn')
    return { name: 'MQTT-SN', url: address.kind === 'udp' ? `udp://${text}` : text };
  if (protocol === 'mqtt')
    return isSecure
      ? { name: 'MQTT over TLS', url: `mqtts://${text}` }
      : { name: 'MQTT', url: `mqtt://${text}` };
  return isSecure
    ? { name: 'WebSocket over TLS', url: `wss://${text}${path}` }
    : { name: 'WebSocket', url: `ws://${text}${path}` };
}

/** Where things are kept; at which levels, and what was there. */
function dataText({ data, levels }: Announcement): { readonly place: string; readonly detail: string } {
  const topics = levels.topicDurability.map(({ topicFilter, durability }) => `${topicFilter}=${durability}`);
  const level = [levels.durability, ...topics].join(', ');
  if (data === undefined)
    return { place: 'in memory', detail: `durability ${level}: gone when the broker ends` };
  const { directory, sessions, messages, loadedInMs } = data;
  const loaded = `${counted(sessions, 'session')} and ${counted(messages, 'message')} loaded in ${Math.round(loadedInMs)} ms`;
  return { place: directory, detail: `durability ${level}: ${loaded}` };
}

/**
 * Two commands that can be typed as they are: Mosquitto's where this machine has them, else MQTT.js's by way of npx. Undefined where
 * no listener is plain MQTT on a port and open to everyone: what would be refused is not proposed.
 */
function tryCommands({
  listeners,
  searchPath,
}: Announcement): { readonly subscribe: string; readonly publish: string } | undefined {
  const addresses = listeners
    .filter(({ configuration: { protocol, tls }, isOpen }) => protocol === 'mqtt' && tls === null && isOpen)
    .flatMap(({ address }) => (address.kind === 'tcp' ? [address] : []));
  const [first] = addresses;
  if (first === undefined) return undefined;
  const place = `-h ${isUnspecified(first.host) ? 'localhost' : first.host} -p ${first.port}`;
  const installed = ['mosquitto_sub', 'mosquitto_pub'].every((program) => canRun(program, searchPath));
  const [sub, pub] = installed ? ['mosquitto_sub', 'mosquitto_pub'] : ['npx mqtt sub', 'npx mqtt pub'];
  return {
    subscribe: `${sub} ${place} -t 'test/#' -v`,
    publish: `${pub} ${place} -t test/hello -m 'Hello, Martlet'`,
  };
}

/** Listens everywhere, and can be reached here by name. */
function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '*';
}

function canRun(program: string, searchPath: string): boolean {
  return searchPath.split(delimiter).some((directory) => {
    if (directory === '') return false;
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
