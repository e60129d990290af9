// Section 6.1: ADVERTISE, SEARCHGW, GWINFO.
import { expect, test } from 'vitest';
import { SnWorld } from '../world/sn-world.ts';

test('ADVERTISE is sent at once, then every T_ADV, and says when the next one comes', () => {
  const world = new SnWorld({ discoverable: true, gatewayId: 7 });
  world.advance(0);
  const advertise = { type: 'advertise', gatewayId: 7, duration: 900 };
  expect(world.broadcasts).toEqual([advertise]);
  world.advance(899);
  expect(world.broadcasts).toHaveLength(1);
  world.advance(901);
  expect(world.broadcasts).toEqual([advertise, advertise, advertise]);
});

test('a gateway that ends sends no ADVERTISE any more', () => {
  const world = new SnWorld({ discoverable: true });
  world.advance(1);
  world.gateway.shutDown(world.nowMs);
  world.advance(5000);
  expect(world.broadcasts).toHaveLength(1);
  expect(world.gateway.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
});

test('SEARCHGW is answered to who asked and to the group, without an address: the sender is the gateway', () => {
  const world = new SnWorld({ discoverable: true, gatewayId: 7 });
  const device = world.device().sendBytes('030101', true);
  expect(device.the('gwinfo')).toEqual({ type: 'gwinfo', gatewayId: 7, gatewayAddress: new Uint8Array(0) });
  expect(world.broadcasts).toMatchObject([{ type: 'gwinfo', gatewayId: 7 }]);
  expect(device.bytesReceived).toBeLessThanOrEqual(device.bytesSent);
});

test('a gateway that is not to be found neither advertises nor answers', () => {
  const world = new SnWorld();
  expect(world.device().sendBytes('030100').received()).toEqual([]);
  world.advance(5000);
  expect(world.broadcasts).toEqual([]);
});

test('what comes to the group is taken only if it is SEARCHGW', () => {
  const world = new SnWorld({ discoverable: true });
  const device = world.device().sendBytes('0a040401003c64657631', true);
  expect(device.received()).toEqual([]);
  expect(world.gateway.clients).toBe(0);
});

test('searches are answered only so often for one network, however many addresses ask', () => {
  const world = new SnWorld({ discoverable: true, options: { answersPerSecond: 5 } });
  let answers = 0;
  for (let i = 1; i <= 50; i++)
    answers += world.device(`198.51.100.${i}`).sendBytes('030100').received().length;
  expect(answers).toBe(5);
  expect(world.device('203.0.113.1').sendBytes('030100').types()).toEqual(['gwinfo']);
});

test('a discovery message of another gateway is no question', () => {
  const world = new SnWorld({ discoverable: true });
  const other = world.device();
  for (const hex of ['0500010384', '030201']) expect(other.sendBytes(hex).received()).toEqual([]);
});

test('a gateway whose broker cannot be reached says nothing, and asks for it every 30 seconds', () => {
  let isReachable = false;
  let questions = 0;
  const world: SnWorld = new SnWorld({
    discoverable: true,
    gatewayId: 7,
    reach: (onAnswer) => {
      questions++;
      world.later(() => onAnswer(isReachable));
      return () => {};
    },
  });
  world.advance(1);
  expect(world.device().sendBytes('030100').received()).toEqual([]);
  world.advance(29);
  expect([questions, world.broadcasts.length]).toEqual([2, 0]);
  isReachable = true;
  world.advance(30);
  expect(world.broadcasts).toMatchObject([{ type: 'advertise', gatewayId: 7 }]);
  expect(world.device().sendBytes('030100').types()).toEqual(['gwinfo']);
  world.advance(870);
  expect([questions, world.broadcasts.filter(({ type }) => type === 'advertise').length]).toEqual([3, 1]);
  isReachable = false;
  world.advance(100);
  expect([questions, world.broadcasts.filter(({ type }) => type === 'advertise').length]).toEqual([6, 1]);
  expect(world.device().sendBytes('030100').received()).toEqual([]);
});

test('a gateway that ends forgets that it asked for its broker', () => {
  let forgotten = 0;
  const world = new SnWorld({ discoverable: true, reach: () => () => void forgotten++ });
  world.advance(1);
  expect(forgotten).toBe(0);
  world.gateway.shutDown(world.nowMs);
  expect(forgotten).toBe(1);
});
