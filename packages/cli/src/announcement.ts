/** What `martlet start` prints once it listens: where, and how to try it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Listener, ListenerAddress } from '@martlet/broker';
import { addressText } from '@martlet/broker';
import type { TextStyle } from './text-style.ts';

export interface Announcement {
  readonly version: string;
  /** Where clients connect over TCP. */
  readonly tcp: Listener;
  readonly unix: Listener | undefined;
  readonly webSocket: { readonly listener: Listener; readonly path: string } | undefined;
  /** A person reads it, now. */
  readonly onTerminal: boolean;
  readonly style: TextStyle;
  /** The directories in which the shell looks for programs. */
  readonly searchPath: string;
}

export function announcementText(announcement: Announcement): string {
  const { version, onTerminal, style } = announcement;
  const places = placesOf(announcement);
  const [subscribe, publish] = tryCommands(announcement.tcp.address, announcement.searchPath);
  if (!onTerminal) {
    return lines([
      `Martlet ${version}`,
      ...places.map(({ name, url }) => `${name}: ${url}`),
      `Subscribe: ${subscribe}`,
      `Publish: ${publish}`,
    ]);
  }
  const width = Math.max(...places.map(({ name }) => name.length));
  return lines([
    '',
    `  ${style('bold', 'Martlet')} ${version}  ${style('dim', 'MQTT 3.1, 3.1.1 and 5.0')}`,
    '',
    ...places.map(({ name, url }) => `  ${name.padEnd(width)}  ${style('cyan', url)}`),
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
