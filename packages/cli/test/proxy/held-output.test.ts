// Outputs that do not keep up hold back what is told.

import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { HeldOutput } from '../../src/proxy/held-output.ts';

/** Takes a chunk only when it is told to. */
class Slow extends Writable {
  #goOn: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 4 });
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#goOn = done;
  }

  async takeAll(): Promise<void> {
    while (this.#goOn !== undefined) {
      const goOn = this.#goOn;
      this.#goOn = undefined;
      goOn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('it holds from the first that is full to the last that is not', async () => {
  const held: boolean[] = [];
  const output = new HeldOutput((isHeld) => held.push(isHeld));
  const [first, second] = [new Slow(), new Slow()];
  output.write(first, 'abc');
  expect(held).toEqual([]);
  output.write(first, 'def');
  output.write(first, 'ghi');
  output.write(second, 'abcdef');
  expect(held).toEqual([true]);
  expect(output.isHeld).toBe(true);
  await first.takeAll();
  expect(held).toEqual([true]);
  await second.takeAll();
  expect(held).toEqual([true, false]);
  expect(first.listenerCount('drain') + second.listenerCount('close')).toBe(0);
});

test('an output that breaks holds nothing', async () => {
  const held: boolean[] = [];
  const output = new HeldOutput((isHeld) => held.push(isHeld));
  const broken = new Slow();
  output.write(broken, 'abcdef');
  broken.destroy();
  await new Promise((resolve) => broken.once('close', resolve));
  expect(held).toEqual([true, false]);
  output.write(broken, 'more');
  expect(output.isHeld).toBe(false);
});

test('an output that keeps up is written to, and no more', () => {
  const output = new HeldOutput(() => expect.unreachable());
  const stream = new PassThrough();
  output.write(stream, 'abc');
  expect(String(stream.read())).toBe('abc');
});
