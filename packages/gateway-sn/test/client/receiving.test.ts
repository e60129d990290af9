import { expect, test } from 'vitest';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { publishOf, ScriptedGateway } from './scripted-gateway.ts';

const texts = (gateway: ScriptedGateway): string[] =>
  gateway.messages.map(({ topicName, payload }) => `${topicName} ${new TextDecoder().decode(payload)}`);

test('SUBSCRIBE is sent again with DUP and the same identifier, and SUBACK gives the topic its identifier', () => {
  const gateway = new ScriptedGateway().connected();
  const outcome = gateway.subscribe('a/b', 2);
  const first = gateway.one('subscribe');
  expect(first).toMatchObject({ dup: false, qos: 2, topic: { kind: 'name', topicName: 'a/b' } });
  gateway.advance(10);
  const again = gateway.one('subscribe');
  expect(again).toEqual({ ...first, dup: true });
  gateway.send({ type: 'suback', qos: 1, topicId: 7, packetId: first.packetId, returnCode: 0 });
  expect([outcome.state, outcome.value]).toEqual(['done', 1]);
  gateway.send(publishOf(7, 'x'));
  expect(texts(gateway)).toEqual(['a/b x']);
  gateway.publish('a/b', 'y');
  expect(gateway.one('publish').topic).toEqual({ kind: 'normal', topicId: 7 });
});

test('predefined and short topics are subscribed to as such, and their messages are told by name', () => {
  const gateway = new ScriptedGateway({ predefinedTopics: new Map([[5, 'pre/defined']]) }).connected();
  gateway.answer = (message) =>
    message.type === 'subscribe'
      ? { type: 'suback', qos: 0, topicId: 0, packetId: message.packetId, returnCode: 0 }
      : null;
  gateway.subscribe({ predefined: 5 });
  gateway.subscribe({ short: 'zz' });
  expect(gateway.received()).toMatchObject([
    { type: 'subscribe', topic: { kind: 'predefined', topicId: 5 } },
    { type: 'subscribe', topic: { kind: 'short', topicName: 'zz' } },
  ]);
  const publish = publishOf(5, 'x') as SnMessage & { readonly type: 'publish' };
  gateway.send({ ...publish, topic: { kind: 'predefined', topicId: 5 } });
  gateway.send({ ...publish, topic: { kind: 'predefined', topicId: 6 } });
  gateway.send({ ...publish, topic: { kind: 'short', topicName: 'zz' } });
  expect(texts(gateway)).toEqual(['pre/defined x', 'predefined:6 x', 'zz x']);
});

test('a filter with wildcards gets its topics by REGISTER, which is answered as often as it comes', () => {
  const gateway = new ScriptedGateway().connected();
  gateway.subscribe('a/#', 1);
  const { packetId } = gateway.one('subscribe');
  gateway.send({ type: 'suback', qos: 1, topicId: 0, packetId, returnCode: 0 });
  const register: SnMessage = { type: 'register', topicId: 9, packetId: 77, topicName: 'a/b' };
  gateway.send(register, register);
  const regack = { type: 'regack', topicId: 9, packetId: 77, returnCode: 0 };
  expect(gateway.received()).toEqual([regack, regack]);
  gateway.send(publishOf(9, 'x', 1, 78));
  expect(texts(gateway)).toEqual(['a/b x']);
  expect(gateway.received()).toEqual([{ type: 'puback', topicId: 9, packetId: 78, returnCode: 0 }]);
});

test.each([0, 1, 2] as const)(
  'a message of QoS %i with an identifier that nobody told is refused with 0x02, and is not told',
  (qos) => {
    const gateway = new ScriptedGateway().connected();
    const packetId = qos === 0 ? 0 : 5;
    gateway.send(publishOf(9, 'x', qos, packetId));
    expect(gateway.received()).toEqual([{ type: 'puback', topicId: 9, packetId, returnCode: 2 }]);
    expect(gateway.messages).toEqual([]);
  },
);

test('an identifier that is given anew means the new topic, and the old topic has none', () => {
  const gateway = new ScriptedGateway().connected().teach('old', 9).teach('new', 9);
  gateway.send(publishOf(9, 'x'));
  expect(texts(gateway)).toEqual(['new x']);
  gateway.publish('old', 'y');
  expect(gateway.types()).toEqual(['register']);
});

test('a topic that gets a new identifier keeps it when its old one goes to another', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 1).teach('a', 2).teach('b', 1);
  gateway.publish('a', 'x');
  expect(gateway.one('publish').topic).toEqual({ kind: 'normal', topicId: 2 });
});

test('QoS 1 is told each time it comes, with its flags, and acknowledged', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  gateway.send(
    publishOf(7, 'x', 1, 5, { retain: true }),
    publishOf(7, 'x', 1, 5, { retain: true, dup: true }),
  );
  expect(gateway.messages.map(({ qos, dup, retain }) => [qos, dup, retain])).toEqual([
    [1, false, true],
    [1, true, true],
  ]);
  expect(gateway.types()).toEqual(['puback', 'puback']);
});

