/** The value of a `listener` or `port` line. */
import { quoted } from './configuration-lines.ts';
import type { ListenerAddress } from './settings.ts';

/** Longest path of a Unix socket, as the system has it. */
const LONGEST_PATH_BYTES = 107;

/** @param text such as `1883`, `1883 192.0.2.1` or `0 /run/mosquitto.sock` */
export function parseListenerAddress(
  text: string,
): { readonly address: ListenerAddress; readonly notice?: string } | { readonly error: string } {
  const [portText = '', place, ...more] = text.split(/ +/).map((word) => word.trim());
  const parsed = parsePort(portText, 0);
  if ('error' in parsed) return parsed;
  const { port } = parsed;
  const notice =
    more.join('') === '' ? {} : { notice: `${quoted(more.join(' '))} after the address has no effect` };
  if (port !== 0) {
    const host = place === undefined || place === '' ? undefined : place;
    return { address: { kind: 'tcp', port, host }, ...notice };
  }
  if (place === undefined || place === '') {
    return {
      error: `expected a port from 1 to 65535, or 0 and the path of a Unix socket, got ${quoted(text)}`,
    };
  }
  const bytes = Buffer.byteLength(place);
  if (bytes > LONGEST_PATH_BYTES) {
    return { error: `expected a path of at most ${LONGEST_PATH_BYTES} bytes, got one of ${bytes}` };
  }
  return { address: { kind: 'unix', path: place }, ...notice };
}

/** As C's `atoi`: decimal always, and 0 without digits. */
export function parsePort(
  text: string,
  minimum: 0 | 1,
): { readonly port: number } | { readonly error: string } {
  const [, digits = '0'] = /^\s*([+-]?\d+)/.exec(text) ?? [];
  const port = Number.parseInt(digits, 10);
  if (port >= minimum && port <= 65_535) return { port };
  return { error: `expected a port from ${minimum} to 65535, got ${quoted(text.trim())}` };
}
