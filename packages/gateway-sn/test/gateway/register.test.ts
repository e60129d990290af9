// Section 6.5: REGISTER from the client, and the identifiers of one client.
import { expect, test } from 'vitest';
import { TopicIds } from '../../src/core/topic-ids.ts';
import { SnWorld } from '../world/sn-world.ts';

const register = (topicName: string, packetId = 1) =>
  ({ type: 'register', topicId: 0, packetId, topicName }) as const;

test('the same name registered twice has the same identifier', () => {
  const device = new SnWorld().device().connected('dev');
  expect(device.register('a/b', 1)).toBe(device.register('a/b', 2));
  expect(device.register('a/c', 3)).not.toBe(device.register('a/b', 4));
});

test.each(['a/#', '+/b', '', 'a\0b', 'x'.repeat(1025)])(
  'a name that is none is not supported',
  (topicName) => {
    const device = new SnWorld().device().connected('dev');
    const answer = { type: 'regack', topicId: 0, packetId: 9, returnCode: 3 };
    expect(device.send(register(topicName, 9)).received()).toEqual([answer]);
  },
);

test('an identifier of one client means nothing for another', () => {
  const world = new SnWorld();
  const [a, b] = [world.device().connected('a'), world.device().connected('b')];
  const seen = world.watch('#');
  const topicId = a.register('secret/a');
  b.publish(topicId, 'x', 1, 5);
  const returnCode = b.the('puback').returnCode;
  expect([returnCode, seen.length]).toEqual([2, 0]);
});

test('a name that is predefined gets an identifier above all predefined ones', () => {
  const world = new SnWorld({ predefinedTopics: [{ topicId: 60_000, topicName: 'pre/defined' }] });
  expect(world.device().connected('dev').register('pre/defined')).toBeGreaterThan(60_000);
});

test('identifiers lie from above the predefined ones to 0xFFFE, wherever they begin', () => {
  for (const random of [0, 0.5, 0.999_999]) {
    const ids = new TopicIds(65_000, 65_500, random);
    const given = Array.from({ length: 34 }, (_, i) => ids.idOf(`t/${i}`));
    expect(new Set(given).size).toBe(34);
    expect(Math.min(...given)).toBe(65_501);
    expect(Math.max(...given)).toBe(0xfffe);
    // All are given: the one that was used least lately is taken back.
    ids.idOf('t/0');
    expect(ids.idOf('one more')).toBe(given[1]);
    expect(ids.topicName(given[0]!)).toBe('t/0');
  }
});

test('with as many topics as a client may have, one more takes the place of the one used least lately', () => {
  const world = new SnWorld({ options: { topicsPerClient: 3 } });
  const device = world.device().connected('dev');
  const ids = ['a', 'b', 'c'].map((name) => device.register(name));
  expect(device.register('a')).toBe(ids[0]);
  device.register('d');
  device.publish(ids[1]!, 'x', 1, 5);
  expect(device.the('puback').returnCode).toBe(2);
  device.publish(ids[0]!, 'x', 1, 6);
  expect(device.the('puback').returnCode).toBe(0);
});

test('a kept session keeps its identifiers: over DISCONNECT, a crash of the gateway, and a broker that starts anew', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev', { clean: false });
  const topicId = device.register('a/b/c');
  device.send({ type: 'disconnect', duration: undefined });
  device.received();
  device.connected('dev', { clean: false });
  expect(device.register('a/b/c')).toBe(topicId);
  world.advance(2);
  world.crashGateway();
  device.connected('dev', { clean: false });
  expect(device.register('a/b/c')).toBe(topicId);
  const next = new SnWorld({ memory: world.memory });
  expect(next.device().connected('dev', { clean: false }).register('a/b/c')).toBe(topicId);
});

test('with CleanSession the identifiers of before are forgotten', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev', { clean: false });
  const topicId = device.register('a/b/c');
  device.connected('dev', { clean: true });
  device.publish(topicId, 'x', 1, 5);
  expect(device.the('puback').returnCode).toBe(2);
});

test('a flood of REGISTER is saved once a second, and not for each', () => {
  let saves = 0;
  const memory = { load: () => undefined, save: () => void saves++, forget: () => {} };
  const world = new SnWorld({ memory });
  const device = world.device().connected('dev', { clean: false });
  saves = 0;
  for (let i = 0; i < 500; i++) device.send(register(`t/${i}`));
  expect(saves).toBe(0);
  world.advance(2);
  expect(saves).toBe(1);
});
