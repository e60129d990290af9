// The capture file, read by a reader of the test's own: blocks, IP, TCP and their sums.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CommandFailure } from '../../src/command-failure.ts';
import { CaptureFile } from '../../src/proxy/capture-file.ts';
import { HeldOutput } from '../../src/proxy/held-output.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-capture-'));
const path = join(directory, 'out.pcapng');
afterAll(() => rmSync(directory, { recursive: true }));

interface Segment {
  readonly wallMs: number;
  readonly from: string;
  readonly to: string;
  readonly flags: string;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly data: Buffer;
}

function blocksOf(file: Buffer): readonly { type: number; body: Buffer }[] {
  const blocks: { type: number; body: Buffer }[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(file.readUInt32LE(at + length - 4)).toBe(length);
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

/** Of all 16-bit words, in one's complement: 0xffff where the sum that is among them is right. */
function sumOf(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
    sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  }
  return sum;
}

function segmentOf(body: Buffer): Segment {
  const micros = (BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8));
  const length = body.readUInt32LE(12);
  expect(body.readUInt32LE(16)).toBe(length);
  const packet = body.subarray(20, 20 + length);
  expect(packet[0]).toBe(0x45);
  expect(packet.readUInt16BE(2)).toBe(length);
  expect(packet[9]).toBe(6);
  expect(sumOf(packet.subarray(0, 20))).toBe(0xffff);
  const tcp = packet.subarray(20);
  const pseudoHeader = Buffer.concat([packet.subarray(12, 20), Buffer.from([0, 6, 0, 0])]);
  pseudoHeader.writeUInt16BE(tcp.length, 10);
  expect(sumOf(pseudoHeader, tcp)).toBe(0xffff);
  const flags = tcp[13]!;
  const names = [
    ['F', 1],
    ['S', 2],
    ['R', 4],
    ['P', 8],
    ['A', 16],
  ] as const;
  return {
    wallMs: Number(micros) / 1000,
    from: `${[...packet.subarray(12, 16)].join('.')}:${tcp.readUInt16BE(0)}`,
    to: `${[...packet.subarray(16, 20)].join('.')}:${tcp.readUInt16BE(2)}`,
    flags: names
      .filter(([, bit]) => (flags & bit) !== 0)
      .map(([name]) => name)
      .join(''),
    sequence: tcp.readUInt32BE(4),
    acknowledged: tcp.readUInt32BE(8),
    data: tcp.subarray((tcp[12]! >> 4) * 4),
  };
}

test('a connection from its handshake to its end', async () => {
  const file = new CaptureFile(path, new HeldOutput(() => {}), () => expect.unreachable());
  const began = 1_700_000_000_123;
  const connection = file.open(3, began);
  const long = Buffer.alloc(70_000, 7);
  connection.data('toServer', Buffer.from('odd'), began + 1);
  connection.data('toClient', long, began + 2.5);
  connection.end('toServer', began + 3);
  connection.end('toClient', began + 4);
  const broken = file.open(4, began);
  broken.reset(began + 5);
  await file.close();

  const [header, link, ...packets] = blocksOf(readFileSync(path));
  expect(header?.type).toBe(0x0a0d0d0a);
  expect(header?.body.readUInt32LE(0)).toBe(0x1a2b3c4d);
  expect(link?.type).toBe(1);
  expect(link?.body.readUInt16LE(0)).toBe(101);
  expect(packets.every(({ type }) => type === 6)).toBe(true);
  const segments = packets.map(({ body }) => segmentOf(body));
  const [client, server] = ['10.0.0.1:10003', '10.0.0.2:1883'];
  const shown = segments.map(({ wallMs, from, flags, sequence, acknowledged, data }) => [
    wallMs - began,
    from === client ? 'client' : from === server ? 'server' : from,
    flags,
    sequence,
    acknowledged,
    data.length,
  ]);
  expect(shown.slice(0, 8)).toEqual([
    [0, 'client', 'S', 1000, 0, 0],
    [0, 'server', 'SA', 5000, 1001, 0],
    [0, 'client', 'A', 1001, 5001, 0],
    [1, 'client', 'PA', 1001, 5001, 3],
    [2.5, 'server', 'PA', 5001, 1004, 65_000],
    [2.5, 'server', 'PA', 70_001, 1004, 5000],
    [3, 'client', 'FA', 1004, 75_001, 0],
    [4, 'server', 'FA', 75_001, 1005, 0],
  ]);
  expect(segments[3]?.data.toString()).toBe('odd');
  expect(Buffer.concat(segments.slice(4, 6).map(({ data }) => data)).equals(long)).toBe(true);
  expect(segments.slice(8).map(({ from, flags }) => `${from} ${flags}`)).toEqual([
    '10.0.0.1:10004 S',
    '10.0.0.2:1883 SA',
    '10.0.0.1:10004 A',
    '10.0.0.1:10004 RA',
    '10.0.0.2:1883 RA',
  ]);
});

test('a file that cannot be written is told of once', async () => {
  const failure = await new Promise<CommandFailure>((resolve) => {
    new CaptureFile(join(directory, 'nowhere', 'x'), new HeldOutput(() => {}), resolve);
  });
  expect(failure.message).toContain(join('nowhere', 'x'));
});
