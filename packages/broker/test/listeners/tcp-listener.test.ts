import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Accept } from '../../src/core/ports/transport.ts';
import { EnvironmentError } from '../../src/environment-error.ts';
import { descriptorLimit } from '../../src/listeners/descriptor-limit.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import type { TcpListenerOptions } from '../../src/listeners/tcp-listener.ts';
import { listenTcp } from '../../src/listeners/tcp-listener.ts';
import { RecordingSink } from './recording-sink.ts';
import { pattern } from './transport-contract.ts';
import { dialSocket, noLog, Peer } from './wire.ts';

const listeners: Listener[] = [];
const directories: string[] = [];

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

async function listen(accept: Accept, options: TcpListenerOptions = {}, log = noLog): Promise<Listener> {
  const listener = await listenTcp({ port: 0, lingerMs: 100, ...options }, accept, log);
  listeners.push(listener);
  return listener;
}

const dial = async (listener: Listener): Promise<Peer> => new Peer(await dialSocket(listener), false);

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-'));
  directories.push(directory);
  return join(directory, 'mqtt.sock');
}

const echo: Accept = (transport) => {
  const sink = new RecordingSink(transport);
  sink.onReceive = (bytes) => transport.write(bytes);
  return sink;
};

describe('Connections that read into one buffer', () => {
  test.each([
    ['handles', false],
    ['net.Socket', true],
  ])('never see bytes of one another (%s)', async (_kind, plainSockets) => {
    const sinks: RecordingSink[] = [];
    const listener = await listen(
      (transport) => {
        const sink = new RecordingSink(transport);
        sinks.push(sink);
        return sink;
      },
      { plainSockets },
    );
    const peers = await Promise.all(Array.from({ length: 20 }, () => dial(listener)));
    // Every connection sends its own number, over and over, in pieces that arrive interleaved.
    const lengths = peers.map(() => 0);
    for (let round = 0; round < 50; round++) {
      for (const [i, peer] of peers.entries()) {
        const length = 1 + ((round * 977 + i * 131) % 9000);
        peer.send(Buffer.alloc(length, i));
        lengths[i]! += length;
      }
      if (round % 10 === 0) await new Promise(setImmediate);
    }
    const total = lengths.reduce((a, b) => a + b);
    const received = () => sinks.reduce((sum, sink) => sum + sink.bytes.length, 0);
    for (const sink of sinks)
      await sink.until(() => sink.bytes.length >= lengths[sink.chunks[0]?.[0] ?? -1]!);
    expect(received()).toBe(total);
    for (const sink of sinks) {
      const { bytes } = sink;
      const number = bytes[0]!;
      expect(bytes.every((byte) => byte === number)).toBe(true);
      expect(bytes.length).toBe(lengths[number]);
    }
    expect(new Set(sinks.map((sink) => sink.bytes[0])).size).toBe(peers.length);
  });

  test('get it from the host, for several listeners', async () => {
    const readBuffer = new Uint8Array(4096);
    const views: Uint8Array[] = [];
    const accept: Accept = (transport) => ({
      receive: (bytes, start, end) => {
        views.push(bytes);
        transport.write(bytes.slice(start, end));
      },
      onDrained: () => {},
      onClosed: () => {},
    });
    for (let i = 0; i < 2; i++) {
      const peer = await dial(await listen(accept, { readBuffer }));
      peer.send(Buffer.from('hello'));
      expect((await peer.receive(5)).toString()).toBe('hello');
      peer.end();
    }
    expect(views).toEqual([readBuffer, readBuffer]);
    expect(views[0]).toBe(readBuffer);
  });
});

