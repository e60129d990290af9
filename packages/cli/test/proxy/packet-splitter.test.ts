// Whatever the pieces in which bytes come: the packets are the same, and no byte is lost or comes twice.

import type { Packet } from '@martlet/protocol';
import { encodePacket } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { PacketSplitter } from '../../src/proxy/packet-splitter.ts';
import { answer, connect, PINGREQ, publish, subscribe } from './packets.ts';

class Seen {
  readonly types: string[] = [];
  readonly problems: (string | undefined)[] = [];
  readonly bytes: number[] = [];
  readonly splitter: PacketSplitter = new PacketSplitter('toServer', () => 5, {
    onPacket: (packet, bytes) => {
      this.types.push(packet.type);
      this.bytes.push(...bytes);
    },
    onBytes: (bytes, problem) => {
      this.problems.push(problem);
      this.bytes.push(...bytes);
    },
  });
}

function bytesOf(...packets: readonly Packet[]): Uint8Array {
  return Buffer.concat(packets.map((packet) => encodePacket(packet, 5)));
}

const SESSION = bytesOf(
  connect(5),
  publish(1, 1, { payload: new Uint8Array(300) }),
  publish(0),
  subscribe(2),
  PINGREQ,
  answer('pubrel', 3),
);
const TYPES = ['connect', 'publish', 'publish', 'subscribe', 'pingreq', 'pubrel'];

describe('pieces', () => {
  test.each([1, 2, 3, 7, 64, 1000])('of %i bytes', (size) => {
    const seen = new Seen();
    for (let at = 0; at < SESSION.length; at += size) seen.splitter.push(SESSION.subarray(at, at + size));
    expect(seen.types).toEqual(TYPES);
    expect(Buffer.from(seen.bytes).equals(SESSION)).toBe(true);
    expect(seen.splitter.takeRest()).toHaveLength(0);
  });

  test('of any lengths', () => {
    const random = new SeededRandom(7);
    for (let run = 0; run < 200; run++) {
      const seen = new Seen();
      for (let at = 0; at < SESSION.length; ) {
        const size = 1 + random.below(60);
        seen.splitter.push(SESSION.subarray(at, at + size));
        at += size;
      }
      expect(seen.types).toEqual(TYPES);
      expect(Buffer.from(seen.bytes).equals(SESSION)).toBe(true);
    }
  });
});

test('a packet that cannot be read passes, and those after it are read', () => {
  const seen = new Seen();
  // A SUBSCRIBE without the flags that it must have.
  const wrong = Uint8Array.of(0x80, 2, 0, 1);
  seen.splitter.push(Buffer.concat([bytesOf(PINGREQ), wrong, bytesOf(PINGREQ)]));
  expect(seen.types).toEqual(['pingreq', 'pingreq']);
  expect(seen.problems).toEqual([expect.stringMatching(/./)]);
  expect(seen.bytes).toEqual([0xc0, 0, ...wrong, 0xc0, 0]);
});

test('after a length that is none everything passes as it comes', () => {
  const seen = new Seen();
  const wrong = Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff);
  seen.splitter.push(Buffer.concat([bytesOf(PINGREQ), wrong.subarray(0, 3)]));
  seen.splitter.push(wrong.subarray(3));
  seen.splitter.push(bytesOf(PINGREQ));
  expect(seen.types).toEqual(['pingreq']);
  expect(seen.problems).toEqual([expect.stringMatching(/./), undefined]);
  expect(seen.bytes).toEqual([0xc0, 0, ...wrong, 0xc0, 0]);
});

test('a packet of more than 16 MiB is not held, and passes', () => {
  const seen = new Seen();
  // PUBLISH with a Remaining Length of 16,777,216.
  const head = Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x08);
  seen.splitter.push(head);
  expect(seen.problems).toEqual([expect.stringMatching(/./)]);
  seen.splitter.push(Uint8Array.of(1, 2, 3));
  expect(seen.bytes).toEqual([...head, 1, 2, 3]);
});

test('the part of a packet that waits for its rest can be taken out', () => {
  const seen = new Seen();
  const part = bytesOf(publish(0)).subarray(0, 4);
  seen.splitter.push(Buffer.concat([bytesOf(PINGREQ), part.subarray(0, 1)]));
  seen.splitter.push(part.subarray(1));
  expect(Buffer.from(seen.splitter.takeRest()).equals(part)).toBe(true);
  expect(seen.bytes).toEqual([0xc0, 0]);
});
