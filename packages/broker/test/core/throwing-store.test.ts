/** A store or a transport that throws: the connection whose work it was ends, and nobody else notices. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../src/core/ports/store.ts';
import type { Delivery } from '../../src/core/publish/delivery.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { acknowledgement } from '../world/packets.ts';
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

  it('at an acknowledgement leaves the exchange open, to be counted once when it is over', () => {
    world.connect().publish('t', 'second', { qos: 1 });
    const session = world.core.sessions.get('durable')!;
    const { context } = world.core;
    const delivered = context.outcomes.deliveredCount;
    const queue = session.queue!;
    const done = queue.done.bind(queue);
    let failures = 0;
    queue.done = (delivery) => {
      if (failures++ === 0) throw new DiskError('the disk is gone');
      done(delivery);
    };
    const { packetId } = subscriber.takePublishes()[0]!;
    subscriber.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    expect([subscriber.closed, context.outcomes.deliveredCount - delivered]).toEqual([true, 0]);
    const again = world.connect({ clientId: 'durable', ...DURABLE });
    expect(again.takeAndAcknowledge()).toMatchObject([{ packetId, dup: true }]);
    expect([context.outcomes.deliveredCount - delivered, session.senderIfUsed!.inFlight.size]).toEqual([
      1, 0,
    ]);
    expect([context.queuedBytes, session.inFlightBytes]).toEqual([0, 0]);
  });

  it('when a refused message is to be forgotten counts its refusal once', () => {
    world.connect().publish('t', 'second', { qos: 1 });
    const queue = world.core.sessions.get('durable')!.queue!;
    const done = queue.done.bind(queue);
    let failures = 0;
    queue.done = (delivery) => {
      if (failures++ === 0) throw new DiskError('the disk is gone');
      done(delivery);
    };
    const { packetId } = subscriber.takePublishes()[0]!;
    subscriber.send({ type: 'puback', packetId, reasonCode: 0x80, properties: {} });
    const again = world.connect({ clientId: 'durable', ...DURABLE });
    again.send({ type: 'puback', packetId, reasonCode: 0x80, properties: {} });
    expect([world.dropped('refused-by-subscriber'), world.core.context.queuedBytes]).toEqual([1, 0]);
  });

  it('when a message of a group is to go back to it drops that one, and the session ends whole', () => {
    const leaving = world.connect({ clientId: 'leaving', ...DURABLE });
    const staying = world.connect({ clientId: 'staying', ...DURABLE });
    leaving.subscribe('$share/g/shared', 1);
    staying.subscribe('$share/g/shared', 1);
    const publisher = world.connect();
    for (let i = 0; i < 6; i++) publisher.publish('shared', `${i}`, { qos: 1 });
    const given = leaving.takeTexts();
    const session = world.core.sessions.get('leaving')!;
    const { queue } = session.shares![0] as unknown as { queue: { unshift: (delivery: Delivery) => void } };
    const unshift = queue.unshift.bind(queue);
    let failures = 0;
    queue.unshift = (delivery) => {
      if (failures++ === 0) throw new DiskError('the disk is gone');
      unshift(delivery);
    };
    leaving.disconnect(0, { sessionExpiryInterval: 0 });
    const taken = staying.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload));
    expect([given.length, taken.length, world.dropped('session-ended')]).toEqual([3, 5, 1]);
    expect([world.core.context.queuedBytes, session.inFlightBytes]).toEqual([0, 0]);
    expect([session.ended, session.senderIfUsed, session.queue]).toEqual([true, null, null]);
    expect(world.log.map(({ code }) => code)).toEqual(['store-io']);
  });

  it('on a will lets the rest of its session end, and the store forgets it', () => {
    const will = {
      topicName: 't',
      payload: new Uint8Array(1),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    const store = world.store as { deleteSession: (clientId: string) => void };
    const deleteSession = store.deleteSession.bind(store);
    const forgotten: string[] = [];
    store.deleteSession = (clientId) => {
      forgotten.push(clientId);
      deleteSession(clientId);
    };
    const lost = world.connect({ clientId: 'lost', will });
    lost.subscribe('its/own', 1);
    world.connect().publish('its/own', 'x', { qos: 1 });
    const session = world.core.sessions.get('lost')!;
    breakQueue('durable');
    lost.drop();
    expect([forgotten, session.senderIfUsed, session.queue]).toEqual([['lost'], null, null]);
    expect([world.core.context.queuedBytes, world.dropped('session-ended')]).toEqual([0, 1]);
  });

  it('when a connection ends does not end it twice: one DISCONNECT, one event', () => {
    const store = world.store as { putSession: unknown };
    const { putSession } = store;
    store.putSession = () => {
      throw new DiskError('the disk is gone');
    };
    world.core.disconnect('durable', 0x98, 'bye');
    store.putSession = putSession;
    world.turn();
    expect(subscriber.take()).toMatchObject([{ type: 'disconnect', reasonCode: 0x98 }]);
    expect(world.eventsOf('clientDisconnected')).toMatchObject([{ clientId: 'durable', reasonCode: 0x98 }]);
    expect([subscriber.closed, world.core.sessions.connected]).toEqual([true, 1]); // the publisher
    expect(world.log.map(({ code }) => code)).toEqual(['store-io']);
  });

  it('after a goodbye says nothing to a client that is gone', () => {
    const store = world.store as { putSession: unknown };
    const { putSession } = store;
    store.putSession = () => {
      throw new DiskError('the disk is gone');
    };
    subscriber.disconnect();
    store.putSession = putSession;
    expect([subscriber.closed, subscriber.take()]).toEqual([true, []]);
    expect(world.eventsOf('clientDisconnected')).toMatchObject([{ clientId: 'durable', reasonCode: 0 }]);
  });

  it('on a will that is due at once still has the session noted as disconnected', () => {
    const will = {
      topicName: 't',
      payload: new Uint8Array(1),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    const lost = world.connect({ clientId: 'lost', will, ...DURABLE });
    const store = world.store as { putSession: (record: SessionRecord) => void };
    const putSession = store.putSession.bind(store);
    const noted: SessionRecord[] = [];
    store.putSession = (record) => {
      noted.push(record);
      putSession(record);
    };
    breakQueue('durable');
    lost.drop();
    expect(noted).toMatchObject([{ clientId: 'lost', will: undefined }]);
    expect(noted[0]!.disconnectedAtWallMs).toBeTypeOf('number');
  });
});

describe('a store that throws for one of several', () => {
  it('shared groups lets a session that ends leave the others too', () => {
    const client = world.connect({ clientId: 'member', ...DURABLE });
    for (const name of ['a', 'b', 'c']) client.subscribe(`$share/${name}/s`, 1);
    client.drop();
    const { store } = world;
    const deleteQueue = store.deleteQueue.bind(store);
    store.deleteQueue = (owner) => {
      if (owner.kind === 'share' && owner.shareName === 'a') throw new DiskError('the disk is gone');
      deleteQueue(owner);
    };
    world.advance(100_000);
    expect([world.core.gauges.sharedSubscriptions, world.core.gauges.subscriptions]).toEqual([0, 1]);
    expect(world.log.map(({ code }) => code)).toEqual(['store-io']);
  });

  it('acknowledgements forgets no message of a group before it is done', () => {
    const client = world.connect({ clientId: 'guest' });
    client.subscribe('$share/g/s', 1);
    subscriber.subscribe('$share/g/s', 1);
    world.connect().publish('s', '1', { qos: 1 });
    world.connect().publish('s', '2', { qos: 1 });
    const [message] = client.takePublishes();
    const group = world.core.sessions.get('guest')!.shares![0]!;
    const done = group.queue.done.bind(group.queue);
    group.queue.done = () => {
      group.queue.done = done;
      throw new DiskError('the disk is gone');
    };
    client.send(acknowledgement('puback', message!.packetId));
    expect(client.closed).toBe(true);
    // It had not been taken off, so it goes to the other member.
    expect(subscriber.takeTexts()).toHaveLength(2);
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