describe('A sink that names a place for the next bytes', () => {
  /** Takes the bytes from `from` to `to` of the stream into memory of its own, and the rest from the shared buffer. */
  class PlacingSink extends RecordingSink {
    readonly place: Uint8Array;
    readonly from: number;
    lentReads = 0;
    sharedReads = 0;
    #received = 0;

    constructor(transport: RecordingSink['transport'], from: number, bytes: number) {
      super(transport);
      this.from = from;
      this.place = new Uint8Array(bytes);
    }

    override receive(bytes: Uint8Array, start: number, end: number): void {
      if (bytes.buffer === this.place.buffer) this.lentReads++;
      else this.sharedReads++;
      this.#received += end - start;
      super.receive(bytes, start, end);
    }

    readInto(): Uint8Array | null {
      const at = this.#received - this.from;
      return at < 0 ? null : this.place.subarray(at); // Empty once it is full.
    }
  }

  test('gets them there, exactly as many as fit, and then others from the shared buffer', async () => {
    const sinks: PlacingSink[] = [];
    const listener = await listen((transport) => {
      const sink = new PlacingSink(transport, 10, 300_000);
      sinks.push(sink);
      return sink;
    });
    const peer = await dial(listener);
    const bytes = pattern(400_000);
    peer.send(bytes.subarray(0, 10));
    const [sink] = await sinksOf(sinks, 1);
    await sink!.until(() => sink!.bytes.length === 10);
    peer.send(bytes.subarray(10));
    await sink!.until(() => sink!.bytes.length === bytes.length);
    expect(sink!.bytes.equals(bytes)).toBe(true);
    expect(Buffer.from(sink!.place).equals(bytes.subarray(10, 300_010))).toBe(true);
    expect(sink!.lentReads).toBeGreaterThan(0);
    expect(sink!.sharedReads).toBeGreaterThan(1);
  });

  test('keeps other connections out of that memory', async () => {
    const sinks: PlacingSink[] = [];
    const listener = await listen((transport) => {
      const sink = new PlacingSink(transport, 1, 50_000);
      sinks.push(sink);
      return sink;
    });
    const peers = await Promise.all(Array.from({ length: 10 }, () => dial(listener)));
    for (const [i, peer] of peers.entries()) peer.send(Buffer.of(i));
    const all = await sinksOf(sinks, 10);
    for (const sink of all) await sink.until(() => sink.bytes.length === 1);
    for (let part = 0; part < 10; part++)
      for (const [i, peer] of peers.entries()) peer.send(Buffer.alloc(5_000, i));
    for (const sink of all) await sink.until(() => sink.bytes.length === 50_001);
    for (const sink of all) {
      const number = sink.bytes[0];
      expect(sink.place.every((byte) => byte === number)).toBe(true);
    }
  });

  test('is not asked again when it has closed the connection', async () => {
    let asked = 0;
    let closed: () => void = () => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const listener = await listen((transport) => ({
      receive: () => transport.destroy(),
      onDrained: () => {},
      onClosed: closed,
      readInto: () => {
        asked++;
        return null;
      },
    }));
    const peer = await dial(listener);
    peer.send(Buffer.from('x'));
    await isClosed;
    expect(asked).toBe(0);
  });

  test('has it back when the connection is closed', async () => {
    const sinks: PlacingSink[] = [];
    const listener = await listen((transport) => {
      const sink = new PlacingSink(transport, 1, 1000);
      sinks.push(sink);
      return sink;
    });
    const peer = await dial(listener);
    peer.send(Buffer.from('x'));
    const [sink] = await sinksOf(sinks, 1);
    await sink!.until(() => sink!.bytes.length === 1);
    sink!.transport.end();
    peer.send(pattern(5000));
    await sink!.closed();
    const before = Buffer.from(sink!.place);
    await new Promise(setImmediate);
    expect(before.equals(sink!.place)).toBe(true);
    expect(sink!.bytes.length).toBe(1);
  });
});

/** Connections are accepted a moment after they are made. */
async function sinksOf<T extends RecordingSink>(sinks: readonly T[], count: number): Promise<readonly T[]> {
  while (sinks.length < count) await new Promise(setImmediate);
  return sinks;
}

