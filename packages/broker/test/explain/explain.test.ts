import { describe, expect, test } from 'vitest';
import type { Explanation, ExplanationQuery } from '../../src/core/explain/explanation.ts';
import type { AuthorizationAnswer, Authorizer } from '../../src/core/ports/authorizer.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';

const KEPT = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } };

function why(world: World, query: ExplanationQuery, dryRun?: Authorizer | null): Explanation {
  const answers: Explanation[] = [];
  world.core.explaining.explain(query, dryRun, (answer) => answers.push(answer));
  if (answers.length !== 1) throw new Error(`expected one explanation, got ${answers.length}`);
  return answers[0]!;
}

function rig(options: WorldOptions = {}) {
  const world = new World(options);
  const subscriber = world.connect({ clientId: 'sub', ...KEPT });
  return { world, subscriber, publisher: world.connect({ clientId: 'pub', username: 'anna' }) };
}

const publish = { clientId: 'pub', topicName: 'a/b', action: 'publish' } as const;
const receive = { clientId: 'sub', topicName: 'a/b', action: 'receive' } as const;

/** By topic: a rule of a file. */
const byRule: Authorizer = {
  asks: { receive: true },
  authorize({ action, topic }): AuthorizationAnswer {
    const rule = { source: 'acl', line: 7, text: 'topic deny secret/#' };
    const deniedToReceive = action === 'receive' && topic === 'sent/only';
    if (!topic.startsWith('secret/') && !deniedToReceive) return { allowed: true };
    return { allowed: false, reasonString: 'it is a secret', rule };
  },
};

