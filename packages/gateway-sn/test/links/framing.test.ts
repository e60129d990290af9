import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Framing } from '../../src/links/framing/framing.ts';
import { RawFraming } from '../../src/links/framing/raw-framing.ts';
import { SlipFraming } from '../../src/links/framing/slip-framing.ts';
import { XbeeFraming } from '../../src/links/framing/xbee-framing.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** A message with a length that fits, and any content. */
const message = fc
  .uint8Array({ minLength: 1, maxLength: 50 })
  .map((body) => Uint8Array.from([body.length + 1, ...body]));

function split(whole: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...at.map((place) => place % whole.length), whole.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => whole.slice(places[i], end));
}

describe.each([
  ['raw', () => new RawFraming()],
  ['SLIP', () => new SlipFraming()],
] as const)('%s framing', (_, make) => {
  test('messages are the same on the other side, split anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (messages, at) => {
          const framing: Framing = make();
          const whole = Uint8Array.from(
            messages.flatMap((one) => [...framing.encode({ node: null, message: one })]),
          );
          const got = split(whole, at).flatMap((piece) => [...framing.push(piece, 0)]);
          expect(got.map((frame) => hex(frame.message))).toEqual(messages.map(hex));
          expect(framing.skipped).toBe(0);
        },
      ),
    );
  });

  test('no bytes throw, and nothing is kept without bound', () => {
    const framing: Framing = make();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (noise) => {
        framing.push(noise, 0);
      }),
      { numRuns: 300 },
    );
  });
});

test('raw framing begins anew after a pause', () => {
  const framing = new RawFraming();
  expect(framing.push(bytes('0a04'), 0)).toEqual([]);
  expect(framing.push(bytes('0216'), 50)).toEqual([]);
  expect(framing.push(bytes('0216'), 200).map((frame) => hex(frame.message))).toEqual(['0216']);
  expect(framing.skipped).toBe(1);
  expect(framing.push(bytes('00010216'), 210).map((frame) => hex(frame.message))).toEqual(['0216']);
});

