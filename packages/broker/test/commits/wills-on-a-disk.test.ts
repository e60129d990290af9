/** Wills on the disk store: what becomes of them when the broker is killed, and killed again before it has told. */
import type { ConnectPacket, Will } from '@martlet/protocol';
import { beforeEach, expect, it } from 'vitest';
import { bytesOf } from '../world/world.ts';
import { DiskWorld } from './disk-world.ts';

const GRACE_MS = 10_000;

let disk: DiskWorld;

function will(options: Partial<Will> = {}): Pick<ConnectPacket, 'will'> {
  return {
    will: { topicName: 'w', payload: bytesOf('gone'), qos: 2, retain: true, properties: {}, ...options },
  };
}

/** What a session that is always there has of the will by now, and what is retained. */
async function told(): Promise<{ readonly waited: string[]; readonly retained: string[] }> {
  const watcher = await disk.durable('watcher');
  const waited = watcher.takeTexts();
  const late = disk.world.connect();
  await disk.subscribe(late, 'w', 0);
  return { waited, retained: late.takeTexts() };
}

beforeEach(async () => {
  disk = await DiskWorld.open({ habits: { willGraceMs: GRACE_MS } });
  const watcher = await disk.durable('watcher', { properties: { sessionExpiryInterval: 100_000 } });
  await disk.subscribe(watcher, 'w', 2);
  watcher.drop();
  await disk.settle();
});

it('a client that was connected and does not come back within the grace has its will published, once', async () => {
  await disk.durable('c', will());
  await disk.kill();
  disk.world.advance(GRACE_MS - 1);
  expect(disk.world.core.context.metrics.willsPublished).toBe(0);
  disk.world.advance(1);
  await disk.settle();
  await disk.kill();
  disk.world.advance(10 * GRACE_MS);
  await disk.settle();
  expect(await told()).toEqual({ waited: ['gone'], retained: ['gone'] });
});

it('a will whose publication was not kept is published by the next process', async () => {
  await disk.durable('c', will());
  await disk.kill();
  disk.files.capacityBytes = 0;
  disk.world.advance(GRACE_MS);
  await disk.settle();
  expect(disk.world.core.context.metrics.willsPublished).toBe(1);
  disk.files.capacityBytes = Number.POSITIVE_INFINITY;
  await disk.kill();
  disk.world.advance(GRACE_MS);
  await disk.settle();
  expect(await told()).toEqual({ waited: ['gone'], retained: ['gone'] });
});

it('a client that comes back within the grace takes its will back, whatever kills the broker then', async () => {
  await disk.durable('c', will());
  await disk.kill();
  await disk.durable('c');
  await disk.kill();
  disk.world.advance(10 * GRACE_MS);
  await disk.settle();
  expect(await told()).toEqual({ waited: [], retained: [] });
});

it('a will with a delay goes on with it after a restart, the time in between included', async () => {
  const client = await disk.durable('c', will({ properties: { willDelayInterval: 100 } }));
  client.drop();
  await disk.settle();
  disk.world.advance(30_000);
  await disk.settle();
  await disk.kill(disk.world.wallMs + 30_000);
  disk.world.advance(38_000);
  expect(disk.world.core.context.metrics.willsPublished).toBe(0);
  disk.world.advance(2000);
  expect(disk.world.core.context.metrics.willsPublished).toBe(1);
  await disk.settle();
  expect(await told()).toEqual({ waited: ['gone'], retained: ['gone'] });
});

it('a will of a session that ends with its connection survives the broker', async () => {
  await disk.durable('c', { ...will(), properties: {} });
  await disk.kill();
  disk.world.advance(GRACE_MS);
  await disk.settle();
  await disk.kill();
  disk.world.advance(GRACE_MS);
  await disk.settle();
  expect(await told()).toEqual({ waited: ['gone'], retained: ['gone'] });
  expect(disk.world.core.sessions.get('c')).toBeUndefined();
});

it('a client that was refused because its messages could not be read keeps its will', async () => {
  const client = await disk.durable('c', will());
  await disk.subscribe(client, 't', 1);
  await disk.publish('t', 'in flight', 1);
  await disk.kill();
  disk.files.faultOf = ({ operation }) =>
    operation === 'read' || operation === 'open' ? { kind: 'error', code: 'EMFILE' } : undefined;
  disk.world.connecting({ clientId: 'c', cleanStart: false });
  await disk.settle();
  disk.files.faultOf = () => undefined;
  disk.world.advance(GRACE_MS);
  await disk.settle();
  expect(await told()).toEqual({ waited: ['gone'], retained: ['gone'] });
});
