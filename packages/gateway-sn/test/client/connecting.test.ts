import { expect, test } from 'vitest';
import { SnClientCore } from '../../src/client/sn-client-core.ts';
import { SnClientError } from '../../src/client/sn-client-error.ts';
import type { SnClientOptions } from '../../src/client/sn-client-options.ts';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { Outcome, ScriptedGateway } from './scripted-gateway.ts';

const will: NonNullable<SnClientOptions['will']> = {
  topic: { topicName: 'gone', qos: 1, retain: true },
  payload: new TextEncoder().encode('bye'),
};
const CONNACK: SnMessage = { type: 'connack', returnCode: 0 };

test('CONNECT says what the options say, and CONNACK makes the client active', () => {
  const gateway = new ScriptedGateway({ clientId: 'sensor', keepAlive: 300, cleanSession: false });
  const outcome = gateway.connect();
  expect(gateway.received()).toEqual([
    { type: 'connect', will: false, cleanSession: false, protocolId: 1, duration: 300, clientId: 'sensor' },
  ]);
  expect(gateway.client.state).toBe('disconnected');
  gateway.send(CONNACK);
  expect([outcome.state, gateway.client.state]).toEqual(['done', 'active']);
  gateway.send(CONNACK);
  expect(gateway.client.state).toBe('active');
});

test('a will is handed over when the gateway asks, and every lost message is sent again', () => {
  const gateway = new ScriptedGateway({ will });
  const outcome = gateway.connect();
  const lost = (type: string): void => {
    expect(gateway.types()).toEqual([type]);
    gateway.advance(9.9);
    expect(gateway.types()).toEqual([]);
    gateway.advance(0.1);
    expect(gateway.types()).toEqual([type]);
  };
  lost('connect');
  gateway.send({ type: 'willtopicreq' });
  lost('willtopic');
  gateway.send({ type: 'willtopicreq' }).send({ type: 'willmsgreq' });
  lost('willmsg');
  gateway.send({ type: 'willmsgreq' }).send(CONNACK);
  expect([outcome.state, gateway.received()]).toEqual(['done', []]);
});

test('the will is what the options say', () => {
  const gateway = new ScriptedGateway({ will });
  gateway.connect();
  gateway.send({ type: 'willtopicreq' }).send({ type: 'willmsgreq' });
  expect(gateway.received().slice(1)).toEqual([
    { type: 'willtopic', will: will.topic },
    { type: 'willmsg', payload: will.payload },
  ]);
});

test('a gateway that has had the will, and whose CONNACK was lost, is asked from the beginning', () => {
  const gateway = new ScriptedGateway({ will });
  const outcome = gateway.connect();
  gateway.send({ type: 'willtopicreq' }).send({ type: 'willmsgreq' });
  expect(gateway.types()).toEqual(['connect', 'willtopic', 'willmsg']);
  gateway.advance(20);
  expect(gateway.types()).toEqual(['willmsg', 'connect']);
  gateway.send({ type: 'willtopicreq' }).send({ type: 'willmsgreq' }).send(CONNACK);
  expect(gateway.types()).toEqual(['willtopic', 'willmsg']);
  expect(outcome.state).toBe('done');
});

test('a gateway that asks for the will again and again, and never accepts, is lost', () => {
  const gateway = new ScriptedGateway({ will });
  const outcome = gateway.connect();
  gateway.answer = ({ type }) => (type === 'connect' ? { type: 'willtopicreq' } : null);
  gateway.send({ type: 'willtopicreq' });
  gateway.advance(3600);
  expect(outcome.state).toBe('GATEWAY_LOST');
});

test('a gateway that knows the will may accept at once', () => {
  const gateway = new ScriptedGateway({ will });
  const outcome = gateway.connect();
  gateway.send(CONNACK);
  expect(outcome.state).toBe('done');
});