describe('why does what is published arrive, or not', () => {
  test('it does: who gets it, by which subscriptions, and at which QoS', () => {
    const { world, subscriber, publisher } = rig();
    subscriber.subscribe([
      { topicFilter: 'a/#', qos: 1 },
      { topicFilter: 'a/+', qos: 0 },
    ]);
    publisher.subscribe([{ topicFilter: 'a/b', noLocal: true }]);
    world.connect({ clientId: 'm' }).subscribe('$share/g/a/b', 2);
    const answer = why(world, { ...publish, qos: 2 });
    expect(answer).toMatchObject({
      arrives: true,
      decision: { allowed: true, by: 'nobody' },
      identity: { source: 'connection', username: 'anna', listener: 'test' },
      session: { connected: true, kept: false },
      recipientCount: 3,
      conclusion: 'client "pub" may publish to a/b: 2 of 3 recipients get it at once, 1 do not get it.',
    });
    expect(answer.recipients).toMatchObject(
      [
        {
          recipient: 'sub',
          qos: 1,
          obstacle: null,
          subscriptions: expect.arrayContaining([
            { topicFilter: 'a/#', qos: 1, noLocal: false, shared: false },
            { topicFilter: 'a/+', qos: 0, noLocal: false, shared: false },
          ]),
        },
        { recipient: 'pub', obstacle: { code: 'no-local' } },
        { recipient: '$share/g/a/b', qos: 2, subscriptions: [{ shared: true }], obstacle: null },
      ].sort(
        (a, b) =>
          answer.recipients.findIndex((x) => x.recipient === a.recipient) -
          answer.recipients.findIndex((x) => x.recipient === b.recipient),
      ),
    );
  });

  test('nobody is subscribed', () => {
    const { world } = rig();
    expect(why(world, publish)).toMatchObject({
      arrives: false,
      obstacles: [{ code: 'no-matching-subscribers', stops: true }],
      conclusion: 'what client "pub" publishes to a/b does not arrive: nobody is subscribed to a/b.',
    });
  });

  test('no right, with the rule that says so', () => {
    const { world, subscriber } = rig({ authorizer: byRule });
    subscriber.subscribe('secret/#');
    const answer = why(world, { ...publish, topicName: 'secret/x' });
    expect(answer.decision).toMatchObject({
      allowed: false,
      by: 'authorizer',
      rule: { source: 'acl', line: 7 },
    });
    expect(answer.conclusion).toBe(
      'what client "pub" publishes to secret/x does not arrive: it may not publish to secret/x: it is a secret (acl:7: topic deny secret/#).',
    );
    expect(why(world, { ...publish, topicName: '$SYS/x' }).decision).toMatchObject({
      allowed: false,
      by: 'broker',
    });
  });

  test('a rate is exceeded, a queue rejects, a listener allows less, nothing more may be retained', () => {
    const { world, subscriber, publisher } = rig({
      rates: { perUser: { messagesInPerSecond: 1, whenExceeded: 'drop' } },
      habits: {
        queues: [{ topicFilter: 'a/#', whenFull: 'reject' }],
        retainedQuotas: [{ topicPrefix: 'a', messages: 0 }],
      },
      limits: { queuedMessages: 1 },
    });
    subscriber.subscribe('a/#', 1);
    subscriber.drop();
    publisher.publish('a/b', '1', { qos: 1 });
    const answer = why(world, { ...publish, qos: 1, retain: true });
    expect(answer.obstacles.map(({ code, stops }) => [code, stops])).toEqual([
      ['incoming-rate', true],
      ['queue-full-rejected', true],
      ['retained-limit', false],
      ['queue-full-rejected', true],
    ]);
    expect(answer.obstacles[0]?.text).toBe(
      'user "anna" has used up its rate for 1.0 s: the message is dropped',
    );
    world.listenerPolicy = { maximumQos: 0, retainAvailable: false };
    world.connect({ clientId: 'limited' });
    expect(
      why(world, { ...publish, clientId: 'limited', qos: 1, retain: true }).obstacles.slice(0, 2),
    ).toMatchObject([{ code: 'qos-not-supported' }, { code: 'retain-not-supported' }]);
  });

  test('is asked for a client that is away by who it was lately, and for one that never came by what is given', () => {
    const asked: string[] = [];
    const authorizer: Authorizer = {
      authorize: ({ client, topic }) => {
        asked.push(`${client.username} ${client.groups.join()} ${topic}`);
        return { allowed: true };
      },
    };
    const { world, publisher } = rig({ authorizer });
    publisher.drop();
    expect(why(world, publish).identity).toMatchObject({ source: 'last connection', username: 'anna' });
    const given = why(world, { ...publish, clientId: 'new', identity: { username: 'bert', groups: ['g'] } });
    expect(given.identity).toMatchObject({ source: 'given', username: 'bert' });
    expect(given.session).toBeNull();
    expect(why(world, { ...publish, clientId: 'new' }).identity.source).toBe('unknown');
    expect(asked).toEqual(['anna  a/b', 'bert g a/b', 'undefined  a/b']);
  });

  test('waits for an authoriser that answers later, and takes one answer', () => {
    const { world } = rig();
    let answer: ((given: AuthorizationAnswer) => void) | undefined;
    const slow: Authorizer = {
      authorize(_request, later) {
        answer = later;
        return undefined;
      },
    };
    const answers: Explanation[] = [];
    world.core.explaining.explain(publish, slow, (each) => answers.push(each));
    expect(answers).toEqual([]);
    answer?.({ allowed: false });
    answer?.({ allowed: true });
    expect(answers).toMatchObject([{ decision: { allowed: false, reason: 'not authorized' } }]);
  });

  test('a dry run asks another authoriser, or none, and changes nothing', () => {
    const { world, subscriber, publisher } = rig({ authorizer: byRule });
    subscriber.subscribe('#');
    const secret = { ...publish, topicName: 'secret/x' };
    expect(why(world, secret, null)).toMatchObject({ arrives: true, decision: { by: 'nobody' } });
    expect(why(world, publish, { authorize: () => ({ allowed: false }) }).arrives).toBe(false);
    const before = { ...world.core.context.metrics };
    why(world, secret);
    expect({ ...world.core.context.metrics }).toEqual(before);
    expect(world.core.context.outcomes.latest()).toEqual([]);
    expect([subscriber.take(), publisher.take()]).toEqual([[], []]);
  });

  test('what is no topic name is told as that', () => {
    const { world } = rig();
    for (const topicName of ['', 'a/#', 'a\0', 'x/'.repeat(200)]) {
      expect(why(world, { ...publish, topicName })).toMatchObject({
        arrives: false,
        obstacles: [{ code: 'topic-invalid' }],
      });
    }
  });
});

