// Serial devices that vanish, stand still and are closed: pseudo-terminals.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSn } from '../../src/client/sn-client.ts';
import { streamChannel } from '../../src/client/stream-channel.ts';
import { RawFraming } from '../../src/links/framing/raw-framing.ts';
import { serialDevice } from '../../src/links/serial-device.ts';
import { tcpStream } from '../../src/links/tcp-stream.ts';
import { hasPython, PtyPair } from './pty-pair.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function pair(): Promise<PtyPair> {
  const pty = await PtyPair.open();
  closing.push(() => pty.close());
  return pty;
}

/** How many handles of this process are a device's. */
function handlesOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false; // it was that of the listing
    }
  }).length;
}

const nothing = (): void => {};

describe.skipIf(!hasPython)(`A serial device${hasPython ? '' : ' (skipped: needs /usr/bin/python3)'}`, () => {
  test('carries bytes both ways, and its handles are closed with it', async () => {
    const { paths } = await pair();
    const came = new Promise<string>((resolve) => {
      const take = (bytes: Uint8Array): void => resolve(Buffer.from(bytes).toString('hex'));
      void serialDevice({ path: paths[1] })(take, nothing).then((other) => closing.push(() => other.close()));
    });
    const told: Error[] = [];
    const line = await serialDevice({ path: paths[0] })(nothing, (error) => told.push(error));
    line.write(Uint8Array.from([2, 0x16]));
    expect(await came).toBe('0216');
    if (process.platform === 'linux') expect(handlesOf(paths[0])).toBeGreaterThan(0);
    await line.close();
    await line.close();
    if (process.platform === 'linux') expect(handlesOf(paths[0])).toBe(0);
    line.write(Uint8Array.from([2, 0x16]));
    expect(told).toEqual([]);
  });

  test('that vanishes is told once, its handles are closed, and a client on it is lost', async () => {
    const pty = await PtyPair.open();
    const path = pty.paths[0];
    const told: string[] = [];
    const gone = new Promise<void>((resolve) => {
      void serialDevice({ path })(nothing, ({ name, message }) => {
        told.push(`${name}: ${message}`);
        resolve();
      }).then((line) => {
        line.write(new Uint8Array(10));
        return pty.close();
      });
    });
    await gone;
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`SerialDeviceError: ${path} is gone`);
    if (process.platform === 'linux') expect(handlesOf(path)).toBe(0);
  });

  test('that vanishes under a client ends what it asks', async () => {
    const pty = await PtyPair.open();
    const channel = streamChannel(serialDevice({ path: pty.paths[0] }), new RawFraming());
    const connecting = connectSn({ clientId: 'dev', channel, retryMs: 60_000 });
    const ended = expect(connecting).rejects.toMatchObject({
      code: 'GATEWAY_LOST',
      message: expect.stringContaining('is gone'),
    });
    // The other end shows that the client has opened its own.
    await new Promise<void>((resolve) => {
      void serialDevice({ path: pty.paths[1] })(() => resolve(), nothing).then((other) => {
        closing.push(() => other.close());
      });
    });
    await pty.close();
    await ended;
  });

  test('that stands still does not stop the process, and what waits for it is bounded', async () => {
    const pty = await pair();
    pty.stop();
    const line = await serialDevice({ path: pty.paths[0], baudRate: 9600 })(nothing, nothing);
    for (let i = 0; i < 1000; i++) line.write(new Uint8Array(100));
    // 5 s of 9600 baud are 48 of them; the system keeps some as well.
    expect(line.overflowed).toBeGreaterThan(500);
    await line.close();
  });

  test('is none if it is an ordinary file', async () => {
    await expect(serialDevice({ path: import.meta.filename })(nothing, nothing)).rejects.toMatchObject({
      name: 'SerialDeviceError',
    });
  });
});

test('a line over TCP is told of once when it is closed there, and what waits for it is bounded', async () => {
  const server = createServer((socket) => socket.pause()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: { destroy(): void }[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  closing.push(async () => void server.close());
  const { port } = server.address() as { readonly port: number };
  const told: string[] = [];
  let onTold: () => void = nothing;
  const gone = new Promise<void>((resolve) => {
    onTold = resolve;
  });
  const line = await tcpStream('127.0.0.1', port)(nothing, ({ message }) => {
    told.push(message);
    onTold();
  });
  for (let i = 0; i < 100_000; i++) line.write(new Uint8Array(255));
  expect(line.overflowed).toBeGreaterThan(0);
  while (sockets.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  for (const socket of sockets) socket.destroy();
  await gone;
  line.write(new Uint8Array(10));
  await line.close();
  expect(told).toEqual([`127.0.0.1:${port} closed the connection`]);
});