test.each([
  [1, 'CONGESTION'],
  [2, 'INVALID_TOPIC_ID'],
  [3, 'NOT_SUPPORTED'],
  [0x80, 'NOT_SUPPORTED'],
])('CONNACK with return code %i fails with %s, and so does what waits behind it', (returnCode, code) => {
  const gateway = new ScriptedGateway().connected();
  const again = gateway.connect();
  const behind = gateway.subscribe('a');
  gateway.send({ type: 'connack', returnCode });
  expect([again.state, behind.state, gateway.client.state]).toEqual([code, code, 'disconnected']);
  expect(gateway.types()).toEqual(['connect']);
  gateway.advance(3600);
  expect(gateway.types()).toEqual([]);
});

test('a gateway that never answers is asked N_retry times again, and then it is lost', () => {
  const gateway = new ScriptedGateway({ retryMs: 15_000, retries: 5 });
  const outcome = gateway.connect();
  gateway.advance(89.9);
  expect(outcome.state).toBe('open');
  gateway.advance(0.1);
  expect(outcome.state).toBe('GATEWAY_LOST');
  expect(outcome.error?.message).toContain('asked 6 times');
  expect(gateway.types()).toEqual(new Array(6).fill('connect'));
  expect(gateway.lost).toEqual([]);
});

test('a connection that is lost fails all that was asked, once, and connecting again begins anew', () => {
  const gateway = new ScriptedGateway().connected();
  const outcomes = [gateway.register('a'), gateway.publish('b', 'x', { qos: 1 }), gateway.subscribe('c', 1)];
  gateway.advance(40);
  expect(outcomes.map(({ state }) => state)).toEqual(new Array(3).fill('GATEWAY_LOST'));
  expect([gateway.lost, gateway.client.state]).toEqual([['GATEWAY_LOST'], 'disconnected']);
  expect(gateway.publish('b', 'x').state).toBe('NOT_CONNECTED');
  gateway.received();
  gateway.connected();
  expect(gateway.client.state).toBe('active');
});

test('DISCONNECT of the gateway ends the connection, and what was asked', () => {
  const gateway = new ScriptedGateway().connected();
  const outcome = gateway.subscribe('a');
  gateway.send({ type: 'disconnect', duration: undefined });
  expect([outcome.state, gateway.lost, gateway.client.state]).toEqual([
    'DISCONNECTED',
    ['DISCONNECTED'],
    'disconnected',
  ]);
  gateway.send({ type: 'disconnect', duration: undefined });
  expect(gateway.lost).toEqual(['DISCONNECTED']);
});

test('goodbye is said, answered, and over even if no answer comes', () => {
  const gateway = new ScriptedGateway().connected();
  const answered = gateway.disconnect();
  expect(gateway.received()).toEqual([{ type: 'disconnect', duration: undefined }]);
  gateway.send({ type: 'disconnect', duration: undefined });
  expect([answered.state, gateway.client.state, gateway.lost]).toEqual(['done', 'disconnected', []]);
  gateway.connected();
  const unanswered = gateway.disconnect();
  gateway.advance(40);
  expect([unanswered.state, gateway.client.state, gateway.lost]).toEqual(['done', 'disconnected', []]);
});

test('what is asked when the client is given up ends at once', () => {
  const gateway = new ScriptedGateway().connected();
  const outcomes = [gateway.subscribe('a'), gateway.publish('b', 'x', { qos: 2 }), gateway.sleep(60)];
  gateway.received();
  const left = gateway.disconnect();
  gateway.client.onChannelClosed(new Error('unplugged'));
  expect(outcomes.map(({ state }) => state)).toEqual(new Array(3).fill('GATEWAY_LOST'));
  expect(left.state).toBe('done');
  expect(gateway.client.deadlines.nextMs()).toBe(Number.POSITIVE_INFINITY);
});

test('to disconnect while it connects ends that, and tells the gateway', () => {
  const gateway = new ScriptedGateway();
  const connecting = gateway.connect();
  const left = gateway.disconnect();
  expect([connecting.state, left.state]).toEqual(['DISCONNECTED', 'done']);
  expect(gateway.types()).toEqual(['connect', 'disconnect']);
  gateway.send(CONNACK);
  expect(gateway.client.state).toBe('disconnected');
});

