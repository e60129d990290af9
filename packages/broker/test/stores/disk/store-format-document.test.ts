import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RecordOp } from '../../../src/stores/disk/records/record-op.ts';
import { checkStore } from '../../../src/stores/disk/tools/check-store.ts';
import { SimulatedFiles } from './simulated-files.ts';
import { session, subscription, WrittenStore } from './tools/written-store.ts';

const DOCUMENT = new URL('../../../../../docs/store-format.md', import.meta.url);
const text = readFileSync(DOCUMENT, 'utf8');

/** The bytes at the beginning of each line; what follows two or more spaces says what they are. */
function exampleBytes(): Buffer {
  const block = /```hex\n([\s\S]*?)```/.exec(text)![1]!;
  const bytes = block.split('\n').map((line) => line.split(/ {2,}/)[0]!.replaceAll(' ', ''));
  return Buffer.from(bytes.join(''), 'hex');
}

describe('docs/store-format.md', () => {
  test('has an example that is what the store writes', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    store.writer.session(1, session('c', { disconnectedAtWallMs: Date.UTC(2026, 0, 31) }));
    store.writer.subscription(1, subscription('a'));
    store.push(1, 0, store.message({ topicName: 'a', payload: 'hi' }));
    await store.commit();
    store.writer.sent(1, 0, 0, 1, 1);
    await store.commit();
    await store.close();
    expect(exampleBytes().toString('hex')).toBe(Buffer.from(files.bytesOf('00000001.log')).toString('hex'));
  });

  test('has an example that is a whole store', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    files.put('00000001.log', exampleBytes());
    expect(await checkStore(files)).toMatchObject({
      isSound: true,
      isClean: true,
      figures: { sessions: 1, subscriptions: 1, inFlight: 1, messages: 1 },
    });
  });

  test('describes every record', () => {
    const described = [...text.matchAll(/^\| `([0-9a-f]{2})` \|/gm)].map(([, hex]) =>
      Number.parseInt(hex!, 16),
    );
    expect(described).toEqual(Object.values(RecordOp));
  });
});