describe('why does a client receive, or not', () => {
  test('it does: its subscriptions that match', () => {
    const { world, subscriber } = rig();
    subscriber.subscribe('a/+', 1);
    subscriber.subscribe('c');
    expect(why(world, receive)).toMatchObject({
      arrives: true,
      subscriptions: [{ topicFilter: 'a/+', qos: 1 }],
      session: { connected: true, subscriptions: 2, queue: { waitingMessages: 0, full: false } },
      conclusion: 'messages of a/b go to client "sub", which is subscribed to a/+.',
    });
  });

  test('there is no session, or no subscription: perhaps one that nearly matches', () => {
    const { world, subscriber } = rig();
    expect(why(world, { ...receive, clientId: 'nobody' })).toMatchObject({
      session: null,
      obstacles: [{ code: 'unknown-client' }],
    });
    expect(why(world, receive).conclusion).toContain('it has no subscriptions at all');
    subscriber.subscribe('A/B');
    expect(why(world, receive).conclusion).toContain('A/B differs in case or slashes only');
    subscriber.unsubscribe('A/B');
    subscriber.subscribe('#');
    expect(why(world, { ...receive, topicName: '$SYS/x' }).conclusion).toContain(
      '# and + do not match topic names that begin with $',
    );
  });

  test('its subscription was refused: the refusal is told with its rule and time', () => {
    const { world, subscriber } = rig({ authorizer: byRule });
    subscriber.subscribe('secret/#');
    const answer = why(world, { ...receive, topicName: 'secret/x' });
    expect(answer.obstacles.map(({ code }) => code)).toEqual(['not-authorized', 'not-subscribed']);
    expect(answer.refusals).toMatchObject([
      {
        action: 'subscribe',
        topic: 'secret/#',
        reason: 'it is a secret',
        rule: { line: 7 },
        count: 1,
        lastAtWallMs: world.wallMs,
      },
    ]);
  });

  test('it may not receive what others may', () => {
    const { world, subscriber } = rig({ authorizer: byRule });
    subscriber.subscribe('sent/#');
    expect(why(world, { ...receive, topicName: 'sent/only' })).toMatchObject({
      arrives: false,
      obstacles: [{ code: 'not-authorized', rule: { line: 7 } }],
      decision: { allowed: false, reason: 'it is a secret', rule: { line: 7 } },
    });
    expect(why(world, { ...receive, topicName: 'sent/else' }).decision.allowed).toBe(true);
  });

  test('it may not receive when it comes back, or when it comes for the first time', () => {
    const { world, subscriber } = rig({ authorizer: byRule });
    subscriber.subscribe('sent/#', 1);
    subscriber.drop();
    const denied = {
      arrives: false,
      decision: { allowed: false, rule: { line: 7 } },
      obstacles: expect.arrayContaining([expect.objectContaining({ code: 'not-authorized', stops: true })]),
    };
    expect(why(world, { ...receive, topicName: 'sent/only', qos: 1 })).toMatchObject(denied);
    const stranger = { ...receive, clientId: 'stranger', identity: { username: 'eve' } };
    expect(why(world, { ...stranger, topicName: 'sent/only' })).toMatchObject(denied);
    expect(why(world, { ...stranger, topicName: 'sent/else' }).decision.allowed).toBe(true);
  });

  test('it is away: QoS 0 is dropped, QoS 1 waits, and a full queue drops', () => {
    const { world, subscriber, publisher } = rig({ limits: { queuedMessages: 2 } });
    subscriber.subscribe('a/#', 1);
    subscriber.drop();
    publisher.publish('a/b', 'x');
    world.advance(3000);
    const offline = why(world, receive);
    expect(offline.obstacles).toMatchObject([{ code: 'offline-qos0', stops: true }]);
    expect(offline.drops).toMatchObject([
      { reason: 'offline-qos0', clientId: 'sub', count: 1, lastAtWallMs: world.wallMs - 3000 },
    ]);
    expect(offline.conclusion).toContain('3 s ago a message was dropped: offline-qos0 (sub)');
    expect(why(world, { ...receive, qos: 1 }).obstacles).toMatchObject([{ code: 'waits', stops: false }]);
    for (let i = 0; i < 3; i++) publisher.publish('a/b', `${i}`, { qos: 1 });
    expect(why(world, { ...receive, qos: 1 })).toMatchObject({
      arrives: true,
      obstacles: [{ code: 'queue-full-dropped-oldest', stops: false }],
      session: {
        connected: false,
        endsAtWallMs: world.wallMs - 3000 + 1_000_000,
        queue: { waitingMessages: 2, maximumMessages: 2, whenFull: 'drop-oldest', full: true },
      },
    });
  });

  test('it reads too slowly, or is held back by a rate', () => {
    const { world, publisher } = rig({
      limits: { outboxBytes: 2048 },
      rates: { users: { held: { messagesOutPerSecond: 1 } } },
    });
    const slow = world.connect({ clientId: 'slow' });
    slow.subscribe('a/#');
    slow.stalled = true;
    for (let i = 0; i < 4; i++) publisher.publish('a/b', 'x'.repeat(1000));
    expect(why(world, { ...receive, clientId: 'slow' })).toMatchObject({
      obstacles: [{ code: 'outbox-full' }],
      session: { blocked: true },
    });
    const held = world.connect({ clientId: 'held', username: 'held' });
    held.subscribe('c');
    publisher.publish('c', '1');
    expect(why(world, { clientId: 'held', topicName: 'c', action: 'receive' })).toMatchObject({
      obstacles: [{ code: 'outgoing-rate' }],
      session: { rates: [{ of: 'user "held"', outgoingWaitMs: 1000 }] },
    });
  });

  test('what is in flight and what is retained is told', () => {
    const { world, subscriber, publisher } = rig();
    subscriber.subscribe('a/#', 1);
    publisher.publish('a/b', 'retained', { retain: true, qos: 1, properties: { messageExpiryInterval: 60 } });
    expect(why(world, receive)).toMatchObject({
      session: { inFlightMessages: 1 },
      retained: { qos: 1, bytes: 8, expiresAtWallMs: world.wallMs + 60_000 },
    });
    world.advance(61_000);
    expect(why(world, receive).retained).toBeNull();
  });

  test('of messages that publishers were refused, it is told that they were', () => {
    const { world, subscriber, publisher } = rig({ authorizer: byRule });
    subscriber.subscribe('#');
    publisher.publish('secret/x', '', { qos: 1 });
    const answer = why(world, { ...receive, topicName: 'secret/x' });
    expect(answer.refusals).toMatchObject([{ action: 'publish', clientId: 'pub', topic: 'secret/x' }]);
    expect(answer.drops).toMatchObject([{ reason: 'not-authorized', detail: 'acl:7: topic deny secret/#' }]);
  });

  test('of connections that were refused or ended, too', () => {
    const { world, subscriber } = rig({ rates: { perClient: { connectsPerMinute: 1 } } });
    subscriber.drop();
    world.connecting({ clientId: 'sub', ...KEPT });
    expect(why(world, receive).refusals.map(({ action, reason }) => [action, reason])).toEqual([
      ['connect', 'client "sub" connects more often than it may (connectsPerMinute 1)'],
      ['end', 'the network connection was closed'],
    ]);
  });
});

