// Many subscriptions of one application to the same filter.

import type { Client, ClientError } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '../../src/core/subscriptions/subscriber.ts';
import { Subscriber } from '../../src/core/subscriptions/subscriber.ts';
import { Subscriptions } from '../../src/core/subscriptions/subscriptions.ts';
import { CONTINUED, grant, message, suback, taken } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let errors: ClientError[];
beforeEach(() => {
  world = new World();
  errors = [];
});
afterEach(() => world.close());

async function online(): Promise<{ client: Client; server: TestServer }> {
  const client = world.connect({ sessionExpiryInterval: 300 });
  client.on('error', (error) => errors.push(error));
  return { client, server: await world.accept() };
}

const handler = (): void => {};

describe('Subscriptions that join one filter', () => {
  test('while it is asked for are asked for together, once that has been answered', async () => {
    const { client, server } = await online();
    const first = client.subscribe('a', { qos: 0, retainHandling: 2 }, handler);
    const more = Array.from({ length: 1000 }, (_, i) =>
      client.subscribe('a', { qos: i === 500 ? 2 : 1 }, handler),
    );
    await world.settle();
    expect(server.take('subscribe').subscriptions).toMatchObject([{ qos: 0, retainHandling: 2 }]);
    expect(taken(server)).toEqual([]);
    server.send(suback(1, 0));
    expect((await first).qos).toBe(0);
    const next = server.take('subscribe');
    expect(next.subscriptions).toMatchObject([{ qos: 2, retainHandling: 0 }]);
    expect(taken(server)).toEqual([]);
    server.send(suback(next.packetId, 2));
    const all = await Promise.all([first, ...more]);
    expect(all.every(({ qos }) => qos === 2)).toBe(true);
    await world.settle();
    expect(taken(server)).toEqual([]);
  });

  test('and leave it again before they are asked for cost nothing, and are not counted any more', async () => {
    const { client, server } = await online();
    client.subscribe('a', { qos: 0 }, handler);
    for (let i = 0; i < 100; i++) {
      const { subscription } = client.subscribe('a', { qos: 2 }, handler);
      await subscription.unsubscribe();
    }
    const last = client.subscribe('a', { qos: 1 }, handler);
    await world.settle();
    expect(taken(server)).toEqual(['subscribe 1 a']);
    server.send(suback(1, 0));
    await world.settle();
    const next = server.take('subscribe');
    expect(next.subscriptions).toMatchObject([{ qos: 1 }]);
    server.send(suback(next.packetId, 1));
    expect((await last).qos).toBe(1);
  });

  test('are asked for with the others when the connection was lost before the answer', async () => {
    const { client, server } = await online();
    const first = client.subscribe('a', { qos: 0 }, handler);
    const second = client.subscribe('a', { qos: 2 }, handler);
    await world.settle();
    server.cut();
    await world.advance(5000);
    const next = await world.accept(CONTINUED);
    const packet = next.take('subscribe');
    expect(packet.subscriptions).toMatchObject([{ qos: 2 }]);
    expect(taken(next)).toEqual([]);
    next.send(suback(packet.packetId, 2));
    expect([(await first).qos, (await second).qos]).toEqual([2, 2]);
  });

  test('are refused with it, but alone where the server has it', async () => {
    const { client, server } = await online();
    const refused = [client.subscribe('a'), client.subscribe('a')];
    await world.settle();
    server.send(suback(1, ReasonCode.NotAuthorized));
    for (const each of refused) await expect(each).rejects.toMatchObject({ code: 'REFUSED' });
    taken(server);
    const seen: string[] = [];
    const first = client.subscribe('a', {}, (each) => seen.push(each.text()));
    await world.settle();
    grant(server);
    await first;
    const second = client.subscribe('a', { qos: 1 });
    const third = client.subscribe('a', { qos: 2 }, (each) => seen.push(each.text()));
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send(suback(packetId, ReasonCode.QuotaExceeded));
    await expect(second).rejects.toMatchObject({ code: 'REFUSED' });
    const next = server.take('subscribe');
    expect(next.subscriptions).toMatchObject([{ qos: 2 }]);
    server.send(suback(next.packetId, 2), message('a'));
    expect((await third).qos).toBe(2);
    expect(seen).toEqual(['a', 'a']);
  });

  test('in the handler of a message do not get that one', async () => {
    const { client, server } = await online();
    let count = 0;
    client.subscribe('a', {}, () => {
      client.subscribe('a', {}, () => count++);
    });
    await world.settle();
    grant(server);
    server.send(message('a'));
    await world.settle();
    expect(count).toBe(0);
    server.send(message('a'));
    await world.settle();
    expect(count).toBe(1);
  });

  test('are each told once that they are granted, however many there are', () => {
    let told = 0;
    class Counted extends Subscriber {
      protected override accept(): boolean {
        return true;
      }
      override onGranted(grant: Grant): void {
        super.onGranted(grant);
        told++;
      }
      override onRefused(): void {}
    }
    const server = { subscriptionIdentifiersAvailable: true, maximumPacketSize: 1e9 };
    let packetId = 0;
    const sender = {
      server: server as never,
      request: () => ++packetId,
      freePacketId: handler,
      mayAsk: () => true,
      window: 65_535,
    };
    const subscriptions = new Subscriptions(sender);
    const options = { qos: 0, whenSlow: 'dropOldest', retainHandling: 0 } as never;
    for (let i = 0; i < 100; i++) {
      for (let k = 0; k < 10; k++) subscriptions.add(new Counted('a', options, {} as never));
      subscriptions.onAnswer({ type: 'suback', packetId, reasonCodes: [0], properties: {} });
    }
    for (let i = 0; i < 2; i++) {
      subscriptions.onAnswer({ type: 'suback', packetId, reasonCodes: [0], properties: {} });
      if (subscriptions.requestCount === 0) break;
    }
    expect(told).toBe(1000);
    expect(packetId).toBe(101);
  });
});
