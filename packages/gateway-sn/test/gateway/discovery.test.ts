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
