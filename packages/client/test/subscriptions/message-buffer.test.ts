import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Message } from '../../src/core/incoming/message.ts';
import { MessageBuffer } from '../../src/core/subscriptions/message-buffer.ts';

function message(topicName: string, bytes: number): Message {
  return new Message(topicName, new Uint8Array(bytes), 0, false, false, {}, null);
}

describe.each([false, true])('A buffer of messages (only the latest of each topic: %s)', (latestPerTopic) => {
  test('does what a plain list does', () => {
    const push = fc.record({ topicName: fc.constantFrom('a', 'b', 'c', 'd'), bytes: fc.nat({ max: 5 }) });
    const step = fc.oneof({ weight: 3, arbitrary: push }, fc.constantFrom('shift' as const, 'pop' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const buffer = new MessageBuffer(latestPerTopic);
        const model: Message[] = [];
        for (const each of steps) {
          if (each === 'shift') expect(buffer.shift()).toBe(model.shift());
          else if (each === 'pop') {
            if (model.length > 0) expect(buffer.pop()).toBe(model.pop());
          } else {
            const next = message(each.topicName, each.bytes);
            const place = latestPerTopic ? model.findIndex((one) => one.topicName === next.topicName) : -1;
            expect(buffer.push(next)).toBe(model[place]);
            if (place === -1) model.push(next);
            else model[place] = next;
          }
          expect(buffer.size).toBe(model.length);
          expect(buffer.bytes).toBe(model.reduce((sum, one) => sum + one.payload.length + 201, 0));
          expect(buffer.unpromised).toBe(model.length);
        }
      }),
    );
  });

  test('keeps nothing of a message that has left, while others wait', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const buffer = new MessageBuffer(latestPerTopic);
    const gone = ['shift', 'pop'].map((how) => {
      for (const topicName of ['a', 'b', 'c']) buffer.push(message(topicName, 1));
      return new WeakRef(how === 'pop' ? buffer.pop() : buffer.shift()!);
    });
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(gone.map((each) => each.deref())).toEqual([undefined, undefined]);
    expect(buffer.size).toBeGreaterThan(0);
  });

  test('stays right and small when very many messages pass through it', () => {
    const buffer = new MessageBuffer(latestPerTopic);
    for (let i = 0; i < 3000; i++) buffer.push(message(`t${i}`, 1));
    const out: string[] = [];
    for (let i = 0; i < 20_000; i++) {
      buffer.push(message(`t${i + 3000}`, 1));
      out.push(buffer.shift()!.topicName);
    }
    expect(out).toEqual(Array.from({ length: 20_000 }, (_, i) => `t${i}`));
    expect([buffer.size, buffer.bytes]).toEqual([3000, 3000 * (200 + 't20000'.length + 1)]);
  });
});
