import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER_EXPIRES, Session, Subscription } from '../../src/core/session/session.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { acknowledgement } from '../world/packets.ts';

function newSession(sessionExpiryInterval = 0): Session {
  return new Session('c', sessionExpiryInterval, () => {});
}

describe('a session', () => {
  it('has any expiry interval that a client can ask for', () => {
    for (const seconds of [0, 1, 0x7fff_ffff, 0x8000_0000, NEVER_EXPIRES]) {
      const session = newSession(seconds);
      expect(session.sessionExpiryInterval).toBe(seconds);
      session.sessionExpiryInterval = 7;
      session.sessionExpiryInterval = seconds;
      expect(session.sessionExpiryInterval).toBe(seconds);
    }
  });

  it('knows within a second when its client went, and never an earlier time', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.constantFrom(0, 0.25, 0.5), (whole, part) => {
        const session = newSession();
        const ms = whole + part;
        session.disconnectedAtMs = ms;
        expect(session.disconnectedAtMs).toBeGreaterThanOrEqual(ms);
        expect(session.disconnectedAtMs).toBeLessThan(ms + 1000);
      }),
    );
  });

  it('keeps each of its marks apart', () => {
    const marks = ['kept', 'recorded', 'ended', 'inFlightFull', 'queueUnopened'] as const;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...marks), fc.boolean())), (steps) => {
        const session = newSession();
        const model = {
          kept: false,
          recorded: false,
          ended: false,
          inFlightFull: false,
          queueUnopened: false,
        };
        for (const [mark, on] of steps) {
          session[mark] = on;
          model[mark] = on;
          for (const each of marks) expect(session[each]).toBe(model[each]);
        }
      }),
    );
  });
});

describe('a subscription', () => {
  it('has the options of its record, in every combination, and beside them the lower bits of a route number', () => {
    for (const qos of [0, 1, 2] as const)
      for (const retainHandling of [0, 1, 2] as const)
        for (const noLocal of [false, true])
          for (const retainAsPublished of [false, true]) {
            const options = { qos, noLocal, retainAsPublished, retainHandling };
            const record = { topicFilter: 'a', subscriptionIdentifier: 7, ...options };
            const subscription = new Subscription(newSession(), 'a', record);
            expect(subscription).toMatchObject({ ...record, routeNumber: 0 });
            for (const routeNumber of [1, 0x1ff_ffff, 0x3ff_ffff]) {
              subscription.routeNumber = routeNumber;
              expect(subscription).toMatchObject({ ...record, routeNumber });
            }
            subscription.routeNumber = 0x400_0001;
            expect(subscription).toMatchObject({ ...record, routeNumber: 1 });
          }
  });
});

describe('a session whose client has gone', () => {
  function sentTo(world: CommittingWorld) {
    const client = world.durable('c');
    world.subscribed(client, 't', 1);
    const publisher = world.durable('p');
    publisher.publish('t', 'm', { qos: 1 });
    world.settle();
    publisher.take();
    return { client, publisher, session: world.core.sessions.get('c')! };
  }

  it('keeps what is in flight until that is acknowledged, and then nothing of it', () => {
    const world = new CommittingWorld();
    const { client, session } = sentTo(world);
    client.drop();
    expect(session.senderIfUsed?.inFlight.size).toBe(1);
    world.settle();
    const again = world.durable('c');
    const { packetId, dup } = again.takeOne('publish');
    expect(dup).toBe(true);
    again.send(acknowledgement('puback', packetId));
    again.drop();
    expect(session.senderIfUsed?.inFlight.size).toBe(1); // until it is kept that it is over
    world.settle();
    expect(session.senderIfUsed).toBeNull();
  });

  it('is sent what comes later when it is back', () => {
    const world = new CommittingWorld();
    const { client, publisher, session } = sentTo(world);
    client.send(acknowledgement('puback', client.takeOne('publish').packetId));
    world.settle();
    client.drop();
    expect(session.senderIfUsed).toBeNull();
    publisher.publish('t', 'later', { qos: 1 });
    world.settle();
    const again = world.durable('c');
    expect(again.takeTexts()).toEqual(['later']);
  });

  it('keeps the identifiers of what it sent exactly once until they are released', () => {
    const world = new CommittingWorld();
    const client = world.durable('c');
    const session = world.core.sessions.get('c')!;
    client.publish('t', 'm', { qos: 2, packetId: 5 });
    world.settle();
    client.drop();
    expect([...(session.receiverIfUsed?.received ?? [])]).toEqual([5]);
    world.settle();
    const again = world.durable('c');
    again.send(acknowledgement('pubrel', 5));
    again.drop();
    expect(session.receiverIfUsed).toBeNull();
  });
});
