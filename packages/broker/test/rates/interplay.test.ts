import { encodePacket } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AuthorizationAnswer, Authorizer } from '../../src/core/ports/authorizer.ts';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

/** Answers when it is told to. */
class LateAuthorizer implements Authorizer {
  readonly open: ((answer: AuthorizationAnswer) => void)[] = [];

  authorize({ action }: { readonly action: string }, answer: (given: AuthorizationAnswer) => void) {
    if (action !== 'publish') return { allowed: true } as const;
    this.open.push(answer);
    return undefined;
  }
}

function bytesOf(count: number, topics: number): Uint8Array {
  const packets = Array.from({ length: count }, (_, i) =>
    encodePacket(publishPacket(`t/${i % topics}`, `${i}`, { qos: 1, packetId: i + 1 }), 5),
  );
  const bytes = new Uint8Array(packets.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const packet of packets) {
    bytes.set(packet, at);
    at += packet.length;
  }
  return bytes;
}

describe('a connection that waits for its rate', () => {
  test('loses nothing and keeps the order, however its bytes come, whoever answers late, and while rates change', () => {
    const step = fc.record({
      take: fc.integer({ min: 1, max: 200 }),
      ms: fc.integer({ min: 0, max: 3000 }),
      answer: fc.boolean(),
      rate: fc.option(fc.integer({ min: 1, max: 50 }), { nil: null, freq: 8 }),
      reload: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), (steps, topics) => {
        const authorizer = new LateAuthorizer();
        const world = new World({ authorizer, rates: { perClient: { messagesInPerSecond: 5 } } });
        const subscriber = world.connect({ clientId: 'subscriber' });
        subscriber.subscribe('t/#');
        const publisher = world.connect({ clientId: 'publisher', keepAlive: 60 });
        const count = 40;
        const bytes = bytesOf(count, topics);
        let sent = 0;
        const texts: string[] = [];
        const answerAll = (): void => {
          for (const answer of authorizer.open.splice(0)) answer({ allowed: true });
          world.turn();
        };
        for (const { take, ms, answer, rate, reload } of steps) {
          if (!publisher.paused) {
            publisher.sendBytes(bytes.slice(sent, sent + take));
            sent = Math.min(bytes.length, sent + take);
          }
          if (answer) answerAll();
          world.advance(ms);
          if (reload) {
            const messagesInPerSecond = rate === null ? null : rate;
            world.reconfigure({ authorizer, rates: { perClient: { messagesInPerSecond } } });
          }
          texts.push(...subscriber.takeTexts());
        }
        for (let i = 0; i < 200 && texts.length < count; i++) {
          answerAll();
          world.advance(1000);
          if (!publisher.paused && sent < bytes.length) {
            publisher.sendBytes(bytes.slice(sent));
            sent = bytes.length;
          }
          texts.push(...subscriber.takeTexts());
        }
        expect(texts).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
        const pubacks = publisher.take().filter(({ type }) => type === 'puback');
        expect(pubacks.map((packet) => (packet as { packetId: number }).packetId)).toEqual(
          Array.from({ length: count }, (_, i) => i + 1),
        );
        expect(publisher.closed).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('gives everything back when it ends while it waits', () => {
    const rates = { perClient: { messagesInPerSecond: 1 }, perUser: { connections: 1, subscriptions: 5 } };
    const world = new World({ rates });
    for (const end of ['drop', 'disconnect', 'takeover'] as const) {
      const client = world.connect({ clientId: 'c', username: 'u' });
      client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
      client.publish('t', '1');
      client.publish('t', '2');
      expect(client.paused).toBe(true);
      if (end === 'takeover') world.connect({ clientId: 'c', username: 'u' }).drop();
      else if (end === 'drop') client.drop();
      else world.core.disconnect('c', 0x98, 'enough');
      world.turn();
      world.advance(1000);
    }
    const meter = world.core.context.rates.meterOf('c');
    expect(meter).toBeUndefined();
    const last = world.connect({ clientId: 'd', username: 'u' });
    expect(last.subscribe(['a', 'b', 'c', 'd', 'e'].map((topicFilter) => ({ topicFilter })))).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });
});
