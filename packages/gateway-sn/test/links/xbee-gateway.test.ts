// A gateway behind an XBee module: nodes that share one line, each with a session of its own. Frames, never a radio.
import { createBroker } from '@martlet/broker';
import { afterEach, expect, test } from 'vitest';
import { decodeMessage } from '../../src/core/codec/decode-message.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import type { SnGatewayOptions } from '../../src/host/sn-gateway.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';
import type { OpenByteStream } from '../../src/links/byte-stream.ts';
import { XbeeFraming } from '../../src/links/framing/xbee-framing.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What the gateway's module was asked to send. */
interface Sent {
  readonly to: string;
  readonly radius: number;
  readonly message: SnMessage;
}

const NOBODY: Sent = { to: '', radius: 0, message: { type: 'pingresp' } };

class Radio {
  readonly sent: Sent[] = [];
  #push: (bytes: Uint8Array) => void = () => {};
  readonly #waiting: (() => void)[] = [];

  readonly open: OpenByteStream = async (onBytes) => {
    this.#push = onBytes;
    return { name: '/dev/xbee', overflowed: 0, write: (bytes) => this.#take(bytes), close: async () => {} };
  };

  #take(frame: Uint8Array): void {
    const plain: number[] = [];
    for (let i = 0; i < frame.length; i++) plain.push(frame[i] === 0x7d ? frame[++i]! ^ 0x20 : frame[i]!);
    const to = Buffer.from(plain.slice(5, 15)).toString('hex');
    const message = decodeMessage(Uint8Array.from(plain.slice(17, -1))) as SnMessage;
    this.sent.push({ to, radius: plain[15]!, message });
    for (const done of this.#waiting.splice(0)) done();
  }

  /** A Receive Packet from a node, whose address is 64 and 16 bits in hexadecimal. */
  receive(from: string, message: SnMessage): void {
    const data = [0x90, ...Buffer.from(from, 'hex'), 1, ...encodeMessage(message)];
    const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
    const behind = [0, data.length, ...data, sum].flatMap((byte) =>
      [0x7e, 0x7d, 0x11, 0x13].includes(byte) ? [0x7d, byte ^ 0x20] : [byte],
    );
    this.#push(Uint8Array.from([0x7e, ...behind]));
  }

  /** The next that is sent. */
  async next(): Promise<Sent> {
    while (this.sent.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.sent.shift() ?? NOBODY;
  }

  async ask(from: string, message: SnMessage): Promise<Sent> {
    this.receive(from, message);
    return this.next();
  }
}

const A = '0013a200aaaaaaaa0001';
const B = '0013a2007e7d11130002';

async function world(options: SnGatewayOptions = {}) {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const radio = new Radio();
  const gateway = await SnGateway.listenOn(radio.open, new XbeeFraming(), options, toBroker(broker));
  closing.push(() => gateway.close());
  return { broker, radio, gateway };
}

const connect = (clientId: string): SnMessage => ({
  type: 'connect',
  will: false,
  cleanSession: true,
  protocolId: 1,
  duration: 60,
  clientId,
});

const subscribe = (topicName: string): SnMessage => ({
  type: 'subscribe',
  dup: false,
  qos: 1,
  packetId: 1,
  topic: { kind: 'name', topicName },
});

test('two nodes on one line have sessions of their own, and get what is theirs', async () => {
  const { broker, radio, gateway } = await world();
  for (const [node, id] of [
    [A, 'a'],
    [B, 'b'],
  ] as const) {
    expect(await radio.ask(node, connect(id))).toMatchObject({
      to: node,
      message: { type: 'connack', returnCode: 0 },
    });
    expect(await radio.ask(node, subscribe(`only/${id}`))).toMatchObject({
      to: node,
      message: { type: 'suback' },
    });
  }
  expect(gateway.connections).toBe(2);
  await broker.publish('only/b', 'x', { qos: 1 });
  expect(await radio.next()).toMatchObject({ to: B, radius: 0, message: { type: 'publish', qos: 1 } });
  await broker.publish('only/a', 'y', { qos: 1 });
  expect(await radio.next()).toMatchObject({ to: A, message: { type: 'publish', qos: 1 } });
});

test('a node keeps its session when it joins again with another address of 16 bits', async () => {
  const { broker, radio, gateway } = await world();
  await radio.ask(A, connect('a'));
  await radio.ask(A, subscribe('t'));
  const again = `${A.slice(0, 16)}9999`;
  expect(await radio.ask(again, { type: 'pingreq', clientId: undefined })).toMatchObject({
    to: again,
    message: { type: 'pingresp' },
  });
  expect(gateway.connections).toBe(1);
  await broker.publish('t', 'x', { qos: 1 });
  expect(await radio.next()).toMatchObject({ to: again, message: { type: 'publish' } });
});

test('ADVERTISE goes to everyone, GWINFO to who asked and as far as that asked', async () => {
  const { radio } = await world({ discoverable: true, gatewayId: 7 });
  const everyone = '000000000000fffffffe';
  expect(await radio.next()).toMatchObject({
    to: everyone,
    radius: 0,
    message: { type: 'advertise', gatewayId: 7 },
  });
  radio.receive(A, { type: 'searchgw', radius: 3 });
  expect([await radio.next(), await radio.next()]).toMatchObject([
    { to: A, message: { type: 'gwinfo', gatewayId: 7 } },
    { to: everyone, radius: 3, message: { type: 'gwinfo', gatewayId: 7 } },
  ]);
});

test('what is longer than 60 bytes never leaves, and what follows it does', async () => {
  const { broker, radio, gateway } = await world({
    predefinedTopics: [{ topicId: 5, topicName: `long/${'t'.repeat(80)}` }],
  });
  await radio.ask(A, connect('a'));
  await radio.ask(A, subscribe('long/#'));
  await radio.ask(A, { ...subscribe(''), topic: { kind: 'predefined', topicId: 5 } } as SnMessage);
  await broker.publish(`long/${'u'.repeat(60)}`, 'no room for its REGISTER', { qos: 1 });
  await broker.publish(`long/${'t'.repeat(80)}`, 'p'.repeat(80), { qos: 1 });
  await broker.publish(`long/${'t'.repeat(80)}`, 'by its number', { qos: 1 });
  const { message } = await radio.next();
  expect(message).toMatchObject({ type: 'publish', topic: { kind: 'predefined', topicId: 5 } });
  expect(new TextDecoder().decode((message as { readonly payload: Uint8Array }).payload)).toBe(
    'by its number',
  );
  expect([gateway.metrics.tooLong, radio.sent]).toEqual([2, []]);
});
