import { expect, test } from 'vitest';
import { Outbox } from '../../src/core/connection/outbox.ts';

/** What is written to an outbox, and what it hands on. */
function writing(): { readonly outbox: Outbox; readonly writes: Uint8Array[]; fill(bytes: number): void } {
  const writes: Uint8Array[] = [];
  const outbox = new Outbox((bytes) => writes.push(bytes));
  return { outbox, writes, fill: (bytes) => outbox.push(new Uint8Array(bytes).fill(bytes & 0xff)) };
}

test('What is written in one turn leaves in one write, in order, and is not written to again', () => {
  const { outbox, writes, fill } = writing();
  fill(10);
  fill(20);
  outbox.flush();
  fill(30);
  outbox.flush();
  outbox.flush();
  const expected = [...new Array(10).fill(10), ...new Array(20).fill(20)];
  expect(writes.map((bytes) => [...bytes])).toEqual([expected, new Array(30).fill(30)]);
});

test('A connection that writes little keeps little memory, however long it lasts', () => {
  const { outbox, writes, fill } = writing();
  for (let i = 0; i < 10_000; i++) {
    fill(2);
    outbox.flush();
  }
  const pieces = new Set(writes.map(({ buffer }) => buffer));
  expect([...pieces].map(({ byteLength }) => byteLength)).toEqual(new Array(5).fill(4096));
});

test('A connection that writes much at once gets larger pieces of memory, to a limit', () => {
  const { outbox, writes, fill } = writing();
  for (let i = 0; i < 1024; i++) fill(1024);
  outbox.flush();
  const sizes = writes.map(({ buffer }) => buffer.byteLength / 1024);
  expect(sizes).toEqual([4, 8, 16, 32, 64, 128, 128, 128, 128, 128, 128, 128, 128]);
  expect(writes.reduce((sum, { length }) => sum + length, 0)).toBe(1_048_576);
});

test('A packet that is larger than a piece gets one of its own size', () => {
  const { outbox, writes, fill } = writing();
  fill(7);
  fill(200_000);
  fill(9);
  outbox.flush();
  expect(writes.map(({ length }) => length)).toEqual([7, 200_000, 9]);
  expect(writes[2]!.buffer.byteLength).toBe(131_072);
});