test('a member of a shared subscription may be passed over', () => {
  const { world, subscriber } = rig();
  subscriber.subscribe('$share/g/a/+', 1);
  const answer = why(world, receive);
  expect(answer).toMatchObject({ arrives: true, obstacles: [{ code: 'shared', stops: false }] });
  expect(answer.conclusion).toBe(
    'messages of a/b go to client "sub", which is subscribed to $share/g/a/+; each message goes to one member of $share/g/a/+ only, which may be another client.',
  );
});

test.each([
  [{}, 'expected a client identifier as clientId'],
  [{ clientId: 'c' }, 'expected a topic name as topicName'],
  [{ ...publish, action: 'subscribe' }, 'expected publish or receive as action, got "subscribe"'],
  [{ ...publish, qos: 3 }, 'expected 0, 1 or 2 as qos, got 3'],
  [{ ...publish, retain: 'yes' }, 'expected a boolean as retain'],
  [{ ...publish, identity: null }, 'expected an object as identity'],
  [{ ...publish, identity: { username: 5 } }, 'expected text as identity.username, got 5'],
  [{ ...publish, identity: { groups: 'g' } }, 'expected a list of names as identity.groups'],
  [{ ...publish, identity: { protocolVersion: 6 } }, 'expected 3, 4 or 5 as identity.protocolVersion'],
])('the question %j is none', (query, text) => {
  const { world } = rig();
  expect(() => why(world, query as unknown as ExplanationQuery)).toThrow(text);
});

