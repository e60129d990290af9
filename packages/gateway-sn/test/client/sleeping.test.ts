import { expect, test } from 'vitest';
import { publishOf, ScriptedGateway } from './scripted-gateway.ts';

const SLEEP_ACK = { type: 'disconnect', duration: undefined } as const;

function asleep(seconds = 300): ScriptedGateway {
  const gateway = new ScriptedGateway({ cleanSession: false }).connected().teach('a', 7);
  const outcome = gateway.sleep(seconds);
  expect(gateway.received()).toEqual([{ type: 'disconnect', duration: seconds }]);
  gateway.send(SLEEP_ACK);
  expect([outcome.state, gateway.client.state]).toEqual(['done', 'asleep']);
  return gateway;
}

test('a sleeper sends nothing by itself, and takes a second answer to its goodnight for what it is', () => {
  const gateway = asleep();
  gateway.send(SLEEP_ACK);
  gateway.advance(100_000);
  expect([gateway.received(), gateway.client.state, gateway.lost]).toEqual([[], 'asleep', []]);
});

test('the goodnight is said again when its answer is lost', () => {
  const gateway = new ScriptedGateway().connected();
  const outcome = gateway.sleep(60);
  gateway.advance(10);
  expect(gateway.types()).toEqual(['disconnect', 'disconnect']);
  expect(gateway.client.state).toBe('active');
  gateway.send(SLEEP_ACK);
  expect(outcome.state).toBe('done');
});

test('a sleeper that looks gets what waited, acknowledges it, and sleeps again at PINGRESP', () => {
  const gateway = asleep();
  const outcome = gateway.checkMessages();
  expect(gateway.received()).toEqual([{ type: 'pingreq', clientId: 'dev' }]);
  expect(gateway.client.state).toBe('awake');
  gateway.send(publishOf(7, '1', 1, 5), { type: 'register', topicId: 8, packetId: 6, topicName: 'b' });
  gateway.send(publishOf(8, '2', 2, 7), { type: 'pubrel', packetId: 7 }, publishOf(8, '3'));
  expect(gateway.types()).toEqual(['puback', 'regack', 'pubrec', 'pubcomp']);
  expect([outcome.state, gateway.messages.length]).toEqual(['open', 3]);
  gateway.send({ type: 'pingresp' });
  expect([outcome.state, gateway.client.state]).toEqual(['done', 'asleep']);
  gateway.advance(100_000);
  expect(gateway.received()).toEqual([]);
});

test('PINGREQ is sent again when PINGRESP is lost', () => {
  const gateway = asleep();
  const outcome = gateway.checkMessages();
  gateway.advance(10);
  expect(gateway.types()).toEqual(['pingreq', 'pingreq']);
  gateway.send({ type: 'pingresp' });
  expect(outcome.state).toBe('done');
});

test('a gateway that takes long to hand over much is not lost as long as it does', () => {
  const gateway = asleep();
  const outcome = gateway.checkMessages();
  for (let i = 1; i <= 30; i++) {
    gateway.advance(9);
    gateway.send(publishOf(7, 'x', 1, i));
  }
  expect([outcome.state, gateway.messages.length]).toEqual(['open', 30]);
  expect(gateway.types().filter((type) => type === 'pingreq')).toHaveLength(1);
  gateway.send({ type: 'pingresp' });
  expect(outcome.state).toBe('done');
});

test('a gateway that does not answer a sleeper is lost', () => {
  const gateway = asleep();
  const outcome = gateway.checkMessages();
  gateway.advance(40);
  expect([outcome.state, gateway.lost, gateway.client.state]).toEqual([
    'GATEWAY_LOST',
    ['GATEWAY_LOST'],
    'disconnected',
  ]);
});

test('a sleeper that the gateway does not know any more is told so when it looks', () => {
  const gateway = asleep();
  const outcome = gateway.checkMessages();
  gateway.send({ type: 'disconnect', duration: undefined });
  expect([outcome.state, gateway.lost]).toEqual(['DISCONNECTED', ['DISCONNECTED']]);
});

test('CONNECT wakes for good, and the keep alive begins', () => {
  const gateway = asleep();
  const outcome = gateway.connect();
  expect(gateway.types()).toEqual(['connect']);
  gateway.send({ type: 'connack', returnCode: 0 });
  expect([outcome.state, gateway.client.state]).toEqual(['done', 'active']);
  gateway.advance(48);
  expect(gateway.received()).toEqual([{ type: 'pingreq', clientId: undefined }]);
});

test('to look while it wakes for good asks nothing', () => {
  const gateway = asleep();
  gateway.connect();
  const outcome = gateway.checkMessages();
  gateway.send({ type: 'connack', returnCode: 0 });
  expect([outcome.state, gateway.client.state]).toEqual(['done', 'active']);
  expect(gateway.types()).toEqual(['connect']);
});

test('a sleeper may change for how long, publish, and leave', () => {
  const gateway = asleep();
  gateway.sleep(600);
  expect(gateway.received()).toEqual([{ type: 'disconnect', duration: 600 }]);
  gateway.send(SLEEP_ACK);
  const published = gateway.publish('a', 'x', { qos: 1 });
  const { packetId } = gateway.one('publish');
  gateway.send({ type: 'puback', topicId: 7, packetId, returnCode: 0 });
  expect([published.state, gateway.client.state]).toEqual(['done', 'asleep']);
  const left = gateway.disconnect();
  gateway.send(SLEEP_ACK);
  expect([left.state, gateway.client.state, gateway.lost]).toEqual(['done', 'disconnected', []]);
});

test('only a sleeper looks', () => {
  const gateway = new ScriptedGateway();
  expect(gateway.checkMessages().state).toBe('NOT_CONNECTED');
  expect(gateway.sleep(60).state).toBe('NOT_CONNECTED');
  gateway.connected();
  expect(gateway.checkMessages().state).toBe('NOT_CONNECTED');
});
