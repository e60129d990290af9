import { describe, expect, test } from 'vitest';
import { ReturnCode } from '../../src/core/codec/return-code.ts';
import { ScriptedGateway } from './scripted-gateway.ts';

const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

test('a topic is registered once, and then known', () => {
  const gateway = new ScriptedGateway().connected();
  const first = gateway.register('a/b');
  const second = gateway.register('a/b');
  const { packetId, topicName } = gateway.one('register');
  expect(topicName).toBe('a/b');
  gateway.send({ type: 'regack', topicId: 5, packetId: packetId + 1, returnCode: 0 });
  expect(first.state).toBe('open');
  gateway.send({ type: 'regack', topicId: 5, packetId, returnCode: 0 });
  expect([first.value, second.value, gateway.received()]).toEqual([5, 5, []]);
});

test('REGISTER that is refused fails what needed it', () => {
  const gateway = new ScriptedGateway().connected();
  const outcome = gateway.publish('a', 'x', { qos: 1 });
  const { packetId } = gateway.one('register');
  gateway.send({ type: 'regack', topicId: 0, packetId, returnCode: 3 });
  expect([outcome.state, gateway.received()]).toEqual(['NOT_SUPPORTED', []]);
});

test('QoS 0 has no packet identifier, and is done when it is sent', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  expect(gateway.publish('a', 'x', { retain: true }).state).toBe('done');
  expect(gateway.one('publish')).toMatchObject({ qos: 0, packetId: 0, retain: true, dup: false });
});

test('QoS 1 is sent again with DUP and the same identifier until PUBACK comes', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  const outcome = gateway.publish('a', 'x', { qos: 1 });
  const first = gateway.one('publish');
  expect(first).toMatchObject({ dup: false, qos: 1, topic: { kind: 'normal', topicId: 7 } });
  gateway.advance(10);
  expect(gateway.one('publish')).toEqual({ ...first, dup: true });
  const puback = { type: 'puback', topicId: 7, packetId: first.packetId, returnCode: 0 } as const;
  gateway.send({ ...puback, packetId: first.packetId + 1 });
  expect(outcome.state).toBe('open');
  gateway.send(puback, puback);
  expect(outcome.state).toBe('done');
});

test('QoS 2: a lost PUBREC repeats PUBLISH with DUP, a lost PUBCOMP repeats PUBREL', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  const outcome = gateway.publish('a', 'x', { qos: 2 });
  const { packetId } = gateway.one('publish');
  gateway.advance(10);
  expect(gateway.one('publish')).toMatchObject({ dup: true, packetId });
  gateway.send({ type: 'puback', topicId: 7, packetId, returnCode: 0 });
  gateway.send({ type: 'pubrec', packetId });
  expect(gateway.one('pubrel')).toEqual({ type: 'pubrel', packetId });
  gateway.send({ type: 'pubrec', packetId });
  gateway.advance(10);
  expect(gateway.one('pubrel')).toEqual({ type: 'pubrel', packetId });
  expect(outcome.state).toBe('open');
  gateway.send({ type: 'pubcomp', packetId });
  expect(outcome.state).toBe('done');
});

test('predefined and short topics need no REGISTER', () => {
  const gateway = new ScriptedGateway().connected();
  gateway.publish({ predefined: 5 }, 'x');
  gateway.publish({ short: 'zz' }, 'x');
  expect(gateway.received()).toMatchObject([
    { type: 'publish', topic: { kind: 'predefined', topicId: 5 } },
    { type: 'publish', topic: { kind: 'short', topicName: 'zz' } },
  ]);
});

