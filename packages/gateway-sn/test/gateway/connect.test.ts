// Sections 6.2 and 6.3: CONNECT, CleanSession, and whose address is whose.
import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import { SnWorld } from '../world/sn-world.ts';

const REFUSED = { type: 'connack', returnCode: 3 };

describe('CONNECT', () => {
  test('CONNACK is the first thing that comes, also if messages wait', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev', { clean: false });
    device.subscribe('t', 1);
    device.send({ type: 'disconnect', duration: undefined });
    device.received();
    world.publish('t', 'waits', 1);
    device.connect('dev', { clean: false });
    expect(device.types()[0]).toBe('connack');
  });

  test('a protocol id other than 1 is not supported, and takes nobody’s place', () => {
    const world = new SnWorld();
    const first = world.device().connected('dev');
    const other = world.device().sendBytes('0a040402003c646576'.replace('0a', '09'));
    expect(other.the('connack')).toEqual(REFUSED);
    expect(first.received()).toEqual([]);
    expect(first.send({ type: 'pingreq', clientId: undefined }).types()).toEqual(['pingresp']);
  });

  test.each([0, 257])('a client identifier of %d bytes is not supported', (bytes) => {
    const world = new SnWorld();
    expect(world.device().connect('x'.repeat(bytes)).received()).toEqual([REFUSED]);
    expect(world.gateway.clients).toBe(0);
  });

  test.each([1, 23, 24, 256])('a client identifier of %d bytes is taken: nobody held with 23', (bytes) => {
    const world = new SnWorld();
    world.device().connected('x'.repeat(bytes));
    expect(world.gateway.clients).toBe(1);
  });

  test('a client identifier with NUL is not supported', () => {
    expect(new SnWorld().device().connect('a\0b').received()).toEqual([REFUSED]);
  });

  test('keep alive 0 is none; only the bound of the gateway ends such a client', () => {
    const world = new SnWorld({ options: { silentMs: 100_000_000 } });
    world.device().connected('dev', { duration: 0 });
    world.advance(99_999);
    expect(world.gateway.stateOf('dev')).toBe('active');
    world.advance(2);
    expect(world.gateway.stateOf('dev')).toBeUndefined();
  });

  test('a client may be silent for half as long again as it said', () => {
    const world = new SnWorld();
    world.device().connected('dev', { duration: 60 });
    world.advance(89);
    expect(world.gateway.stateOf('dev')).toBe('active');
    world.advance(2);
    expect(world.gateway.stateOf('dev')).toBeUndefined();
    expect(world.gateway.metrics.clientsLost).toBe(1);
  });

  test('whatever comes from a client begins its keep alive anew', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev', { duration: 60 });
    for (let i = 0; i < 5; i++) {
      world.advance(80);
      device.send({ type: 'pingreq', clientId: undefined });
    }
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('CleanSession ends the session with the connection, and without it the session stays', () => {
    const world = new SnWorld();
    for (const clean of [true, false]) {
      const device = world.device().connected('dev', { clean });
      device.subscribe('t', 1);
      device.send({ type: 'disconnect', duration: undefined });
      expect(world.broker.sessions.map(({ clientId }) => clientId)).toEqual(clean ? [] : ['dev']);
    }
    // Erratum of section 6.12: subscriptions stay where CleanSession is not set.
    expect(world.broker.sessions[0]?.subscriptions).toHaveLength(1);
    world.device().connected('dev', { clean: true });
    expect(world.broker.sessions[0]?.subscriptions).toHaveLength(0);
  });
});

describe('CONNECT again', () => {
  test('whose CONNACK was lost is answered again, and nothing changes', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    world.advance(10);
    device.connect('dev');
    expect(device.received()).toEqual([{ type: 'connack', returnCode: 0 }]);
    expect(world.broker.metrics.connectsReceived).toBe(1);
  });

  test('a late copy of CONNECT does not take the subscriptions of a client that has gone on', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    device.subscribe('t', 0);
    device.received();
    world.advance(2);
    device.connect('dev');
    expect(device.types()).toEqual(['connack']);
    world.publish('t', 'x');
    expect(device.types()).toEqual(['publish']);
  });

  test('a client that begins anew after T_retry gets a new session if it asks for one', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    device.subscribe('t', 0);
    world.advance(11);
    device.received();
    device.connect('dev');
    expect(device.types()).toEqual(['connack']);
    world.publish('t', 'x');
    expect(device.received()).toEqual([]);
  });

  test('with other flags it is another CONNECT', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev', { duration: 60 });
    device.connected('dev', { duration: 120 });
    world.advance(100);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });
});

