import { expect, it } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { CommitAttempt } from '../../../src/stores/disk/log/commit-attempt.ts';
import { writeInSteps } from '../../../src/stores/disk/log/stepped-write.ts';
import { LogWorld } from './log-world.ts';
import { SimulatedFiles } from './simulated-files.ts';

const MIB = 2 ** 20;

it('writes all bytes in their places, at most 1 MiB in a call, and counts the calls', async () => {
  const files = new SimulatedFiles({ seed: 1 });
  const file = await files.create('f');
  const { write } = file;
  const calls: number[] = [];
  file.write = (pieces, position, synced) => {
    calls.push(pieces.reduce((sum, { length }) => sum + length, 0));
    return write.call(file, pieces, position, synced);
  };
  const attempt = new CommitAttempt();
  const pieces = [5, MIB, 0, 3 * MIB - 10, 7].map((length, index) => new Uint8Array(length).fill(index + 1));
  await writeInSteps(file, pieces, 64, true, attempt);
  expect([calls, attempt.steps]).toEqual([[MIB, MIB, MIB, MIB, 2], 5]);
  const written = new Uint8Array(4 * MIB + 2);
  await file.read(written, 64);
  expect(Buffer.compare(written, Buffer.concat(pieces))).toBe(0);
});

it('ends after the step in which the attempt was given up', async () => {
  const file = await new SimulatedFiles({ seed: 1 }).create('f');
  const attempt = new CommitAttempt();
  const { write } = file;
  file.write = (...args) => {
    attempt.isOver = true;
    return write.apply(file, args);
  };
  await expect(writeInSteps(file, [new Uint8Array(3 * MIB)], 0, true, attempt)).rejects.toMatchObject({
    code: 'store-silent',
  });
  expect(attempt.steps).toBe(1);
});

it.each([1, 2, 3, 4])(
  'a batch of which only %i MiB arrived before the power cut is not there',
  async (arrived) => {
    const files = new SimulatedFiles({ seed: 1 });
    const world = await LogWorld.open(files);
    world.stage(10);
    expect(await world.commit(Durability.Disk)).toBeUndefined();
    let writes = 0;
    files.faultOf = ({ operation }) =>
      operation === 'write' && ++writes > arrived ? { kind: 'silent' } : undefined;
    world.stage(5 * MIB);
    expect(await world.commit(Durability.Disk)).toBe('silent');
    const after = await LogWorld.open(files.afterPowerCut());
    expect([after.next, after.notes]).toEqual([1, ['store-torn-tail']]);
  },
);