test('messages leave in the order in which they were given, one exchange at a time', () => {
  const gateway = new ScriptedGateway().connected();
  const seen: string[] = [];
  let most = 0;
  let open = 0;
  // All others wait behind an exchange that is open.
  gateway.subscribe('z');
  const { packetId } = gateway.one('subscribe');
  const outcomes = [...'0123456789'].map((n, i) =>
    gateway.publish('x'.repeat(1 + (i % 3)), n, { qos: i % 2 === 0 ? 0 : 2 }),
  );
  expect(gateway.received()).toEqual([]);
  gateway.answer = (message) => {
    if (message.type === 'register')
      return { type: 'regack', topicId: message.topicName.length, packetId: message.packetId, returnCode: 0 };
    if (message.type === 'pubrel') {
      open--;
      return { type: 'pubcomp', packetId: message.packetId };
    }
    if (message.type !== 'publish') return null;
    seen.push(text(message.payload));
    if (message.qos === 0) return null;
    open++;
    most = Math.max(most, open);
    return { type: 'pubrec', packetId: message.packetId };
  };
  gateway.send({ type: 'suback', qos: 0, topicId: 3, packetId, returnCode: 0 });
  expect(seen.join('')).toBe('0123456789');
  expect(most).toBe(1);
  expect(outcomes.every(({ state }) => state === 'done')).toBe(true);
});