describe('A TCP listener', () => {
  test('[MQTT-4.2.0-1] v5 [MQTT-7.1.1-1] v3.1.1 carries bytes in both directions, in order and without loss', async () => {
    const peer = await dial(await listen(echo));
    const bytes = pattern(2_000_000);
    peer.send(bytes);
    expect((await peer.receive(bytes.length)).equals(bytes)).toBe(true);
    peer.end();
  });

  test.each([
    ['handles', false],
    ['net.Socket', true],
  ])('forgets 2,000 connections that came and went (%s)', async (_kind, plainSockets) => {
    let closed = 0;
    const listener = await listen(
      (transport) => ({
        receive: (bytes, start, end) => transport.write(bytes.slice(start, end)),
        onDrained: () => {},
        onClosed: () => closed++,
      }),
      { plainSockets },
    );
    const comeAndGo = async () => {
      for (let i = 0; i < 100; i++) {
        const peer = await dial(listener);
        peer.send(Buffer.from('x'));
        await peer.receive(1);
        if (i % 3 === 0) peer.reset();
        else peer.end();
        await peer.closed;
      }
    };
    await Promise.all(Array.from({ length: 20 }, comeAndGo));
    while (closed < 2000) await new Promise(setImmediate);
    expect(closed).toBe(2000);
    expect(listener.connections).toBe(0);
  });

  test.each([
    ['handles', false],
    ['net.Socket', true],
  ])('tells when the file descriptors are used up (%s)', async (_kind, plainSockets) => {
    const lines: string[] = [];
    const log = {
      write: (level: string, code: string, text: string) => lines.push(`${level} ${code} ${text}`),
    };
    expect(descriptorLimit()).toBeGreaterThan(100);
    const enough = await listen(echo, { plainSockets }, log);
    const few = await listen(echo, { plainSockets, descriptors: 3 }, log);
    for (const listener of [enough, few, few]) {
      const peer = await dial(listener);
      peer.send(Buffer.from('x'));
      await peer.receive(1);
      peer.end();
    }
    expect(lines).toEqual([
      `error accept-failed ${few.name}: EMFILE: too few file descriptors, raise the limit (ulimit -n)`,
    ]);
  });

  test('says where it listens and what it is called', async () => {
    const listener = await listen(echo);
    expect(listener.address).toEqual({ kind: 'tcp', host: '127.0.0.1', port: expect.any(Number) });
    expect(listener.name).toBe(`tcp:${listener.address.kind === 'tcp' && listener.address.port}`);
    const named = await listen(echo, { name: 'plant floor' });
    expect(named.name).toBe('plant floor');
  });

  test('gives every connection its origin', async () => {
    const origins: unknown[] = [];
    const listener = await listen((_transport, origin) => {
      origins.push(origin);
      return null;
    });
    await (await dial(listener)).closed;
    expect(origins).toEqual([{ listener: listener.name, kind: 'stream' }]);
  });

  test('listens for IPv6, and shows IPv4 peers as such', async () => {
    const peers: string[] = [];
    const accept: Accept = (transport) => {
      peers.push(transport.peer);
      return null;
    };
    const listener = await listen(accept, { host: '::1' });
    await (await dial(listener)).closed;
    expect(peers[0]).toMatch(/^\[::1\]:\d+$/);
  });

  test('says in one line what to do when the port is in use', async () => {
    const { address } = await listen(echo);
    const { port } = address as { port: number };
    const error: unknown = await listen(echo, { port, choice: '--port' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EnvironmentError);
    const { code, message, cause } = error as EnvironmentError;
    expect(code).toBe('ADDRESS_IN_USE');
    expect(message).toBe(
      `port ${port} is already in use: another broker is running there? Stop it or use --port`,
    );
    expect(cause).toMatchObject({ code: 'EADDRINUSE' });
  });

  test('says that this machine has no such address, or no such name', async () => {
    // 192.0.2.1 is for documentation only; nobody has it.
    for (const host of ['192.0.2.1', 'no-such-host.invalid'])
      await expect(listen(echo, { host })).rejects.toMatchObject({ code: 'ADDRESS_NOT_AVAILABLE' });
  });

  test('can be opened again where it was closed', async () => {
    const first = await listenTcp({ port: 0 }, echo, noLog);
    const { port } = first.address as { port: number };
    await first.close();
    const second = await listen(echo, { port });
    const peer = await dial(second);
    peer.send(Buffer.from('x'));
    expect((await peer.receive(1)).toString()).toBe('x');
    peer.end();
  });
});

describe('A Unix socket listener', () => {
  test('lets its own group in, and nobody else', async () => {
    const path = socketPath();
    await listen(echo, { path });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    const open = socketPath();
    await listen(echo, { path: open, pathMode: 0o666 });
    expect(statSync(open).mode & 0o777).toBe(0o666);
  });

  test('replaces the file of a process that was killed', async () => {
    const path = socketPath();
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
    expect(statSync(path).isSocket()).toBe(true);
    const peer = await dial(await listen(echo, { path }));
    peer.send(Buffer.from('x'));
    expect((await peer.receive(1)).toString()).toBe('x');
    peer.end();
  });

  test('leaves a socket alone on which somebody listens, and a file that is none', async () => {
    const path = socketPath();
    const other = createServer((socket) => socket.on('error', () => {}).destroy());
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await expect(listen(echo, { path })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(statSync(path).isSocket()).toBe(true);
    await new Promise((resolve) => other.close(resolve));

    writeFileSync(path, 'precious');
    await expect(listen(echo, { path })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('says when there is no such directory', async () => {
    const path = join(socketPath(), 'deeper');
    await expect(listen(echo, { path })).rejects.toMatchObject({ code: 'LISTEN_NOT_PERMITTED' });
  });

  test('has a path that the system has room for: at the limit it listens, one byte past it nothing does', async () => {
    const start = `${socketPath()}-`;
    const longest = start.padEnd(process.platform === 'darwin' ? 103 : 107, 'x');
    await listen(echo, { path: longest });
    expect(statSync(longest).isSocket()).toBe(true);
    const failed = listen(echo, { path: `${longest}x` });
    await expect(failed).rejects.toMatchObject({ code: 'LISTEN_FAILED', cause: { code: 'ENAMETOOLONG' } });
    await expect(failed).rejects.toThrow(/expected a path of at most \d+ bytes, got \d+; use another path$/);
    expect(statSync(longest).isSocket()).toBe(true);
    const inBytes = `${start}${'é'.repeat((longest.length - start.length) / 2 + 1)}`;
    await expect(listen(echo, { path: inBytes })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });

  test('removes its file when it closes', async () => {
    const path = socketPath();
    const listener = await listenTcp({ path }, echo, noLog);
    await listener.close();
    expect(() => statSync(path)).toThrow('ENOENT');
  });
});
