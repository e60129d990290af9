/** `martlet sn dump`: every message that comes to a port, in words. It answers nothing. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Malformed, SnMessage } from '@martlet/gateway-sn';
import { decodeForwarder, decodeMessage, returnCodeText } from '@martlet/gateway-sn';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { listeningFailure } from './listening-failure.ts';
import type { SnValues } from './sn-connection.ts';
import { DEFAULT_PORT } from './sn-connection.ts';

const LONGEST_SHOWN = 80;

export async function snDump(values: SnValues, io: CommandIo): Promise<number> {
  const {
    bind = '127.0.0.1',
    port = DEFAULT_PORT,
    group,
    count = Number.POSITIVE_INFINITY,
    timeout,
  } = values;
  const socket = createSocket({ type: isIPv6(bind) ? 'udp6' : 'udp4', reuseAddr: group !== undefined });
  let left = count;
  await new Promise<void>((resolve, reject) => {
    const timer = timeout === undefined ? undefined : setTimeout(resolve, timeout);
    socket.on('error', (error) =>
      reject(listeningFailure(error, { port, bind }) ?? CommandFailure.ofSystem(error) ?? error),
    );
    socket.on('message', (bytes, { address, port: from }) => {
      io.stdout.write(`${address}:${from} ${datagramText(bytes)}\n`);
      left--;
      if (left === 0) resolve();
    });
    io.signal.addEventListener('abort', () => resolve(), { once: true });
    socket.bind({ address: group === undefined ? bind : undefined, port }, () => {
      if (group !== undefined) socket.addMembership(group, values.interface);
      const { address, port: bound } = socket.address();
      if (io.stderr.isTTY === true) io.stderr.write(`listening on UDP ${address}:${bound}\n`);
    });
    socket.once('close', () => clearTimeout(timer));
  }).finally(() => socket.close());
  io.signal.throwIfAborted();
  return ExitCode.Success;
}

/** One datagram in a line. */
export function datagramText(bytes: Uint8Array): string {
  const encapsulated = decodeForwarder(bytes);
  if (encapsulated === null) return messageText(decodeMessage(bytes, 0, { longTopics: true }));
  const { wirelessNodeId, innerStart } = encapsulated;
  const inner = decodeMessage(bytes.slice(innerStart), 0, { longTopics: true });
  return `[node ${Buffer.from(wirelessNodeId).toString('hex')}] ${messageText(inner)}`;
}

function messageText(message: SnMessage | Malformed): string {
  if (message.type === 'malformed') return `malformed: ${message.reason.replaceAll('-', ' ')}`;
  const { type, ...fields } = message;
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${valueText(name, value)}`);
  return [type.toUpperCase(), ...parts].join(' ');
}

function valueText(name: string, value: unknown): string {
  if (value instanceof Uint8Array) return bytesText(value);
  if (name === 'returnCode') return `${String(value)} (${returnCodeText(value as number)})`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}=${valueText(key, inner)}`)
      .join(' ')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value ?? '-');
}

/** Text if it is, and what a terminal may show; else hexadecimal. */
function bytesText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  const isPlain = Buffer.from(text).equals(Buffer.from(bytes)) && !/[\0-\x1f\x7f-\x9f]/u.test(text);
  const shown = isPlain ? JSON.stringify(text) : Buffer.from(bytes).toString('hex');
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}… (${bytes.length} bytes)` : shown;
}
