/** What `martlet start` prints once it listens: where, what it keeps, and how to try it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Listener, ListenerAddress } from '@martlet/broker';
import { addressText } from '@martlet/broker';
import { counted } from './amount-text.ts';
import type { Levels } from './durability-options.ts';
import type { TextStyle } from './text-style.ts';

export interface Announcement {
  readonly version: string;
  /** Where clients connect over TCP. */
  readonly tcp: Listener;
  readonly unix: Listener | undefined;
  readonly webSocket: { readonly listener: Listener; readonly path: string } | undefined;
  readonly levels: Levels;
  /** Undefined: it keeps nothing beyond its own life. */
  readonly data: KeptData | undefined;
  /** A person reads it, now. */
  readonly onTerminal: boolean;
  readonly style: TextStyle;
  /** The directories in which the shell looks for programs. */
  readonly searchPath: string;
}

/** What was found in the data directory. */
export interface KeptData {
  readonly directory: string;
  readonly sessions: number;
  readonly messages: number;
  /** How long it took to open and load, in ms. */
  readonly loadedInMs: number;
}

export function announcementText(announcement: Announcement): string {
  const { version, onTerminal, style } = announcement;
  const places = placesOf(announcement);
  const data = dataText(announcement);
  const [subscribe, publish] = tryCommands(announcement.tcp.address, announcement.searchPath);
  if (!onTerminal) {
    return lines([
      `Martlet ${version}`,
      ...places.map(({ name, url }) => `${name}: ${url}`),
      `Data: ${data.place}, ${data.detail}`,
      `Subscribe: ${subscribe}`,
      `Publish: ${publish}`,
    ]);
  }
  const width = Math.max('Data'.length, ...places.map(({ name }) => name.length));
  return lines([
    '',
    `  ${style('bold', 'Martlet')} ${version}  ${style('dim', 'MQTT 3.1, 3.1.1 and 5.0')}`,
    '',
    ...places.map(({ name, url }) => `  ${name.padEnd(width)}  ${style('cyan', url)}`),
    `  ${'Data'.padEnd(width)}  ${style('cyan', data.place)}`,
    `  ${' '.repeat(width)}  ${style('dim', data.detail)}`,
    '',
    '  Try it in two other terminals:',
    `    ${style('bold', subscribe)}`,
    `    ${style('bold', publish)}`,
    '',
    `  ${style('dim', 'Ctrl+C stops it.')}`,
    '',
  ]);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function placesOf({
  tcp,
  unix,
  webSocket,
}: Announcement): readonly { readonly name: string; readonly url: string }[] {
  const places = [{ name: 'MQTT', url: `mqtt://${addressText(tcp.address)}` }];
  if (unix !== undefined) places.push({ name: 'Unix socket', url: addressText(unix.address) });
  if (webSocket !== undefined) {
    const { listener, path } = webSocket;
    places.push({ name: 'WebSocket', url: `ws://${addressText(listener.address)}${path}` });
  }
  return places;
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

/** Two commands that can be typed as they are: Mosquitto's where this machine has them, else MQTT.js's by way of npx. */
function tryCommands(address: ListenerAddress, searchPath: string): readonly [string, string] {
  const { host, port } = address.kind === 'tcp' ? address : { host: 'localhost', port: 1883 };
  const place = `-h ${isUnspecified(host) ? 'localhost' : host} -p ${port}`;
  const installed = ['mosquitto_sub', 'mosquitto_pub'].every((program) => canRun(program, searchPath));
  const [sub, pub] = installed ? ['mosquitto_sub', 'mosquitto_pub'] : ['npx mqtt sub', 'npx mqtt pub'];
  return [`${sub} ${place} -t 'test/#' -v`, `${pub} ${place} -t test/hello -m 'Hello, Martlet'`];
}

/** Listens everywhere, and can be reached here by name. */
function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
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
