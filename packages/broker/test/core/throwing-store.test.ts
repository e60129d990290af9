/** A store or a transport that throws: the connection whose work it was ends, and nobody else notices. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/core/publish/delivery.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const DURABLE = { cleanStart: false, properties: { sessionExpiryInterval: 100 } } as const;

let world: World;
let subscriber: TestClient;

class DiskError extends Error {
  readonly code = 'store-io';
}

/** From now on this session's queue throws. */
function breakQueue(clientId: string): void {
  const { queue } = world.core.sessions.get(clientId)!;
  queue!.push = (_delivery: Delivery) => {
    throw new DiskError('the disk is gone');
  };
}

beforeEach(() => {
  world = new World();
  subscriber = world.connect({ clientId: 'durable', ...DURABLE });
  subscriber.subscribe('t', 1);
  world.connect().publish('t', 'first', { qos: 1 });
  subscriber.takeAndAcknowledge();
});

describe('a store that throws', () => {
  it('ends the connection that published, which gets no PUBACK and is told why', () => {
    breakQueue('durable');
    const publisher = world.connect();
    publisher.publish('t', 'second', { qos: 1 });
    expect(publisher.closed).toBe(true);
    expect(publisher.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x83 }]);
    expect(subscriber.closed).toBe(false);
  });

  it("is logged once, by the error's own code", () => {
    breakQueue('durable');
    world.connect().publish('t', 'second', { qos: 1 });
    expect(world.log.map(({ level, code }) => [level, code])).toEqual([['error', 'store-io']]);
  });

  it('leaves nothing of the run for the next connection to send', () => {
    const other = world.connect();
    other.subscribe('t', 0);
    breakQueue('durable');
    world.connect().publish('t', 'second', { qos: 1 });
    other.take();
    const next = world.connect();
    next.publish('elsewhere', 'x');
    next.send({ type: 'pingreq' });
    expect(next.take()).toEqual([{ type: 'pingresp' }]);
    expect([next.closed, other.take()]).toEqual([false, []]);
  });

  it('on a message that comes when its publisher is lost disturbs nobody', () => {
    const will = {
      topicName: 't',
      payload: new Uint8Array(1),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    const lost = world.connect({ clientId: 'lost', will });
    lost.subscribe('its/own');
    breakQueue('durable');
    lost.drop();
    expect([world.core.sessions.get('lost'), world.core.gauges.subscriptions]).toEqual([undefined, 1]);
    expect(world.log.map(({ code }) => code)).toEqual(['store-io']);
    expect(world.connect({ clientId: 'lost' }).closed).toBe(false);
  });

  it('at the end of a connection leaves the session without a holder', () => {
    const store = world.store as { putSession: unknown };
    const putSession = store.putSession;
    store.putSession = () => {
      throw new DiskError('the disk is gone');
    };
    subscriber.sendBytes(Uint8Array.of(0xf0, 1, 0, 0)); // a malformed AUTH
    store.putSession = putSession;
    expect(subscriber.closed).toBe(true);
    expect(world.core.sessions.get('durable')).toMatchObject({ holder: null, output: null });
    expect(world.core.context.metrics.connectionsClosed).toBe(1);
    expect(world.connect({ clientId: 'durable', ...DURABLE }).connack?.sessionPresent).toBe(true);
  });

  it('while a session expires lets the others expire in their time', () => {
    const store = world.store as { deleteSession: (clientId: string) => void };
    const deleteSession = store.deleteSession.bind(store);
    store.deleteSession = (clientId) => {
      if (clientId === 'durable') throw new DiskError('the disk is gone');
      deleteSession(clientId);
    };
    const other = world.connect({ clientId: 'other', ...DURABLE });
    subscriber.drop();
    other.drop();
    world.advance(100_000);
    expect([world.core.sessions.get('durable'), world.core.sessions.get('other')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(world.log.map(({ code }) => code)).toEqual(['store-io']);
  });

  it('when it is to commit has failed to commit, and is asked again after the pause', () => {
    const committing = new CommittingWorld();
    const store = committing.store as { commit: unknown };
    const { commit } = store;
    store.commit = () => {
      throw new DiskError('the disk is gone');
    };
    const publisher = committing.connect();
    publisher.publish('r', 'x', { retain: true, qos: 1 });
    const { metrics } = committing.core.context;
    expect([metrics.commitsFailed, metrics.commits, publisher.closed]).toEqual([1, 0, true]);
    expect(committing.log.map(({ code }) => code)).toEqual(['store-io']);
    store.commit = commit;
    committing.advance(100);
    committing.finish();
    expect([metrics.commitsFailed, metrics.commits]).toEqual([1, 1]);
  });

  it('when a session is taken over does not keep the new connection from it', () => {
    const { queue } = world.core.sessions.get('durable')!;
    const store = world.store as { putSession: (record: unknown) => void };
    const putSession = store.putSession.bind(store);
    let failures = 0;
    store.putSession = (record) => {
      if (failures++ === 0) throw new DiskError('the disk is gone');
      putSession(record);
    };
    const again = world.connect({ clientId: 'durable', ...DURABLE });
    expect([again.connack?.sessionPresent, subscriber.closed]).toEqual([true, true]);
    expect(world.core.sessions.get('durable')!.queue).toBe(queue);
  });
});

describe('a transport that throws', () => {
  it('is destroyed, and the others of the turn are written to', () => {
    const first = world.connect();
    const second = world.connect();
    first.subscribe('x');
    second.subscribe('x');
    first.write = () => {
      throw new Error('the socket is gone');
    };
    world.connect().publish('x', 'both');
    expect(first.closed).toBe(true);
    expect(second.takeTexts()).toEqual(['both']);
    expect(new Set(world.log.map(({ code }) => code))).toEqual(new Set(['internal-error']));
  });
});