test('hostile names are taken as they are', () => {
  const { world } = rig();
  for (const name of ['__proto__', 'x'.repeat(100_000), '\ud800', '$share/g/a', '+']) {
    const answer = why(world, { clientId: name, topicName: name, action: 'receive' });
    expect(answer.session).toBeNull();
    expect(answer.arrives).toBe(false);
    expect(why(world, { clientId: 'pub', topicName: name, action: 'publish' }).clientId).toBe('pub');
  }
});

test('a refused UNSUBSCRIBE is remembered with its rule', () => {
  const authorizer: Authorizer = {
    asks: { unsubscribe: true },
    authorize: ({ action }) =>
      action === 'unsubscribe'
        ? { allowed: false, reasonString: 'stay', rule: { source: 'acl', line: 1, text: 'deny' } }
        : { allowed: true },
  };
  const { world, subscriber } = rig({ authorizer });
  subscriber.subscribe('a/#');
  subscriber.unsubscribe('a/#');
  expect(why(world, receive).refusals).toMatchObject([
    { action: 'unsubscribe', topic: 'a/#', reason: 'stay', rule: { line: 1 } },
  ]);
});

test('what is published below $CONTROL/ goes to the broker itself', () => {
  const { world, subscriber } = rig({ authorizer: byRule });
  subscriber.subscribe('$CONTROL/#');
  const topicName = '$CONTROL/dynamic-security/v1';
  expect(why(world, { ...publish, topicName })).toMatchObject({
    arrives: true,
    obstacles: [{ code: 'control' }],
  });
  expect(why(world, { ...publish, topicName }, null)).toMatchObject({
    arrives: false,
    decision: { by: 'broker' },
  });
  expect(why(world, { ...receive, topicName })).toMatchObject({
    arrives: false,
    obstacles: [{ code: 'control' }],
  });
});

test('a mount point stands in front of what the client says', () => {
  const world = new World();
  world.listenerPolicy = { mountPoint: 'site/' };
  const mounted = world.connect({ clientId: 'mounted' });
  mounted.subscribe('a/b');
  expect(why(world, { clientId: 'mounted', topicName: 'a/b', action: 'receive' })).toMatchObject({
    topicName: 'site/a/b',
    arrives: true,
    subscriptions: [{ topicFilter: 'site/a/b' }],
  });
});

test('an explanation is data that JSON can carry', () => {
  const { world, subscriber } = rig({ authorizer: byRule });
  subscriber.subscribe('a/#', 1);
  const answer = why(world, publish);
  expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
});

test('many recipients are counted, and the first of them told', () => {
  const world = new World();
  world.connect({ clientId: 'pub' });
  for (let i = 0; i < 120; i++) world.connect().subscribe('a/b');
  const answer = why(world, publish);
  expect([answer.recipients.length, answer.recipientCount]).toEqual([100, 120]);
  expect(answer.conclusion).toContain('only 100 of them were looked at');
});
