/** Flags that say where the server is, and by which way. */
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { readByAtoi, text, textLike, wholeNumber } from '../flags/value-parsers.ts';
import type { MosquittoUrl } from './mosquitto-url.ts';
import { parseMosquittoUrl } from './mosquitto-url.ts';

export type ServerFlags = {
  readonly host: ValueFlag<string>;
  readonly port: ValueFlag<number>;
  readonly url: ValueFlag<MosquittoUrl>;
  readonly unix: ValueFlag<string>;
  readonly webSocket: SwitchFlag;
  readonly srv: SwitchFlag;
  readonly bindAddress: ValueFlag<string>;
  readonly proxy: ValueFlag<string>;
  readonly noDelay: SwitchFlag;
};

const SERVER = 'Server';
/** A name, an IPv4 address, or an IPv6 address without brackets. */
const HOST = /^(?:[^\s/?#@[\]\\%:]+|[\da-f:]*:[\da-f:.]*)$/i;

export const SERVER_FLAGS: Readonly<ServerFlags> = {
  host: {
    kind: 'value',
    names: ['-h', '--host'],
    placeholder: 'host',
    group: SERVER,
    parse: textLike(HOST, 'a host name or an address'),
    text: 'where the server is; default localhost',
  },
  port: {
    kind: 'value',
    names: ['-p', '--port'],
    placeholder: 'port',
    group: SERVER,
    ...readByAtoi(wholeNumber(1, 65_535, (got) => `Invalid port given: ${got}`)),
    text: 'default 1883; over TLS 8883; over WebSocket 80, over both 443',
  },
  url: {
    kind: 'value',
    names: ['-L', '--url'],
    placeholder: 'URL',
    group: SERVER,
    parse: parseMosquittoUrl,
    text: 'server, user and topic in one: mqtt[s]://[user[:password]@]host[:port]/topic, or ws[s]://…',
  },
  unix: {
    kind: 'value',
    names: ['--unix'],
    placeholder: 'path',
    missing: '--unix argument given but no socket path specified.',
    group: SERVER,
    completes: 'file',
    parse: text('the path of a socket'),
    text: 'connect through a Unix socket instead of to a host',
  },
  webSocket: {
    kind: 'switch',
    names: ['--ws'],
    group: SERVER,
    text: 'speak MQTT over WebSocket, at the path /mqtt',
  },
  srv: {
    kind: 'switch',
    names: ['-S'],
    group: SERVER,
    text: 'look the host up as a service (DNS SRV records) to find server and port',
  },
  bindAddress: {
    kind: 'value',
    names: ['-A'],
    placeholder: 'address',
    group: SERVER,
    parse: text('an address of this machine'),
    text: 'connect from this address of this machine',
  },
  proxy: {
    kind: 'value',
    names: ['--proxy'],
    placeholder: 'URL',
    missing: '--proxy argument given but no proxy url specified.',
    group: SERVER,
    parse: text('socks5h://[user[:password]@]host[:port]'),
    text: 'connect through a SOCKS5 proxy: socks5h://[user[:password]@]host[:port]',
  },
  noDelay: {
    kind: 'switch',
    names: ['--nodelay'],
    group: SERVER,
    text: 'send small packets at once, which is done anyway',
  },
};
