import { describe, expect, test } from 'vitest';
import { browserWebSocketTransport } from '../../src/transports/browser-websocket-transport.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import type { Transport } from '../../src/transports/transport.ts';
import { RecordingListener } from './recording-listener.ts';

/** What the transport uses of a browser's WebSocket, with the network in the hands of the test. */
class FakeWebSocket {
  binaryType = 'blob';
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  readonly sent: Uint8Array[] = [];
  readonly closes: (number | undefined)[] = [];

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
    this.bufferedAmount += bytes.length;
  }

  close(code?: number): void {
    this.closes.push(code);
  }
}

class Rig {
  readonly webSocket = new FakeWebSocket();
  readonly listener = new RecordingListener();
  readonly controller = new AbortController();
  readonly asked: string[] = [];
  /** Timers that are set, with their delays. */
  readonly timers: { readonly callback: () => void; readonly delayMs: number }[] = [];
  readonly opening: Promise<Transport>;

  constructor(url = 'wss://h/mqtt?token=s3cret') {
    const open = browserWebSocketTransport(
      (callback, delayMs) => {
        const timer = { callback, delayMs };
        this.timers.push(timer);
        return () => this.timers.splice(this.timers.indexOf(timer), 1);
      },
      (asked, subprotocol) => {
        this.asked.push(asked, subprotocol);
        return this.webSocket as unknown as WebSocket;
      },
    );
    this.opening = open(parseServerUrl(url).server, this.listener, this.controller.signal);
  }

  static async open(): Promise<Rig & { readonly transport: Transport }> {
    const rig = new Rig();
    rig.webSocket.onopen!();
    const transport = await rig.opening;
    rig.listener.opened = true;
    return Object.assign(rig, { transport });
  }

  fireTimer(): void {
    this.timers.shift()!.callback();
  }
}

describe("A browser's WebSocket", () => {
  test('[MQTT-6.0.0-3] v5 [MQTT-6.0.0-3] v3.1.1 is asked for with the whole URL and the subprotocol mqtt', async () => {
    const { asked, webSocket } = await Rig.open();
    expect(asked).toEqual(['wss://h:443/mqtt?token=s3cret', 'mqtt']);
    expect(webSocket.binaryType).toBe('arraybuffer');
  });

  test('that fails says what to check, and no secret', async () => {
    const rig = new Rig();
    rig.webSocket.onerror!();
    rig.webSocket.onclose!({ code: 1006, reason: '' });
    await expect(rig.opening).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(
        /^cannot connect to wss:\/\/h:443\/mqtt: expected .+, got none; check host/,
      ),
    });
    expect(rig.listener.errors).toEqual([]);
  });

  test('that the platform forbids is a failure like others', async () => {
    const cause = new DOMException('An insecure WebSocket connection', 'SecurityError');
    const opening = browserWebSocketTransport(
      () => () => {},
      () => {
        throw cause;
      },
    )(parseServerUrl('ws://h').server, new RecordingListener(), new AbortController().signal);
    await expect(opening).rejects.toMatchObject({ code: 'CONNECTION_FAILED', cause });
    await expect(opening).rejects.toThrow(/insecure/);
  });

  test('is given up when the signal aborts, and opens no more', async () => {
    const rig = new Rig();
    rig.controller.abort();
    await expect(rig.opening).rejects.toBe(rig.controller.signal.reason);
    expect(rig.webSocket.closes).toEqual([undefined]);
    expect(rig.webSocket.onopen).toBe(null);
  });

  test('tells how many bytes have left', async () => {
    const { transport, webSocket } = await Rig.open();
    transport.write(new Uint8Array(1000));
    transport.write(new Uint8Array(1000));
    expect(transport.sentBytes).toBe(0);
    webSocket.bufferedAmount = 400;
    expect(transport.sentBytes).toBe(1600);
  });

  test('is asked on a timer whether its bytes have left, only while there are too many', async () => {
    const rig = await Rig.open();
    const { transport, webSocket, listener, timers } = rig;
    expect(transport.write(new Uint8Array(256 * 1024 - 1))).toBe(true);
    expect(timers).toEqual([]);
    expect(transport.write(new Uint8Array(1))).toBe(false);
    expect(transport.write(new Uint8Array(1))).toBe(false);
    expect(timers).toHaveLength(1);
    expect(timers[0]!.delayMs).toBeGreaterThan(0);
    webSocket.bufferedAmount = 128 * 1024 + 1;
    rig.fireTimer();
    expect(listener.drains).toBe(0);
    expect(timers).toHaveLength(1);
    webSocket.bufferedAmount = 128 * 1024;
    rig.fireTimer();
    expect(listener.drains).toBe(1);
    expect(timers).toEqual([]);
    expect(transport.write(new Uint8Array(1))).toBe(true);
  });

  test.each(['end', 'destroy'] as const)('is not asked any more after %s', async (how) => {
    const { transport, timers, listener } = await Rig.open();
    transport.write(new Uint8Array(1_000_000));
    expect(timers).toHaveLength(1);
    transport[how]();
    expect(timers).toEqual([]);
    expect(listener.drains).toBe(0);
  });

  test('is not asked any more when it has closed', async () => {
    const { transport, timers, webSocket, listener } = await Rig.open();
    transport.write(new Uint8Array(1_000_000));
    webSocket.onclose!({ code: 1006, reason: '' });
    expect(timers).toEqual([]);
    expect(await listener.closed()).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  test('that the platform does not close has closed for the client when it is destroyed', async () => {
    const { transport, webSocket, listener } = await Rig.open();
    transport.end();
    expect(webSocket.closes).toEqual([1000]);
    listener.call(() => transport.destroy());
    expect(await listener.closed()).toBe(undefined);
    expect(webSocket.onclose).toBe(null);
    expect(listener.offences).toEqual([]);
  });

  test('[MQTT-6.0.0-1] v5 [MQTT-6.0.0-1] v3.1.1 takes a text frame for a breach of the protocol', async () => {
    const { webSocket, listener } = await Rig.open();
    webSocket.onmessage!({ data: 'text' });
    expect(await listener.closed()).toMatchObject({ code: 'PROTOCOL_BROKEN', kind: 'remote' });
    expect(webSocket.onmessage).toBe(null);
    expect(webSocket.closes).toHaveLength(1);
  });

  test('hands on what arrives without copying it', async () => {
    const { webSocket, listener } = await Rig.open();
    const { buffer } = Uint8Array.of(1, 2, 3);
    let chunk: Uint8Array | undefined;
    listener.onChunk = (bytes) => {
      chunk = bytes;
    };
    webSocket.onmessage!({ data: buffer });
    expect(chunk!.buffer).toBe(buffer);
    expect(chunk).toEqual(Uint8Array.of(1, 2, 3));
  });
});