describe('XBee framing', () => {
  const node = bytes('0013a200407ea2b1fffe');

  test('a Receive Packet gives the addresses and the message', () => {
    const framing = new XbeeFraming({ apiMode: 1 });
    const frame = '7e000e90' + '0013a200407ea2b1' + '5678' + '01' + '0216';
    const sum = 0xff - ([...bytes(frame.slice(6))].reduce((a, b) => a + b, 0) & 0xff);
    const got = framing.push(bytes(frame + sum.toString(16).padStart(2, '0')), 0);
    expect(got.map((one) => [hex(one.node!), hex(one.message)])).toEqual([['0013a200407ea2b15678', '0216']]);
  });

  test('a Transmit Request has frame identifier, addresses, radius and checksum, escaped in mode 2', () => {
    const plain = new XbeeFraming({ apiMode: 1 }).encode({ node, message: bytes('0216') });
    expect(hex(plain)).toBe(`7e001010010013a200407ea2b1fffe00000216${hex(plain.slice(-1))}`);
    let sum = 0;
    for (const byte of plain.slice(3)) sum += byte;
    expect(sum & 0xff).toBe(0xff);
    const escaped = new XbeeFraming().encode({ node, message: bytes('7e7d1113') });
    expect(hex(escaped)).toContain('7d5e7d5d7d317d33');
    expect([...escaped.slice(1)]).not.toContain(0x7e);
  });

  test('addresses of 16 bits, of 64 bits, and everyone over some hops', () => {
    const framing = new XbeeFraming({ apiMode: 1 });
    const message = bytes('0216');
    expect(hex(framing.encode({ node: bytes('5678'), message }))).toContain('ffffffffffffffff5678');
    expect(hex(framing.encode({ node: bytes('0013a20040aabbcc'), message }))).toContain(
      '0013a20040aabbccfffe',
    );
    expect(hex(framing.encodeBroadcast(message, 3))).toContain('000000000000fffffffe0300');
    expect(() => framing.encode({ node: bytes('01'), message })).toThrow('expected an address');
    expect(() => framing.encode({ node, message: new Uint8Array(61) })).toThrow('at most 60 bytes');
  });

  test('a wrong checksum, a length that cannot be and what is between frames are skipped', () => {
    const sender = new XbeeFraming();
    const good = [0x90, ...node, 1, 0x02, 0x16];
    const framed = (data: readonly number[]): number[] => {
      const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
      return [
        0x7e,
        ...[0, data.length, ...data, sum].flatMap((byte) =>
          [0x7e, 0x7d, 0x11, 0x13].includes(byte) ? [0x7d, byte ^ 0x20] : [byte],
        ),
      ];
    };
    const broken = framed(good);
    broken[broken.length - 1]! ^= 1;
    const got = sender.push(Uint8Array.from([1, 2, 3, ...broken, 0x7e, 0xff, 0xff, ...framed(good)]), 0);
    expect(got.map((frame) => hex(frame.message))).toEqual(['0216']);
    expect(sender.skipped).toBe(2);
  });

  test('a status of the module that is no success is told', () => {
    const told: number[] = [];
    const framing = new XbeeFraming({ apiMode: 1, onUndelivered: (status) => told.push(status) });
    for (const status of [0, 0x21]) {
      const data = [0x8b, 1, 0x56, 0x78, 0, status, 0];
      const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
      framing.push(Uint8Array.from([0x7e, 0, data.length, ...data, sum]), 0);
    }
    expect(told).toEqual([0x21]);
  });

  test('no bytes throw', () => {
    for (const apiMode of [1, 2] as const) {
      const framing = new XbeeFraming({ apiMode });
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
          framing.push(Uint8Array.from([0x7e, ...noise]), 0);
        }),
        { numRuns: 500 },
      );
    }
  });

  const received = (message: readonly number[], from = node): number[] => {
    const data = [0x90, ...from, 1, ...message];
    const sum = 0xff - (data.reduce((a, b) => a + b, 0) & 0xff);
    return [0x7e, 0, data.length, ...data, sum];
  };

  test('in mode 1 a byte that is lost costs the frame that it was in, and no other', () => {
    // Without 7E in the first: if that is lost, the next frame's first octet makes the sum right again.
    const first = received([0x02, 0x16], bytes('0102030405060708fffe'));
    const [second, third] = [received([0x03, 0x7e, 0x7e]), received([0x02, 0x17])];
    for (let lost = 0; lost < first.length; lost++) {
      const framing = new XbeeFraming({ apiMode: 1 });
      const all = [...first.toSpliced(lost, 1), ...second, ...third];
      // Where the length was altered, it is known at the next pause at the latest.
      const frames = [...framing.push(Uint8Array.from(all), 0), ...framing.push(new Uint8Array(0), 150)];
      const got = frames.map((frame) => hex(frame.message));
      expect([lost, got.slice(-2)]).toEqual([lost, ['037e7e', '0217']]);
    }
  });

  test('a frame that is cut off ends at a pause', () => {
    for (const apiMode of [1, 2] as const) {
      const framing = new XbeeFraming({ apiMode });
      const frame = received([0x02, 0x16], bytes('0102030405060708fffe'));
      expect(framing.push(Uint8Array.from(frame.slice(0, 9)), 0)).toEqual([]);
      const got = framing.push(Uint8Array.from(frame), 150);
      expect([got.length, framing.skipped]).toEqual([1, 1]);
    }
  });

  test('noise of any length is got over in a time that grows with it', () => {
    const framing = new XbeeFraming({ apiMode: 1 });
    framing.push(new Uint8Array(65_536).fill(0x7e), 0);
    expect(framing.push(Uint8Array.from(received([0x02, 0x16])), 150)).toHaveLength(1);
  });
});

describe.each([
  ['raw', (): Framing => new RawFraming()],
  ['SLIP', (): Framing => new SlipFraming()],
  ['XBee mode 1', (): Framing => new XbeeFraming({ apiMode: 1 })],
  ['XBee mode 2', (): Framing => new XbeeFraming()],
])('%s framing', (name, make) => {
  test('after any noise and a pause, messages come again', () => {
    const xbee = bytes('7e000e900102030405060708fffe01021635');
    const good = name === 'SLIP' ? bytes('c00216c0') : name === 'raw' ? bytes('0216') : xbee;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const framing = make();
        framing.push(noise, 0);
        const got = framing.push(good, 1000);
        expect(hex(got.at(-1)?.message ?? new Uint8Array(0))).toBe('0216');
      }),
    );
  });
});
