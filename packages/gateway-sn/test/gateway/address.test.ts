// Addresses that change: sleepers behind NAT, nodes behind forwarders.
import { describe, expect, test } from 'vitest';
import type { AddressPolicy } from '../../src/core/gateway-parts.ts';
import { SnWorld } from '../world/sn-world.ts';

function sleeper(options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld(options);
  const device = world.device('192.0.2.1', 1000).connected('dev', { clean: false });
  device.subscribe('a/#', 1).send({ type: 'disconnect', duration: 600 });
  device.received();
  world.publish('a/b', 'x', 1);
  return { world, device };
}

describe('A sleeper that wakes', () => {
  test.each([
    ['same-host', '192.0.2.1', true],
    ['same-host', '192.0.2.2', false],
    ['any', '192.0.2.2', true],
    ['never', '192.0.2.1', false],
  ] as const)('with wakeFrom %s, at another port of %s, is believed: %s', (wakeFrom, host, believed) => {
    const { world, device } = sleeper({ wakeFrom: wakeFrom as AddressPolicy });
    const given: string[] = [];
    const moved = world.device(host, 2000).answering(given);
    moved.send({ type: 'pingreq', clientId: 'dev' });
    expect(moved.types()).toEqual(believed ? ['register', 'publish', 'pingresp'] : ['disconnect']);
    expect(given).toEqual(believed ? ['a/b x'] : []);
    expect(device.received()).toEqual([]);
    // The old address is a stranger's then.
    device.send({ type: 'pingreq', clientId: undefined });
    expect(device.types()).toEqual([believed ? 'disconnect' : 'pingresp']);
  });

  test('at another port again, because the answers to the last did not come, is given them there', () => {
    const { world } = sleeper();
    world.device('192.0.2.1', 2000).send({ type: 'pingreq', clientId: 'dev' });
    const given: string[] = [];
    world.device('192.0.2.1', 3000).answering(given).send({ type: 'pingreq', clientId: 'dev' });
    world.advance(11);
    expect(given).toEqual(['a/b x']);
  });

  test('one that is active is not moved by PINGREQ from elsewhere', () => {
    const world = new SnWorld();
    world.device('192.0.2.1', 1000).connected('dev');
    const other = world.device('192.0.2.1', 2000).send({ type: 'pingreq', clientId: 'dev' });
    expect(other.types()).toEqual(['disconnect']);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('PINGREQ with the identifier of another client than the address has is about that client', () => {
    const { world, device } = sleeper();
    const other = world.device('192.0.2.1', 2000).connected('other');
    expect(other.send({ type: 'pingreq', clientId: 'nobody' }).types()).toEqual(['disconnect']);
    other.send({ type: 'pingreq', clientId: 'dev' });
    // Never PINGRESP for another one: the sleeper is there now, and is given what waits.
    expect(other.types()).toEqual(['register']);
    expect(device.received()).toEqual([]);
    expect(world.gateway.stateOf('other')).toBe('active');
  });

  test('a port that another client has got meanwhile is that client’s', () => {
    const { world, device } = sleeper();
    device.connected('other');
    expect(world.gateway.stateOf('dev')).toBe('asleep');
    world.publish('a/b', 'y', 1);
    expect(device.received()).toEqual([]);
    const given: string[] = [];
    world.device('192.0.2.1', 2000).answering(given).send({ type: 'pingreq', clientId: 'dev' });
    expect(given).toEqual(['a/b x', 'a/b y']);
  });
});

describe('Nodes behind a forwarder', () => {
  const node = (world: SnWorld, id: string, forwarder = '192.0.2.1') =>
    world.device(`${forwarder}/${id}`, 1000, { key: `${forwarder}:1000/${id}` });

  test('are clients of their own, though their datagrams have one address', () => {
    const world = new SnWorld();
    const [a, b] = [node(world, '01').connected('a'), node(world, '02').connected('b')];
    a.subscribe('t', 0);
    a.received();
    world.publish('t', 'x');
    expect(a.types()).toEqual(['publish']);
    expect(b.received()).toEqual([]);
  });

  test('that come through another forwarder connect anew, and the session is theirs', () => {
    const world = new SnWorld();
    const before = node(world, '01').connected('a', { clean: false });
    before.subscribe('t', 1);
    const after = node(world, '01', '192.0.2.2').connected('a', { clean: false });
    const given: string[] = [];
    after.answering(given);
    world.publish('t', 'x', 1);
    expect(given).toEqual(['t x']);
    expect(before.types()).toContain('disconnect');
  });

  test('strangers behind one forwarder are answered only so often together', () => {
    const world = new SnWorld({ options: { answersPerSecond: 5 } });
    let answers = 0;
    for (let i = 0; i < 50; i++) {
      answers += node(world, `${i}`).send({ type: 'pingreq', clientId: undefined }).received().length;
    }
    expect(answers).toBe(5);
  });

  test('an encapsulation within an encapsulation is malformed', () => {
    const world = new SnWorld();
    expect(node(world, '01').sendBytes('03fe00').received()).toEqual([]);
    expect(world.gateway.metrics.malformed).toBe(1);
  });
});
