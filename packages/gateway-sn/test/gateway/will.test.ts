// Sections 6.3 and 6.4: the will at CONNECT, and its updates.
import { describe, expect, test } from 'vitest';
import type { Device } from '../world/sn-world.ts';
import { SnWorld } from '../world/sn-world.ts';

const utf8 = new TextEncoder();
const TOPIC = { topicName: 'will/a', qos: 1, retain: false } as const;

function withWill(
  device: Device,
  options: { readonly clean?: boolean; readonly duration?: number } = {},
): void {
  device.connect('dev', { will: true, ...options });
  device.the('willtopicreq');
  device.send({ type: 'willtopic', will: TOPIC });
  device.the('willmsgreq');
  device.send({ type: 'willmsg', payload: utf8.encode('lost') });
  expect(device.the('connack').returnCode).toBe(0);
}

/** World, a device, and the wills that are published. */
function begin() {
  const world = new SnWorld();
  const wills = world.watch('will/#');
  return {
    world,
    device: world.device(),
    told: () => wills.map((will) => `${will.topicName} ${will.text()}`),
  };
}

describe('The handshake', () => {
  test('a message of it that is lost is asked for again when CONNECT comes again', () => {
    const { world, device } = begin();
    const connect = () => device.connect('dev', { will: true });
    connect();
    expect(device.types()).toEqual(['willtopicreq']);
    connect();
    expect(device.types()).toEqual(['willtopicreq']);
    device.send({ type: 'willtopic', will: TOPIC });
    expect(device.types()).toEqual(['willmsgreq']);
    device.send({ type: 'willtopic', will: TOPIC });
    expect(device.types()).toEqual(['willmsgreq']);
    connect();
    expect(device.types()).toEqual(['willmsgreq']);
    device.send({ type: 'willmsg', payload: utf8.encode('lost') });
    expect(device.types()).toEqual(['connack']);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('WILLMSG before WILLTOPIC is answered by DISCONNECT', () => {
    const { device } = begin();
    device.connect('dev', { will: true });
    device.received();
    expect(device.send({ type: 'willmsg', payload: utf8.encode('x') }).types()).toEqual(['disconnect']);
  });

  test('other messages in between are dropped and counted', () => {
    const { world, device } = begin();
    device.connect('dev', { will: true });
    device.received();
    device.publish(5, 'x', 1, 9).subscribe('t').send({ type: 'pingreq', clientId: undefined });
    expect(device.received()).toEqual([]);
    expect(world.gateway.metrics.unexpected).toBe(3);
  });

  test('one that stops is given up after T_retry, N_retry times and once more', () => {
    const { world, device } = begin();
    device.connect('dev', { will: true, duration: 65_535 });
    world.advance(39);
    expect(world.gateway.states.connecting).toBe(1);
    world.advance(2);
    expect(world.gateway.clients).toBe(0);
    expect(world.gateway.states.connecting).toBe(0);
    expect(world.gateway.metrics.connectsAbandoned).toBe(1);
    device.received();
    expect(device.send({ type: 'willtopic', will: TOPIC }).types()).toEqual(['disconnect']);
  });

  test('an empty WILLTOPIC is no will, and no message is asked for', () => {
    const { world, device, told } = begin();
    device.connect('dev', { will: true });
    device.received();
    expect(device.send({ type: 'willtopic', will: null }).types()).toEqual(['connack']);
    world.advance(100);
    expect(told()).toEqual([]);
  });

  test.each(['a/#', 'a/+', 'a\0b', 'x'.repeat(1025)])(
    'a will topic that cannot be is not supported',
    (topicName) => {
      const { world, device } = begin();
      device.connect('dev', { will: true });
      device.received();
      device.send({ type: 'willtopic', will: { topicName, qos: 0, retain: false } });
      expect(device.the('connack').returnCode).toBe(3);
      expect(world.gateway.clients).toBe(0);
    },
  );

  test('DISCONNECT in the midst of it ends it', () => {
    const { world, device } = begin();
    device.connect('dev', { will: true });
    device.received();
    expect(device.send({ type: 'disconnect', duration: 300 }).types()).toEqual(['disconnect']);
    expect(world.gateway.clients).toBe(0);
  });

  test('CONNECT without the Will flag in the midst of it begins anew, without a will', () => {
    const { world, device, told } = begin();
    device.connect('dev', { will: true });
    device.received();
    expect(device.connect('dev', { will: false }).types()).toEqual(['connack']);
    world.advance(100);
    expect(told()).toEqual([]);
  });

  test('a copy of WILLMSG changes nothing', () => {
    const { world, device } = begin();
    withWill(device);
    expect(device.send({ type: 'willmsg', payload: utf8.encode('lost') }).received()).toEqual([]);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });
});

describe('The will', () => {
  test('is published for a client that is lost, and not for one that says DISCONNECT', () => {
    const { world, device, told } = begin();
    withWill(device);
    device.send({ type: 'disconnect', duration: undefined });
    device.the('disconnect');
    world.advance(100);
    expect(told()).toEqual([]);
    withWill(device);
    world.advance(91);
    expect(told()).toEqual(['will/a lost']);
  });

  test('is published when a sleeper does not wake in time', () => {
    const { world, device, told } = begin();
    withWill(device);
    device.send({ type: 'disconnect', duration: 1000 });
    world.advance(1499);
    expect(told()).toEqual([]);
    world.advance(2);
    expect(told()).toEqual(['will/a lost']);
  });

  test.each([
    // CleanSession, Will, what is published
    [false, false, ['will/a lost']],
    [true, false, []],
  ] as const)('of before, with CleanSession %s and Will %s', (clean, will, expected) => {
    const { world, device, told } = begin();
    withWill(device, { clean: false });
    device.send({ type: 'disconnect', duration: undefined });
    device.received();
    device.connect('dev', { clean, will });
    expect(device.types()).toEqual(['connack']);
    world.advance(91);
    expect(told()).toEqual(expected);
  });

  test.each([false, true])(
    'is asked for anew with Will, CleanSession %s, and an empty one deletes it',
    (clean) => {
      const { world, device, told } = begin();
      withWill(device, { clean: false });
      device.send({ type: 'disconnect', duration: undefined });
      device.received();
      device.connect('dev', { clean, will: true });
      device.the('willtopicreq');
      device.send({ type: 'willtopic', will: null });
      device.the('connack');
      world.advance(91);
      expect(told()).toEqual([]);
    },
  );

  test('is remembered over a restart of the gateway, for a session that is kept', () => {
    const { world, device, told } = begin();
    withWill(device, { clean: false });
    device.send({ type: 'disconnect', duration: undefined });
    world.crashGateway();
    device.received();
    device.connect('dev', { clean: false });
    world.advance(91);
    expect(told()).toEqual(['will/a lost']);
  });
});

describe('Updates', () => {
  test('of topic and message are each answered, and are the will from then on', () => {
    const { world, device, told } = begin();
    withWill(device);
    device.subscribe('t', 1);
    device.received();
    device.send({ type: 'willtopicupd', will: { ...TOPIC, topicName: 'will/b' } });
    expect(device.the('willtopicresp').returnCode).toBe(0);
    device.send({ type: 'willmsgupd', payload: utf8.encode('new') });
    expect(device.the('willmsgresp').returnCode).toBe(0);
    // On the same session: its subscriptions are there, and no will was published meanwhile.
    world.publish('t', 'x');
    expect(device.types()).toEqual(['publish']);
    expect(told()).toEqual([]);
    world.advance(91);
    expect(told()).toEqual(['will/b new']);
  });

  test('an empty WILLTOPICUPD deletes topic and message', () => {
    const { world, device, told } = begin();
    withWill(device);
    device.send({ type: 'willtopicupd', will: null });
    expect(device.the('willtopicresp').returnCode).toBe(0);
    expect(device.send({ type: 'willmsgupd', payload: utf8.encode('x') }).the('willmsgresp').returnCode).toBe(
      3,
    );
    world.advance(91);
    expect(told()).toEqual([]);
  });

  test('WILLTOPICUPD alone is a will with an empty message; WILLMSGUPD alone is not supported', () => {
    const { world, device, told } = begin();
    device.connected('dev');
    expect(device.send({ type: 'willmsgupd', payload: utf8.encode('x') }).the('willmsgresp').returnCode).toBe(
      3,
    );
    expect(device.send({ type: 'willtopicupd', will: TOPIC }).the('willtopicresp').returnCode).toBe(0);
    world.advance(91);
    expect(told()).toEqual(['will/a ']);
  });

  test('one that is repeated is answered again, without another connection to the broker', () => {
    const { world, device } = begin();
    withWill(device);
    device.send({ type: 'willtopicupd', will: { ...TOPIC, topicName: 'will/b' } });
    const { connectsReceived } = world.broker.metrics;
    device.received();
    device.send({ type: 'willtopicupd', will: { ...TOPIC, topicName: 'will/b' } });
    expect(device.the('willtopicresp').returnCode).toBe(0);
    expect(world.broker.metrics.connectsReceived).toBe(connectsReceived);
  });

  test('one that cannot be is not supported, and the old will stays', () => {
    const { world, device, told } = begin();
    withWill(device);
    device.send({ type: 'willtopicupd', will: { ...TOPIC, topicName: 'will/#' } });
    expect(device.the('willtopicresp').returnCode).toBe(3);
    world.advance(91);
    expect(told()).toEqual(['will/a lost']);
  });

  test('deliveries go on while the will changes', () => {
    const { world, device } = begin();
    withWill(device);
    device.subscribe('t', 2);
    device.received();
    world.publish('t', '1', 2);
    const { packetId } = device.the('publish');
    device.send({ type: 'willmsgupd', payload: utf8.encode('new') });
    expect(device.types()).toContain('willmsgresp');
    device.send({ type: 'pubrec', packetId });
    expect(device.the('pubrel').packetId).toBe(packetId);
    device.send({ type: 'pubcomp', packetId });
    world.publish('t', '2', 2);
    expect(device.the('publish').dup).toBe(false);
  });
});
