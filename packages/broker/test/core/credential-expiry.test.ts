import { describe, expect, it } from 'vitest';
import type { AuthenticationAnswer } from '../../src/core/ports/authenticator.ts';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { World } from '../world/world.ts';

type Accepting = Omit<AuthenticationAnswer & { readonly kind: 'accept' }, 'kind'>;
const START = Date.UTC(2026, 0, 1);
const METHOD = { authenticationMethod: 'M' };

/** Answers each attempt with the next of these; the last one again and again. */
function worldOf(...answers: Accepting[]): World {
  let next = 0;
  const authenticator = new TestAuthenticator(() => ({
    kind: 'accept',
    ...answers[Math.min(next++, answers.length - 1)],
  }));
  return new World({ authenticator, wallMs: START });
}

describe('credentials that expire', () => {
  it('end the connection then, with 0x87 where the version can say it', () => {
    for (const protocolVersion of [3, 4, 5] as const) {
      const world = worldOf({ expiresAtWallMs: START + 90_000 });
      const client = world.connect({ protocolVersion });
      world.advance(89_999);
      expect(client.closed).toBe(false);
      world.advance(1);
      expect(client.closed).toBe(true);
      expect(client.take()).toMatchObject(
        protocolVersion === 5
          ? [
              {
                type: 'disconnect',
                reasonCode: 0x87,
                properties: { reasonString: 'its credentials expired' },
              },
            ]
          : [],
      );
      expect(world.eventsOf('clientDisconnected')).toMatchObject([{ reasonCode: 0x87 }]);
    }
  });

  it('that have expired are refused', () => {
    const world = worldOf({ expiresAtWallMs: START });
    expect(world.connecting().takeOne('connack')).toMatchObject({
      reasonCode: 0x87,
      properties: { reasonString: 'its credentials expired' },
    });
  });

  it('follow the wall clock, whichever way it is set', () => {
    const world = worldOf({ expiresAtWallMs: START + 3_600_000 });
    const back = world.connect();
    world.advance(1_800_000);
    world.wallMs -= 1_800_000;
    world.advance(1_800_000);
    expect(back.closed).toBe(false);
    world.wallMs += 1_800_000;
    world.advance(60_000);
    expect(back.closed).toBe(true);
  });

  it('leave nothing behind when the connection ends before', () => {
    const world = worldOf({ expiresAtWallMs: START + 3_600_000 });
    const properties = { sessionExpiryInterval: 0xffffffff };
    const client = world.connect({ clientId: 'c', properties });
    client.disconnect();
    expect(world.core.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(world.core.sessions.get('c')).toBeDefined();
  });
});

describe('authentication of a connected client', () => {
  const again = { type: 'auth', reasonCode: 0x19, properties: METHOD } as const;

  it('moves the time at which its credentials expire, or takes it away', () => {
    const world = worldOf({ expiresAtWallMs: START + 10_000 }, { expiresAtWallMs: START + 30_000 }, {});
    const client = world.connect({ properties: METHOD });
    world.advance(5000);
    client.send(again);
    expect(client.takeOne('auth').reasonCode).toBe(0);
    world.advance(20_000);
    expect(client.closed).toBe(false);
    client.send(again);
    world.advance(3_600_000);
    expect(client.closed).toBe(false);
    expect(client.take()).toMatchObject([{ type: 'auth', reasonCode: 0 }]);
  });

  it('may set a time where there was none', () => {
    const world = worldOf({}, { expiresAtWallMs: START + 1000 });
    const client = world.connect({ properties: METHOD });
    client.send(again);
    world.advance(1000);
    expect(client.closed).toBe(true);
  });

  it('counts for what it may receive, too', () => {
    const world = worldOf({ groups: ['a'] }, {}, { groups: ['b'] });
    const authorizer = Object.assign(new TestAuthorizer(), { asks: { receive: true } });
    authorizer.rule = ({ action, client }) =>
      action === 'receive' ? { allowed: client.groups.includes('b') } : undefined;
    world.reconfigure({ authorizer });
    const client = world.connect({ properties: METHOD });
    client.subscribe('t');
    const publisher = world.connect();
    publisher.publish('t', 'before');
    client.send(again);
    publisher.publish('t', 'after');
    expect(client.takeTexts()).toEqual(['after']);
  });

  it('gives the authoriser its new groups and permissions, and keeps its name', () => {
    const first = { username: 'u', groups: ['a'], permissions: 1 };
    const world = worldOf(first, {}, { username: 'another', groups: ['b'] }, { permissions: 2 });
    const authorizer = new TestAuthorizer();
    const seen: unknown[] = [];
    authorizer.rule = ({ client: { username, groups, permissions } }) => {
      seen.push([username, groups, permissions]);
      return undefined;
    };
    world.reconfigure({ authorizer });
    const client = world.connect({ properties: METHOD });
    const publish = (): number => client.publish('t', 'x');
    publish();
    client.send(again); // says nothing of groups and permissions: they stay, and nothing is asked anew
    publish();
    for (let i = 0; i < 2; i++) {
      client.send(again);
      publish();
    }
    expect(seen).toEqual([
      ['u', ['a'], 1],
      ['u', ['b'], undefined],
      ['u', [], 2],
    ]);
  });
});