describe('Addresses', () => {
  test('another client from the same address takes it; the old one’s session and timers go on, unheard', () => {
    const world = new SnWorld();
    const seen = world.watch('gone');
    const will = { topicName: 'gone', qos: 0, retain: false } as const;
    const device = world.device().connect('old', { will: true });
    device.send({ type: 'willtopic', will }).send({ type: 'willmsg', payload: new Uint8Array([111]) });
    device.subscribe('t', 1);
    device.received();
    device.connected('new');
    world.publish('t', 'for the old one', 1);
    expect(device.received()).toEqual([]);
    expect(world.gateway.clients).toBe(2);
    world.advance(91);
    expect(seen.map((message) => message.text())).toEqual(['o']);
  });

  test('a client whose address was taken is heard again when it connects from another', () => {
    const world = new SnWorld();
    const device = world.device().connected('old', { clean: false });
    device.subscribe('t', 1);
    device.received();
    device.connected('new');
    world.publish('t', 'kept', 1);
    const given: string[] = [];
    world.device('192.0.2.9').answering(given).connect('old', { clean: false });
    world.settle();
    expect(given).toEqual(['t kept']);
  });

  test('the same client from another address takes over, as in MQTT: the old address is told, the will published', () => {
    const world = new SnWorld();
    const seen = world.watch('gone');
    const old = world.device().connect('dev', { will: true });
    old.send({ type: 'willtopic', will: { topicName: 'gone', qos: 0, retain: false } });
    old.send({ type: 'willmsg', payload: new Uint8Array([111]) });
    old.received();
    const now = world.device('192.0.2.9').connected('dev');
    expect(old.types()).toEqual(['disconnect']);
    expect(seen).toHaveLength(1);
    expect(world.gateway.clients).toBe(1);
    expect(now.send({ type: 'pingreq', clientId: undefined }).types()).toEqual(['pingresp']);
    // The old address is nobody's now.
    expect(old.send({ type: 'pingreq', clientId: undefined }).types()).toEqual(['disconnect']);
  });

  test.each([
    ['any', '198.51.100.1', 0],
    ['same-host', '198.51.100.1', 3],
    ['same-host', '192.0.2.1', 0],
    ['never', '192.0.2.1', 3],
  ] as const)('with takeover %s, one from %s is answered %d', (takeover, host, returnCode) => {
    const world = new SnWorld({ takeover });
    const old = world.device('192.0.2.1', 1000).connected('dev');
    const other = world.device(host, 2000).connect('dev');
    expect(other.the('connack').returnCode).toBe(returnCode);
    expect(old.types()).toEqual(returnCode === 0 ? ['disconnect'] : []);
  });

  test('a sleeper may come back by CONNECT from where it may wake, whoever may take over', () => {
    const world = new SnWorld({ takeover: 'never' });
    const seen = world.watch('#');
    const old = world.device('192.0.2.1', 1000).connected('dev', { clean: false });
    old.subscribe('t', 1).send({ type: 'disconnect', duration: 600 });
    old.received();
    expect(world.device('198.51.100.1').connect('dev', { clean: false }).types()).toEqual(['connack']);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
    const now = world.device('192.0.2.1', 2000).connected('dev', { clean: false });
    expect(old.received()).toEqual([]);
    expect(now.send({ type: 'pingreq', clientId: undefined }).types()).toEqual(['pingresp']);
    expect(seen).toHaveLength(0);
  });

  test('an MQTT client with the same identifier takes over, and the device is told', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev');
    world.broker.disconnectClient('dev');
    world.settle();
    expect(device.types()).toEqual(['disconnect']);
    expect(world.gateway.clients).toBe(0);
  });
});

test('an address that has no room for a message costs nothing: CONNECT is decoded from both length forms', () => {
  const world = new SnWorld();
  const connect = encodeMessage({
    type: 'connect',
    will: false,
    cleanSession: true,
    protocolId: 1,
    duration: 60,
    clientId: 'dev',
  });
  const long = Uint8Array.from([1, 0, connect.length + 2, ...connect.subarray(1)]);
  const device = world.device().sendBytes(long);
  // And the answer is in the short form, which some clients alone understand.
  expect(device.bytesReceived).toBe(3);
  expect(device.the('connack').returnCode).toBe(0);
});
