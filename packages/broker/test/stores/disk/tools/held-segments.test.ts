import { describe, expect, test } from 'vitest';
import type { LogFile } from '../../../../src/stores/disk/files/log-files.ts';
import { HeldSegments } from '../../../../src/stores/disk/tools/held-segments.ts';
import { StoreSnapshot } from '../../../../src/stores/disk/tools/store-snapshot.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { WrittenStore, writeExample } from './written-store.ts';

/** Files of a broker that removes its oldest segment just before that is opened, so many times. */
class VanishingFiles extends SimulatedFiles {
  left: number;
  opened: number;
  closed: number;

  constructor(left: number) {
    super({ seed: 1 });
    this.left = left;
    this.opened = 0;
    this.closed = 0;
  }

  override async open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    if (mode === 'read' && this.left > 0) {
      this.left--;
      this.take([...this.names].sort()[0]!);
    }
    const file = await super.open(name, mode);
    if (mode === 'read') this.opened++;
    const close = file.close.bind(file);
    file.close = () => {
      this.closed++;
      return close();
    };
    return file;
  }
}

const segment = (number: number) => `0000000${number}.log`;

describe('Held segments', () => {
  test('are listed anew when one vanished before it was opened', async () => {
    const files = new VanishingFiles(3);
    for (let number = 1; number < 7; number++) files.put(segment(number), Uint8Array.of(number));
    const held = await HeldSegments.hold(files);
    expect(await held.list()).toEqual([segment(4), segment(5), segment(6)]);
    await held.close();
    expect(files.closed).toBe(files.opened);
  });

  test('are given up when they vanish again and again', async () => {
    const files = new VanishingFiles(Number.POSITIVE_INFINITY);
    for (let number = 1; number < 70; number++) {
      files.put(`${String(number).padStart(8, '0')}.log`, Uint8Array.of(number));
    }
    await expect(HeldSegments.hold(files)).rejects.toMatchObject({ code: 'store-too-busy' });
    expect(files.closed).toBe(files.opened);
  });

  test.each([
    ['open', 'EMFILE', 'too-many-files', 'the store has 3 files, and only 1 could be opened'],
    ['open', 'EACCES', 'store-unreadable', 'the data directory cannot be read'],
    ['list', 'EACCES', 'store-unreadable', 'the data directory cannot be read'],
    ['list', 'ENOENT', 'store-missing', 'there is no such directory'],
  ])('are none when %s fails with %s', async (operation, systemCode, code, message) => {
    const files = new VanishingFiles(0);
    for (let number = 1; number < 4; number++) files.put(segment(number), Uint8Array.of(number));
    files.faultOf = (call) =>
      call.operation === operation && call.name !== segment(1)
        ? { kind: 'error', code: systemCode }
        : undefined;
    await expect(HeldSegments.hold(files)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(files.closed).toBe(files.opened);
  });

  test('can be read when they have been removed', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files, 300);
    await writeExample(store);
    await store.close();
    const snapshot = await StoreSnapshot.open(files);
    for (const name of files.names) files.take(name);
    const { messages } = snapshot.state;
    const read = await Promise.all(
      [...messages.rowsInOrder()].map(
        async (row) => (await snapshot.readMessage(messages.place(row))).topicName,
      ),
    );
    expect(read).toContain('a/shared');
    await snapshot.close();
  });

  test('are never written', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    files.put(segment(1), Uint8Array.of(1));
    const held = await HeldSegments.hold(files);
    await expect(held.create()).rejects.toThrow('only read');
    await expect(held.remove()).rejects.toThrow('only read');
    await expect(held.open(segment(1), 'write')).rejects.toThrow('only read');
    await expect((await held.open(segment(1), 'read')).write([], 0, false)).rejects.toThrow('only read');
    expect(() => held.openSync(segment(2))).toThrow('is not among what is held');
  });
});
