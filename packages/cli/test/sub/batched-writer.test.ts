import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { BatchedWriter } from '../../src/sub/batched-writer.ts';
import type { OutputOwner } from '../../src/sub/output.ts';

const noSpace = (): NodeJS.ErrnoException => Object.assign(new Error('no space'), { code: 'ENOSPC' });

class Owner implements OutputOwner {
  readonly failures: Error[] = [];
  onClogged(): void {}
  onFree(): void {}
  onFailed(error: Error): void {
    this.failures.push(error);
  }
}

describe('BatchedWriter', () => {
  test.each([
    ['at once', (done: () => void): void => done()],
    ['later', (done: () => void): void => void setImmediate(done)],
  ])('has told its owner of a write that failed %s when end() is fulfilled', async (_, when) => {
    const owner = new Owner();
    const stream = new Writable({
      write: (_bytes, _encoding, done) => when(() => done(noSpace())),
      // A file is closed first, and only then says 'error'.
      destroy: () => {},
    });
    const writer = new BatchedWriter(stream, owner);
    writer.buffer.appendBytes(Buffer.from('kept'));
    await writer.end();
    expect(owner.failures).toMatchObject([{ code: 'ENOSPC' }]);
  });
});
