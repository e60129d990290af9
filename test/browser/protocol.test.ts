// The protocol package in a browser, by itself: its codec over a native WebSocket, to our broker and to Mosquitto.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import { ServedBroker } from '../e2e/served-broker.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { urlOf } from '../mqtt-js.ts';
import { CHROMIUM, Chromium } from './chromium.ts';

const mosquitto = debianTool('mosquitto');

const SOURCE = `
  import { decodeServerPacket, encodeClientPacket, FrameResult, PacketStream } from '@martlet/protocol';
  globalThis.protocol = { decodeServerPacket, encodeClientPacket, FrameResult, PacketStream };
`;
/** What the page's script leaves for the functions below that run in it. */
declare const protocol: typeof import('@martlet/protocol');

interface Answer {
  readonly subprotocol: string;
  readonly packet: unknown;
}

/** Runs in the page: says CONNECT, and returns the first packet that comes back. */
function connectOnce({ url, version }: { url: string; version: 3 | 4 | 5 }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['mqtt']);
    socket.binaryType = 'arraybuffer';
    const sink = {
      onFrame: (bytes: Uint8Array, start: number, body: number, end: number) => {
        resolve({
          subprotocol: socket.protocol,
          packet: protocol.decodeServerPacket(bytes, start, body, end, version),
        });
        socket.close();
        return protocol.FrameResult.Stop;
      },
      onShown: () => {},
    };
    const stream = new protocol.PacketStream(sink, 1000);
    socket.onerror = () => reject(new Error(`no WebSocket to ${url}`));
    socket.onclose = () => reject(new Error('closed before a packet came'));
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data as ArrayBuffer);
      stream.receive(bytes, 0, bytes.length);
    };
    socket.onopen = () => {
      const properties = {};
      const clientId = `page-${version}`;
      socket.send(
        protocol.encodeClientPacket(
          {
            type: 'connect',
            protocolVersion: version,
            clientId,
            cleanStart: true,
            keepAlive: 60,
            properties,
          },
          version,
        ),
      );
    };
  });
}

describe.skipIf(CHROMIUM.isMissing)(`The protocol package in Chromium ${CHROMIUM.label}`, () => {
  let browser: Chromium;
  let served: ServedBroker;

  beforeAll(async () => {
    browser = await Chromium.launch();
    served = await ServedBroker.start();
  });
  afterEach(() => browser.closePages());
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test.each([3, 4, 5] as const)('is answered by our broker, protocol version %d', async (version) => {
    const { page, errors } = await browser.open(SOURCE);
    const answer = await page.evaluate(connectOnce, { url: urlOf(served.webSocket, 'ws'), version });
    expect(answer).toMatchObject({ subprotocol: 'mqtt', packet: { type: 'connack', reasonCode: 0 } });
    expect(errors).toEqual([]);
  });

  test.skipIf(mosquitto.path === undefined)(
    `and Debian's Mosquitto understand each other ${mosquitto.label}`,
    async () => {
      const other = await MosquittoBroker.start(mosquitto.path!);
      try {
        const { page } = await browser.open(SOURCE);
        const url = `ws://127.0.0.1:${other.webSocketPort}/mqtt`;
        const answer = await page.evaluate(connectOnce, { url, version: 5 as const });
        expect(answer).toMatchObject({ subprotocol: 'mqtt', packet: { type: 'connack', reasonCode: 0 } });
      } finally {
        await other.close();
      }
    },
  );

  test('runs under a policy that allows no code out of text, and no other machine', async () => {
    const { page, errors } = await browser.open(
      "try { eval('1') } catch (error) { console.error(error.name) }",
    );
    expect(await page.evaluate(() => fetch('http://example.invalid/').catch(() => 'refused'))).toBe(
      'refused',
    );
    await expect.poll(() => errors).toContainEqual('EvalError');
  });
});