test('QoS 2 is told once until it is released, and PUBREL is answered even when it is repeated', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  gateway.send(publishOf(7, 'x', 2, 5), publishOf(7, 'x', 2, 5, { dup: true }));
  expect(gateway.messages).toHaveLength(1);
  expect(gateway.types()).toEqual(['pubrec', 'pubrec']);
  gateway.send({ type: 'pubrel', packetId: 5 }, { type: 'pubrel', packetId: 5 });
  expect(gateway.types()).toEqual(['pubcomp', 'pubcomp']);
  gateway.send(publishOf(7, 'another', 2, 5));
  expect(texts(gateway)).toEqual(['a x', 'a another']);
});

test('QoS 2 is told once over a reconnect that keeps the session', () => {
  for (const [cleanSession, told] of [
    [false, 1],
    [true, 2],
  ] as const) {
    const gateway = new ScriptedGateway({ cleanSession }).connected().teach('a', 7);
    gateway.send(publishOf(7, 'x', 2, 5));
    gateway.connected().teach('a', 7);
    gateway.send(publishOf(7, 'x', 2, 5, { dup: true }));
    expect(gateway.messages).toHaveLength(told);
  }
});

test('a message is told before it is acknowledged', () => {
  const gateway = new ScriptedGateway().connected().teach('a', 7);
  const order: string[] = [];
  gateway.messages.push = () => order.push('told');
  gateway.answer = ({ type }) => {
    order.push(type);
    return null;
  };
  gateway.send(publishOf(7, 'x', 1, 5), publishOf(7, 'y', 2, 6));
  expect(order).toEqual(['told', 'puback', 'told', 'pubrec']);
});

test('UNSUBSCRIBE is asked until it is answered, and SUBACK may refuse', () => {
  const gateway = new ScriptedGateway().connected();
  const refused = gateway.subscribe('a', 1);
  gateway.send({
    type: 'suback',
    qos: 0,
    topicId: 0,
    packetId: gateway.one('subscribe').packetId,
    returnCode: 3,
  });
  expect(refused.state).toBe('NOT_SUPPORTED');
  const outcome = gateway.ask((settle, nowMs) => gateway.client.unsubscribe('a', settle, nowMs));
  const { packetId } = gateway.one('unsubscribe');
  gateway.advance(10);
  expect(gateway.one('unsubscribe').packetId).toBe(packetId);
  gateway.send({ type: 'unsuback', packetId: packetId + 1 });
  expect(outcome.state).toBe('open');
  gateway.send({ type: 'unsuback', packetId });
  expect(outcome.state).toBe('done');
});

test('the subscriptions that the gateway has granted are known, until they are taken back or forgotten', () => {
  const gateway = new ScriptedGateway().connected();
  gateway.answer = (message) => {
    if (message.type === 'subscribe')
      return {
        type: 'suback',
        qos: 0,
        topicId: 0,
        packetId: message.packetId,
        returnCode: message.qos === 2 ? 3 : 0,
      };
    return message.type === 'unsubscribe' ? { type: 'unsuback', packetId: message.packetId } : null;
  };
  gateway.subscribe('a', 1);
  gateway.subscribe({ short: 'bb' }, 0);
  gateway.subscribe('c', 2);
  gateway.subscribe('a', 0);
  gateway.subscribe('d', 0);
  gateway.ask((settle, nowMs) => gateway.client.unsubscribe('d', settle, nowMs));
  expect(gateway.client.subscriptions.all).toEqual([
    { topic: 'a', qos: 0 },
    { topic: { short: 'bb' }, qos: 0 },
  ]);
  gateway.answer = null;
  gateway.connected();
  expect(gateway.client.subscriptions.all).toEqual([]);
});

test('bytes that are no message, and messages of others, change nothing', () => {
  const gateway = new ScriptedGateway().connected();
  gateway.subscribe('a');
  gateway.received();
  for (const hex of ['', '00', '02', '0218ff', 'ff', '03fe00', '0702', '0900000000']) {
    gateway.client.receive(Buffer.from(hex, 'hex'), gateway.nowMs);
  }
  gateway.send(
    { type: 'advertise', gatewayId: 1, duration: 900 },
    { type: 'searchgw', radius: 0 },
    { type: 'willtopicreq' },
    { type: 'pingresp' },
    { type: 'suback', qos: 0, topicId: 0, packetId: 999, returnCode: 0 },
    { type: 'connect', will: false, cleanSession: true, protocolId: 1, duration: 1, clientId: 'x' },
  );
  expect([gateway.received(), gateway.client.state, gateway.lost]).toEqual([[], 'active', []]);
});