describe('An identifier that the gateway does not know any more (0x02)', () => {
  test('is registered again, and the message sent again, before those behind it', () => {
    const gateway = new ScriptedGateway().connected().teach('a', 7);
    const outcomes = [gateway.publish('a', '1', { qos: 1 }), gateway.publish('a', '2', { qos: 1 })];
    const { packetId } = gateway.one('publish');
    gateway.send({ type: 'puback', topicId: 7, packetId, returnCode: ReturnCode.InvalidTopicId });
    const register = gateway.one('register');
    expect(register.topicName).toBe('a');
    gateway.send({ type: 'regack', topicId: 8, packetId: register.packetId, returnCode: 0 });
    const again = gateway.one('publish');
    expect([text(again.payload), again.topic, again.dup]).toEqual([
      '1',
      { kind: 'normal', topicId: 8 },
      false,
    ]);
    gateway.send({ type: 'puback', topicId: 8, packetId: again.packetId, returnCode: 0 });
    const next = gateway.one('publish');
    expect(text(next.payload)).toBe('2');
    gateway.send({ type: 'puback', topicId: 8, packetId: next.packetId, returnCode: 0 });
    expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('fails when the gateway does not know the new one either', () => {
    const gateway = new ScriptedGateway().connected();
    let registered = 0;
    gateway.answer = (message) => {
      if (message.type === 'register')
        return { type: 'regack', topicId: 100 + registered++, packetId: message.packetId, returnCode: 0 };
      if (message.type !== 'publish') return null;
      return {
        type: 'puback',
        topicId: 1,
        packetId: message.packetId,
        returnCode: ReturnCode.InvalidTopicId,
      };
    };
    expect(gateway.publish('a', 'x', { qos: 1 }).state).toBe('INVALID_TOPIC_ID');
    expect(registered).toBe(2);
  });

  test('is an error at once for a predefined or a short topic', () => {
    const gateway = new ScriptedGateway().connected();
    const outcome = gateway.publish({ predefined: 5 }, 'x', { qos: 1 });
    const { packetId } = gateway.one('publish');
    gateway.send({ type: 'puback', topicId: 5, packetId, returnCode: ReturnCode.InvalidTopicId });
    expect([outcome.state, gateway.received()]).toEqual(['INVALID_TOPIC_ID', []]);
  });

  test('is forgotten when it was of QoS 0, too', () => {
    const gateway = new ScriptedGateway().connected().teach('a', 7);
    gateway.publish('a', 'x');
    gateway.received();
    gateway.send({ type: 'puback', topicId: 7, packetId: 0, returnCode: ReturnCode.InvalidTopicId });
    gateway.publish('a', 'y');
    expect(gateway.types()).toEqual(['register']);
  });
});

test('packet identifiers begin anew behind 65535 and are never 0, while the gateway has its own under way', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  const ids: number[] = [];
  gateway.answer = (message) => {
    if (message.type !== 'publish') return null;
    ids.push(message.packetId);
    return { type: 'puback', topicId: 7, packetId: message.packetId, returnCode: 0 };
  };
  for (let i = 0; i < 65_536; i++) gateway.publish('a', '', { qos: 1 });
  expect([ids[0], ids[65_534], ids[65_535]]).toEqual([1, 65_535, 1]);
  expect(new Set(ids).size).toBe(65_535);
  // The gateway asks under the identifier that the client has open.
  gateway.answer = null;
  gateway.received();
  const outcome = gateway.publish('a', 'mine', { qos: 2 });
  const { packetId } = gateway.one('publish');
  gateway.send({ type: 'pubrel', packetId });
  expect([outcome.state, gateway.types()]).toEqual(['open', ['pubcomp']]);
  gateway.send({ type: 'pubrec', packetId });
  expect(gateway.types()).toEqual(['pubrel']);
});

describe('A gateway without room (0x01)', () => {
  const refused = (waitMs?: number): ScriptedGateway => {
    const gateway = new ScriptedGateway({ keepAlive: 0, ...(waitMs !== undefined && { waitMs }) });
    gateway.connected().teach('a', 7);
    const outcome = gateway.publish('a', 'x', { qos: 1 });
    const { packetId } = gateway.one('publish');
    gateway.send({ type: 'puback', topicId: 7, packetId, returnCode: ReturnCode.Congestion });
    expect([outcome.state, outcome.error?.retryAfterMs]).toEqual(['CONGESTION', waitMs ?? 300_000]);
    return gateway;
  };

  test('is published nothing for T_WAIT, at no QoS, and it is told how long that is', () => {
    const gateway = refused();
    gateway.advance(60);
    for (const qos of [0, 1, 2] as const) {
      const { state, error } = gateway.publish('a', 'y', { qos });
      expect([state, error?.retryAfterMs]).toEqual(['CONGESTION', 240_000]);
      expect(error?.message).toContain('240 s');
    }
    expect(gateway.received()).toEqual([]);
    gateway.advance(240);
    gateway.publish('a', 'z', { qos: 1 });
    expect(gateway.types()).toEqual(['publish']);
  });

  test('is published then what was to wait, in its order', () => {
    const gateway = refused(120_000);
    const waiting = ['1', '2', '3'].map((n) => gateway.publish('a', n, { whenCongested: 'wait' }));
    gateway.advance(119);
    expect(gateway.received()).toEqual([]);
    gateway.advance(1);
    expect(
      gateway.received().map((sent) => (sent.type === 'publish' ? text(sent.payload) : sent.type)),
    ).toEqual(['1', '2', '3']);
    expect(waiting.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });

  test('is published again what it refused, if that was to wait', () => {
    const gateway = new ScriptedGateway({ waitMs: 60_000, keepAlive: 0 }).connected();
    const outcome = gateway.publish('a', 'x', { qos: 1, whenCongested: 'wait' });
    gateway.send({ type: 'regack', topicId: 0, packetId: gateway.one('register').packetId, returnCode: 1 });
    gateway.advance(60);
    gateway.send({ type: 'regack', topicId: 7, packetId: gateway.one('register').packetId, returnCode: 0 });
    const { packetId } = gateway.one('publish');
    gateway.send({ type: 'puback', topicId: 7, packetId, returnCode: 0 });
    expect(outcome.state).toBe('done');
  });

  test('is given what waits behind a topic without identifier after that, and not before', () => {
    const gateway = new ScriptedGateway({ waitMs: 60_000, keepAlive: 0 }).connected().teach('a', 7);
    gateway.publish('b', '1', { whenCongested: 'wait' });
    gateway.send({ type: 'regack', topicId: 0, packetId: gateway.one('register').packetId, returnCode: 1 });
    gateway.publish('a', '2', { whenCongested: 'wait' });
    gateway.publish('a', 'at once');
    expect(text(gateway.one('publish').payload)).toBe('at once');
    gateway.advance(60);
    gateway.send({ type: 'regack', topicId: 8, packetId: gateway.one('register').packetId, returnCode: 0 });
    expect(
      gateway.received().map((sent) => (sent.type === 'publish' ? text(sent.payload) : sent.type)),
    ).toEqual(['1', '2']);
  });

  test('is still asked for what it did not refuse', () => {
    const gateway = refused();
    expect(gateway.register('b').state).toBe('open');
    const { packetId } = gateway.one('register');
    gateway.send({ type: 'regack', topicId: 0, packetId, returnCode: 1 });
    expect(gateway.register('b').state).toBe('CONGESTION');
    gateway.subscribe('c');
    expect(gateway.types()).toEqual(['subscribe']);
  });

  test('refuses subscriptions for T_WAIT, too', () => {
    const gateway = new ScriptedGateway().connected();
    const outcome = gateway.subscribe('a');
    const { packetId } = gateway.one('subscribe');
    gateway.send({ type: 'suback', qos: 0, topicId: 0, packetId, returnCode: 1 });
    expect([outcome.state, gateway.subscribe('b').state]).toEqual(['CONGESTION', 'CONGESTION']);
    expect(gateway.received()).toEqual([]);
  });

  test('says so of QoS 0, which nobody waits for', () => {
    const gateway = new ScriptedGateway().connected().teach('a', 7);
    gateway.publish('a', 'x');
    gateway.send({ type: 'puback', topicId: 7, packetId: 0, returnCode: 1 });
    expect(gateway.publish('a', 'y').state).toBe('CONGESTION');
  });

  test('fails what waits when the connection ends', () => {
    const gateway = refused();
    const waiting = gateway.publish('a', 'y', { whenCongested: 'wait' });
    gateway.send({ type: 'disconnect', duration: undefined });
    expect(waiting.state).toBe('DISCONNECTED');
    expect(gateway.client.deadlines.nextMs()).toBe(Number.POSITIVE_INFINITY);
  });

  test('keeps at most a thousand messages waiting', () => {
    const gateway = refused();
    for (let i = 0; i < 1000; i++) gateway.publish('a', 'y', { whenCongested: 'wait' });
    expect(gateway.publish('a', 'y', { whenCongested: 'wait' }).state).toBe('QUEUE_FULL');
  });
});

test('a thousand requests may wait, and one more is refused', () => {
  const gateway = new ScriptedGateway().connected();
  gateway.subscribe('first');
  const outcomes = Array.from({ length: 1001 }, (_, i) => gateway.subscribe(`t/${i}`));
  expect(outcomes.slice(0, 1000).every(({ state }) => state === 'open')).toBe(true);
  expect(outcomes[1000]!.state).toBe('QUEUE_FULL');
});

test('what is longer than the way carries is refused before anything is sent, and nothing behind it suffers', () => {
  const gateway = new ScriptedGateway({}, 60).connected().teach('a', 7);
  expect(gateway.publish('a', 'x'.repeat(53)).state).toBe('done');
  gateway.received();
  for (const qos of [0, 1, 2] as const) {
    expect(gateway.publish('a', 'x'.repeat(54), { qos }).state).toBe('TOO_LONG');
  }
  expect(gateway.publish('t'.repeat(55), 'x', { qos: 1 }).state).toBe('TOO_LONG');
  expect(gateway.register('t'.repeat(55)).state).toBe('TOO_LONG');
  expect(gateway.subscribe('t'.repeat(56)).state).toBe('TOO_LONG');
  expect(gateway.received()).toEqual([]);
  gateway.publish('a', 'x', { qos: 1 });
  expect(gateway.types()).toEqual(['publish']);
  const wide = new ScriptedGateway().connected().teach('a', 7);
  expect(wide.publish('a', 'x'.repeat(65_526), { qos: 1 }).state).toBe('open');
  expect(wide.publish('a', 'x'.repeat(65_527), { qos: 1 }).state).toBe('TOO_LONG');
});

test.each([
  ['', 'at least one character'],
  ['a\0', 'NUL'],
  ['a/+', 'without + and #'],
  [{ short: 'abc' }, 'two bytes'],
  [{ short: '+a' }, 'without +'],
  [{ predefined: 0 }, '1 to 65534'],
  [{ predefined: 65_535 }, '1 to 65534'],
] as const)('nothing is published to %j', (topic, said) => {
  const gateway = new ScriptedGateway().connected();
  const { state, error } = gateway.publish(topic, 'x', { qos: 1 });
  expect([state, error?.message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(said)]);
  expect(gateway.received()).toEqual([]);
});