test('who gives up and connects anew when it is told of an answer is connected', () => {
  const gateway = new ScriptedGateway().connected();
  const again = new Outcome<void>();
  gateway.client.subscribe(
    'a',
    0,
    () => {
      gateway.client.cancel(new SnClientError('DISCONNECTED', 'enough'), gateway.nowMs);
      gateway.client.connect(again.settle, gateway.nowMs);
    },
    gateway.nowMs,
  );
  const { packetId } = gateway.one('subscribe');
  gateway.send({ type: 'suback', qos: 0, topicId: 1, packetId, returnCode: 0 });
  gateway.advance(10);
  expect(gateway.types()).toEqual(['connect', 'connect']);
  gateway.send(CONNACK);
  expect([again.state, gateway.client.state]).toEqual(['done', 'active']);
});

test('a clean session forgets identifiers, another keeps them', () => {
  for (const cleanSession of [true, false]) {
    const gateway = new ScriptedGateway({ cleanSession }).connected().teach('a', 7);
    gateway.connected();
    gateway.publish('a', 'x');
    expect(gateway.types()).toEqual([cleanSession ? 'register' : 'publish']);
  }
});

test('a silent client asks whether the gateway is there before the keep alive is over', () => {
  const gateway = new ScriptedGateway({ keepAlive: 60 }).connected().teach('a', 7);
  gateway.advance(40);
  gateway.publish('a', 'x');
  gateway.received();
  gateway.advance(47.9);
  expect(gateway.received()).toEqual([]);
  gateway.advance(0.1);
  expect(gateway.received()).toEqual([{ type: 'pingreq', clientId: undefined }]);
  gateway.advance(10);
  expect(gateway.types()).toEqual(['pingreq']);
  gateway.send({ type: 'pingresp' });
  gateway.advance(48);
  expect(gateway.types()).toEqual(['pingreq']);
  gateway.advance(40);
  expect(gateway.lost).toEqual(['GATEWAY_LOST']);
});

test('a keep alive of 0 asks nothing', () => {
  const gateway = new ScriptedGateway({ keepAlive: 0 }).connected();
  gateway.advance(1_000_000);
  expect(gateway.received()).toEqual([]);
});

test('PINGREQ of the gateway is answered', () => {
  const gateway = new ScriptedGateway().connected().send({ type: 'pingreq', clientId: undefined });
  expect(gateway.types()).toEqual(['pingresp']);
});

test('wills are changed apart, each until it is answered', () => {
  const gateway = new ScriptedGateway({ will }).connected();
  const topic = gateway.ask((settle, nowMs) => gateway.client.updateWillTopic(null, settle, nowMs));
  const message = gateway.ask((settle, nowMs) =>
    gateway.client.updateWillMessage(new Uint8Array([1]), settle, nowMs),
  );
  expect(gateway.received()).toEqual([{ type: 'willtopicupd', will: null }]);
  gateway.advance(10);
  expect(gateway.types()).toEqual(['willtopicupd']);
  gateway.send({ type: 'willtopicresp', returnCode: 0 });
  expect(gateway.received()).toEqual([{ type: 'willmsgupd', payload: new Uint8Array([1]) }]);
  gateway.send({ type: 'willmsgresp', returnCode: 3 });
  expect([topic.state, message.state]).toEqual(['done', 'NOT_SUPPORTED']);
});

test.each([
  [{ clientId: '' }, 'clientId'],
  [{ clientId: 'a\0b' }, 'clientId'],
  [{ keepAlive: 65_536 }, 'keepAlive'],
  [{ keepAlive: 1.5 }, 'keepAlive'],
  [{ retryMs: 0 }, 'retryMs'],
  [{ retries: -1 }, 'retries'],
  [{ waitMs: Number.NaN }, 'waitMs'],
  [{ predefinedTopics: new Map([[0, 'a']]) }, 'predefinedTopics'],
  [{ will: { ...will, topic: { ...will.topic, topicName: 'a/#' } } }, 'will'],
] as const)('options that cannot be are refused: %j', (options, name) => {
  const host = { send: () => {}, onMessage: () => {}, onLost: () => {} };
  const make = (): SnClientCore => new SnClientCore({ clientId: 'dev', ...options }, host);
  expect(make).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name) }),
  );
});
