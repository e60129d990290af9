// MQTT-SN over a serial line: a pair of pseudo-terminals, with the gateway at one end and clients at the other.

import { createBroker } from '@martlet/broker';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSn } from '../../src/client/sn-client.ts';
import type { SnMessageReceived } from '../../src/client/sn-client-options.ts';
import { streamChannel } from '../../src/client/stream-channel.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';
import type { Framing } from '../../src/links/framing/framing.ts';
import { RawFraming } from '../../src/links/framing/raw-framing.ts';
import { SlipFraming } from '../../src/links/framing/slip-framing.ts';
import { XbeeFraming } from '../../src/links/framing/xbee-framing.ts';
import { serialDevice } from '../../src/links/serial-device.ts';
import { hasPython, PtyPair } from './pty-pair.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What two XBee modules make of a frame on its way: the sender's request is the receiver's packet. */
class OtherEndOfTheRadio implements Framing {
  readonly #inner = new XbeeFraming();
  readonly #own: Uint8Array;
  constructor(own: Uint8Array) {
    this.#own = own;
  }
  get maximumMessageBytes(): number {
    return this.#inner.maximumMessageBytes;
  }
  get skipped(): number {
    return this.#inner.skipped;
  }
  /** The gateway's Transmit Request, unescaped by hand. */
  push(bytes: Uint8Array): readonly { readonly node: null; readonly message: Uint8Array }[] {
    const plain: number[] = [];
    for (let i = 0; i < bytes.length; i++) plain.push(bytes[i] === 0x7d ? bytes[++i]! ^ 0x20 : bytes[i]!);
    const frames: { readonly node: null; readonly message: Uint8Array }[] = [];
    for (let at = 0; at < plain.length; ) {
      const length = (plain[at + 1]! << 8) | plain[at + 2]!;
      const data = plain.slice(at + 3, at + 3 + length);
      expect(data[0]).toBe(0x10);
      expect(data.slice(2, 12)).toEqual([...this.#own]);
      frames.push({ node: null, message: Uint8Array.from(data.slice(14)) });
      at += length + 4;
    }
    return frames;
  }
  /** As the gateway's module hands it over: a Receive Packet. */
  encode({ message }: { readonly message: Uint8Array }): Uint8Array {
    const data = [0x90, ...this.#own, 1, ...message];
    const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
    const behind = [data.length >> 8, data.length & 0xff, ...data, sum];
    const escaped = behind.flatMap((byte) =>
      [0x7e, 0x7d, 0x11, 0x13].includes(byte) ? [0x7d, byte ^ 0x20] : [byte],
    );
    return Uint8Array.from([0x7e, ...escaped]);
  }
}

const XBEE_ADDRESS = Uint8Array.from([0, 0x13, 0xa2, 0, 0x7e, 0x7d, 0x11, 0x13, 0xab, 0xcd]);

describe.skipIf(!hasPython)(`A serial line${hasPython ? '' : ' (skipped: needs /usr/bin/python3)'}`, () => {
  const kinds: readonly (readonly [string, () => Framing, () => Framing])[] = [
    ['messages one after the other', () => new RawFraming(), () => new RawFraming()],
    ['SLIP', () => new SlipFraming(), () => new SlipFraming()],
    ['XBee API mode 2', () => new XbeeFraming(), () => new OtherEndOfTheRadio(XBEE_ADDRESS)],
  ];
  for (const [name, ofGateway, ofClient] of kinds) {
    test(`${name}: a client connects, subscribes and gets what it publishes`, async () => {
      const pty = await PtyPair.open();
      closing.push(() => pty.close());
      const broker = createBroker({ sysInterval: 0 });
      closing.push(() => broker.close());
      const gateway = await SnGateway.listenOn(
        serialDevice({ path: pty.paths[0] }),
        ofGateway(),
        {},
        toBroker(broker),
      );
      closing.push(() => gateway.close());
      const messages: SnMessageReceived[] = [];
      const client = await connectSn({
        clientId: 'dev',
        channel: streamChannel(serialDevice({ path: pty.paths[1] }), ofClient()),
        onMessage: (message) => messages.push(message),
      });
      closing.push(() => client.close());
      await client.subscribe('t/#', 1);
      const special = Uint8Array.from([0x7e, 0x7d, 0x11, 0x13, 0xc0, 0xdb]);
      await client.publish('t/1', special, { qos: 1 });
      // What was published is on its way back before the gateway answers what is asked now.
      await client.unsubscribe('t/#');
      expect(messages.map(({ topicName, payload }) => [topicName, [...payload]])).toEqual([
        ['t/1', [...special]],
      ]);
      await client.disconnect();
    });
  }

  test('a device that is not there is told in words', async () => {
    const broker = createBroker({ sysInterval: 0 });
    closing.push(() => broker.close());
    const opening = SnGateway.listenOn(
      serialDevice({ path: '/dev/no-such-device' }),
      new RawFraming(),
      {},
      toBroker(broker),
    );
    await expect(opening).rejects.toMatchObject({ name: 'SerialDeviceError' });
  });
});
