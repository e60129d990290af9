import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER_EXPIRES, Session, Subscription } from '../../src/core/session/session.ts';

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
    const marks = ['kept', 'recorded', 'ended', 'inFlightFull'] as const;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...marks), fc.boolean())), (steps) => {
        const session = newSession();
        const model = { kept: false, recorded: false, ended: false, inFlightFull: false };
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
  it('has the options of its record, in every combination', () => {
    for (const qos of [0, 1, 2] as const)
      for (const retainHandling of [0, 1, 2] as const)
        for (const noLocal of [false, true])
          for (const retainAsPublished of [false, true]) {
            const options = { qos, noLocal, retainAsPublished, retainHandling };
            const record = { topicFilter: 'a', subscriptionIdentifier: 7, ...options };
            expect(new Subscription(newSession(), 'a', record)).toMatchObject(record);
          }
  });
});
