import { expect, test } from 'vitest';
import { SnClientCore } from '../../src/client/sn-client-core.ts';
import { streamChannel } from '../../src/client/stream-channel.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import type { OpenByteStream } from '../../src/links/byte-stream.ts';
import { RawFraming } from '../../src/links/framing/raw-framing.ts';
import { XbeeFraming } from '../../src/links/framing/xbee-framing.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const GATEWAY = '0013a200407ea2b1';
const OTHER = '0013a20040000001';

function line() {
  const written: string[] = [];
  let push: (bytes: Uint8Array) => void = () => {};
  const open: OpenByteStream = async (onBytes) => {
    push = onBytes;
    const write = (bytes: Uint8Array): void => void written.push(hex(bytes));
    return { name: 'line', overflowed: 0, write, close: async () => {} };
  };
  return { open, written, push: (bytes: Uint8Array) => push(bytes) };
}

/** A Receive Packet without escapes. */
function packet(from: string, message: string): Uint8Array {
  const data = [0x90, ...Buffer.from(`${from}fffe`, 'hex'), 1, ...Buffer.from(message, 'hex')];
  const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
  return Uint8Array.from([0x7e, 0, data.length, ...data, sum]);
}

test('a client over XBee sends to the address of its gateway, and hears nobody else', async () => {
  const { open, written, push } = line();
  const heard: string[] = [];
  const gateway = Buffer.from(GATEWAY, 'hex');
  const framing = new XbeeFraming({ apiMode: 1 });
  const channel = await streamChannel(
    open,
    framing,
    gateway,
  )(
    (bytes) => heard.push(hex(bytes)),
    () => {},
  );
  channel.send(encodeMessage({ type: 'pingresp' }));
  expect(written).toEqual([expect.stringContaining(`${GATEWAY}fffe00000217`)]);
  push(packet(OTHER, '0218'));
  push(packet(GATEWAY, '030500'));
  expect(heard).toEqual(['030500']);
});

test('without an address it sends to all that hear it, and hears all', async () => {
  const { open, written, push } = line();
  const heard: string[] = [];
  const channel = await streamChannel(open, new XbeeFraming({ apiMode: 1 }))(
    (bytes) => heard.push(hex(bytes)),
    () => {},
  );
  channel.send(encodeMessage({ type: 'pingresp' }));
  expect(written).toEqual([expect.stringContaining('000000000000fffffffe')]);
  push(packet(OTHER, '0218'));
  expect(heard).toEqual(['0218']);
});

test('a line says how much it carries, and a message that is longer is not written', async () => {
  for (const [framing, longest] of [
    [new XbeeFraming(), 60],
    [new RawFraming(), 255],
  ] as const) {
    const { open, written } = line();
    const channel = await streamChannel(open, framing)(
      () => {},
      () => {},
    );
    expect(channel.maximumMessageBytes).toBe(longest);
    channel.send(new Uint8Array(longest + 1));
    expect(written).toEqual([]);
    const core = new SnClientCore(
      { clientId: 'x'.repeat(longest), retries: 0 },
      { maximumMessageBytes: longest, send: channel.send, onMessage: () => {}, onLost: () => {} },
    );
    let code = '';
    core.connect((error) => {
      code = error?.code ?? '';
    }, 0);
    expect(code).toBe('TOO_LONG');
  }
});
