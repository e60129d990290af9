import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import type { RetainedQuota } from '../../src/core/options/profile.ts';
import { MESSAGE_OWN_BYTES } from '../../src/core/publish/message.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

function rig(retainedQuotas: readonly RetainedQuota[]) {
  const world = new World({ habits: { retainedQuotas } });
  return { world, publisher: world.connect({ clientId: 'publisher' }) };
}

/** Publishes with RETAIN; returns the reason string if it was not retained. */
function retain(publisher: TestClient, topicName: string, payload = 'x'): string | undefined {
  publisher.publish(topicName, payload, { qos: 1, retain: true });
  const puback = publisher.takeOne('puback');
  expect(puback.reasonCode).toBeLessThan(0x80);
  return puback.properties.reasonString;
}

describe('a quota of retained messages under a topic', () => {
  test('lets so many be retained, and routes one more without retaining it, naming the prefix', () => {
    const { world, publisher } = rig([{ topicPrefix: 'a/b', messages: 2 }]);
    const subscriber = world.connect();
    subscriber.subscribe('#');
    expect(retain(publisher, 'a/b')).toBeUndefined();
    expect(retain(publisher, 'a/b/c')).toBeUndefined();
    expect(retain(publisher, 'a/b/d')).toBe(
      'routed, but not retained: 2 messages are retained under a/b, as many as may be',
    );
    expect(subscriber.takeTexts()).toHaveLength(3);
    expect(world.dropped('retained-limit')).toBe(1);
    expect(world.core.context.outcomes.latest()[0]?.detail).toBe(
      '2 messages are retained under a/b, as many as may be',
    );
    expect(retain(publisher, 'a/bc')).toBeUndefined();
    expect(retain(publisher, 'a')).toBeUndefined();
  });

  test('lets one be replaced, and has room again for what was cleared or has expired', () => {
    const { world, publisher } = rig([{ topicPrefix: 'a/', messages: 1 }]);
    retain(publisher, 'a/1');
    expect(retain(publisher, 'a/1')).toBeUndefined();
    expect(retain(publisher, 'a/2')).toBeDefined();
    retain(publisher, 'a/1', '');
    publisher.publish('a/2', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 1 } });
    publisher.take();
    expect(retain(publisher, 'a/3')).toBeDefined();
    world.advance(2000);
    expect(retain(publisher, 'a/3')).toBeUndefined();
  });

  test('counts bytes, with topic names, and not one more', () => {
    const bytes = 2 * ('a/1'.length + 10 + MESSAGE_OWN_BYTES);
    const { publisher } = rig([{ topicPrefix: 'a', bytes }]);
    expect(retain(publisher, 'a/1', '0123456789')).toBeUndefined();
    expect(retain(publisher, 'a/2', '0123456789x')).toContain('bytes are retained under a');
    expect(retain(publisher, 'a/2', '0123456789')).toBeUndefined();
    expect(retain(publisher, 'a/1', '0123456789x')).toBeDefined();
  });

  test('holds together with those of the levels above', () => {
    const { publisher } = rig([
      { topicPrefix: 'a', messages: 2 },
      { topicPrefix: 'a/b', messages: 1 },
    ]);
    expect(retain(publisher, 'a/b/1')).toBeUndefined();
    expect(retain(publisher, 'a/b/2')).toContain('under a/b,');
    expect(retain(publisher, 'a/c')).toBeUndefined();
    expect(retain(publisher, 'a/d')).toContain('under a,');
  });

  test('counts what is there when it is set later, topics that begin with $ included', () => {
    const { world, publisher } = rig([]);
    for (const topicName of ['a/1', 'a/2', '$own/1']) retain(publisher, topicName);
    world.reconfigure({
      habits: {
        retainedQuotas: [
          { topicPrefix: 'a', messages: 2 },
          { topicPrefix: '$own', messages: 1 },
        ],
      },
    });
    expect(retain(publisher, 'a/3')).toBeDefined();
    expect(retain(publisher, '$own/2')).toBeDefined();
    expect(retain(publisher, 'a/1')).toBeUndefined();
    world.reconfigure({});
    expect(retain(publisher, 'a/3')).toBeUndefined();
  });

  test('counts what a store brings back', () => {
    const store = new MemoryStore();
    const first = new World({ store });
    const publisher = first.connect();
    retain(publisher, 'a/1');
    const world = new World({
      store: store.reopen(),
      habits: { retainedQuotas: [{ topicPrefix: 'a', messages: 1 }] },
    });
    expect(retain(world.connect(), 'a/2')).toBeDefined();
  });

  test('counts wills and messages of the application', () => {
    const { world } = rig([{ topicPrefix: 'a', messages: 1 }]);
    const message = { payload: new Uint8Array(1), qos: 0, retain: true, properties: {} } as const;
    world.core.publish({ ...message, topicName: 'a/1' });
    world.core.publish({ ...message, topicName: 'a/2' });
    const will = {
      topicName: 'a/3',
      payload: new Uint8Array(1),
      qos: 0,
      retain: true,
      properties: {},
    } as const;
    world.connect({ will }).drop();
    expect(world.dropped('retained-limit')).toBe(2);
    expect(world.core.retaining.messages.count).toBe(1);
  });

  test('before MQTT 5.0 is not told, and nothing else changes', () => {
    const { world } = rig([{ topicPrefix: 'a', messages: 0 }]);
    const old = world.connect({ protocolVersion: 4 });
    old.publish('a/1', 'x', { qos: 1, retain: true });
    expect(old.take()).toMatchObject([{ type: 'puback', reasonCode: ReasonCode.Success }]);
    expect(world.core.retaining.messages.count).toBe(0);
  });

  test.each([
    [{ topicPrefix: 'a/#', messages: 1 }, 'a/#'],
    [{ topicPrefix: '', messages: 1 }, 'topic prefix ""'],
    [{ topicPrefix: 'a' }, 'expected messages or bytes for a'],
    [{ topicPrefix: 'a', messages: -1 }, 'got -1'],
    [{ topicPrefix: 'a', mesages: 1 }, 'entries such as'],
    ['a', 'entries such as'],
  ])('%j is refused', (quota, text) => {
    expect(() => rig([quota as unknown as RetainedQuota])).toThrow(text);
  });
});
