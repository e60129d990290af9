// Section 6.6: PUBLISH from the client, at QoS 0, 1 and 2.
import { describe, expect, test } from 'vitest';
import type { Publish, TopicReference } from '../../src/core/codec/message.ts';
import { SnWorld } from '../world/sn-world.ts';

function begin(options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld(options);
  const messages = world.watch('#');
  const device = world.device().connected('dev', { clean: false });
  return { world, device, told: () => messages.map((m) => `${m.topicName} ${m.qos} ${m.text()}`) };
}

function publishTo(topic: TopicReference, more: Partial<Publish> = {}): Publish {
  const payload = new TextEncoder().encode('x');
  return { type: 'publish', dup: false, qos: 1, retain: false, topic, packetId: 7, payload, ...more };
}

describe('QoS 0 and 1', () => {
  test('short names and predefined topics need no REGISTER, and PUBACK repeats what stood in their place', () => {
    const { device, told } = begin({ predefinedTopics: [{ topicId: 5, topicName: 'pre/defined' }] });
    device.send(publishTo({ kind: 'short', topicName: 'ab' }));
    expect(device.the('puback')).toMatchObject({ topicId: 0x6162, packetId: 7, returnCode: 0 });
    device.send(publishTo({ kind: 'predefined', topicId: 5 }, { packetId: 8 }));
    expect(device.the('puback')).toMatchObject({ topicId: 5, packetId: 8, returnCode: 0 });
    expect(told()).toEqual(['ab 1 x', 'pre/defined 1 x']);
  });

  test.each([0, 1, 2] as const)('an unknown identifier at QoS %d is answered by invalid topic id', (qos) => {
    const { device, told } = begin();
    for (const kind of ['normal', 'predefined'] as const) {
      device.send(publishTo({ kind, topicId: 99 }, { qos, packetId: qos === 0 ? 0 : 7 }));
      const packetId = qos === 0 ? 0 : 7;
      expect(device.received()).toEqual([{ type: 'puback', topicId: 99, packetId, returnCode: 2 }]);
    }
    expect(told()).toEqual([]);
  });

  test.each(['+/', '#/', 'a#'])(
    'a short name with a wildcard is an invalid topic, and ends nothing',
    (topicName) => {
      const { world, device, told } = begin();
      device.send(publishTo({ kind: 'short', topicName }));
      expect(device.the('puback').returnCode).toBe(2);
      expect(world.gateway.stateOf('dev')).toBe('active');
      expect(told()).toEqual([]);
    },
  );

  test('QoS 0 with a packet identifier, as some clients send it, is taken, and answered with it in an error', () => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 0, 77);
    expect(device.received()).toEqual([]);
    device.publish(topicId + 1, 'b', 0, 78);
    expect(device.the('puback')).toMatchObject({ packetId: 78, returnCode: 2 });
    expect(told()).toEqual(['t 0 a']);
  });

  test('a message whose PUBACK was lost is acknowledged again, and published once', () => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 1, 7);
    device.publish(topicId, 'a', 1, 7, true);
    expect(device.types()).toEqual(['puback', 'puback']);
    expect(told()).toEqual(['t 1 a']);
  });

  test('the same packet identifier for another message is another message', () => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 1, 7).publish(topicId, 'b', 1, 7);
    expect(told()).toEqual(['t 1 a', 't 1 b']);
  });

  test('the same message again, later than any repetition, is another message', () => {
    const { world, device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 1, 7);
    world.advance(41);
    device.publish(topicId, 'a', 1, 7);
    expect(told()).toEqual(['t 1 a', 't 1 a']);
  });

  test('several messages of QoS 1 at a time are tolerated, up to a bound', () => {
    const { world, device, told } = begin({ options: { inFlightFromClient: 2 } });
    const topicId = device.register('t');
    // All in one round: the broker answers after it.
    world.later(() => {
      for (const packetId of [1, 2, 3]) device.publish(topicId, `${packetId}`, 1, packetId);
    });
    world.settle();
    const codes = device.received().map((m) => (m.type === 'puback' ? [m.packetId, m.returnCode] : m));
    expect(codes).toEqual([
      [3, 1],
      [1, 0],
      [2, 0],
    ]);
    expect(told()).toEqual(['t 1 1', 't 1 2']);
  });

  test.each([0, 1, 246, 247, 248, 249, 65_000])('a payload of %d bytes arrives whole', (bytes) => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'x'.repeat(bytes), 1, 7);
    expect(device.the('puback').returnCode).toBe(0);
    expect(told()).toEqual([`t 1 ${'x'.repeat(bytes)}`]);
  });

  test('a retained message is kept, and an empty one clears it', () => {
    const { world, device } = begin();
    const topicId = device.register('t');
    const topic = { kind: 'normal', topicId } as const;
    device.send(publishTo(topic, { retain: true }));
    expect(world.broker.retainedMessages('t')).toHaveLength(1);
    device.send(publishTo(topic, { retain: true, packetId: 8, payload: new Uint8Array(0) }));
    expect(world.broker.retainedMessages('t')).toHaveLength(0);
  });

  test('what the server does not take is not supported, and does not end the connection', () => {
    const { world, device } = begin({ broker: { limits: { maximumPacketSize: 1024 } } });
    const topicId = device.register('t');
    device.publish(topicId, 'x'.repeat(2000), 1, 7);
    expect(device.the('puback').returnCode).toBe(3);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });
});

describe('QoS 2', () => {
  test('each step may be repeated, and the message is published once', () => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 2, 7).publish(topicId, 'a', 2, 7, true);
    expect(device.types()).toEqual(['pubrec', 'pubrec']);
    for (let i = 0; i < 3; i++) {
      device.send({ type: 'pubrel', packetId: 7 });
      expect(device.the('pubcomp').packetId).toBe(7);
    }
    // A copy that the network kept back is no new message.
    expect(device.publish(topicId, 'a', 2, 7).received()).toEqual([]);
    expect(told()).toEqual(['t 2 a']);
  });

  test('PUBREL of nothing is answered by PUBCOMP', () => {
    const { device } = begin();
    expect(device.send({ type: 'pubrel', packetId: 9 }).the('pubcomp').packetId).toBe(9);
  });

  test('an exchange goes on after the client has connected again, and is not published twice', () => {
    const { world, device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 2, 7);
    device.received();
    world.advance(50);
    device.connected('dev', { clean: false });
    device.publish(topicId, 'a', 2, 7, true);
    expect(device.the('pubrec').packetId).toBe(7);
    device.send({ type: 'pubrel', packetId: 7 });
    expect(device.the('pubcomp').packetId).toBe(7);
    expect(told()).toEqual(['t 2 a']);
  });

  test.each(['lost', 'crashed'] as const)('also when the client was %s in between', (how) => {
    const { world, device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 2, 7);
    world.advance(2);
    if (how === 'lost') world.advance(100);
    else world.crashGateway();
    device.received();
    device.connected('dev', { clean: false });
    device.register('t');
    device.publish(topicId, 'a', 2, 7, true);
    expect(device.the('pubrec').packetId).toBe(7);
    device.send({ type: 'pubrel', packetId: 7 });
    expect(device.the('pubcomp').packetId).toBe(7);
    // The identifier is free again, at the broker, too.
    device.publish(topicId, 'b', 2, 7);
    device.the('pubrec');
    expect(told()).toEqual(['t 2 a', 't 2 b']);
  });

  test('PUBREL alone releases what was received before a crash of the gateway', () => {
    const { world, device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 2, 7);
    world.advance(2);
    world.crashGateway();
    device.received();
    device.connected('dev', { clean: false });
    expect(device.send({ type: 'pubrel', packetId: 7 }).the('pubcomp').packetId).toBe(7);
    device.publish(topicId, 'a', 2, 7);
    expect(device.the('pubrec').packetId).toBe(7);
    expect(told()).toEqual(['t 2 a', 't 2 a']);
  });

  test('a client that begins anew with the packet identifier of an exchange it has forgotten loses nothing', () => {
    const { device, told } = begin();
    const topicId = device.register('t');
    device.publish(topicId, 'a', 2, 1);
    device.the('pubrec');
    device.publish(topicId, 'b', 2, 1);
    expect(device.the('pubrec').packetId).toBe(1);
    device.publish(topicId, 'c', 1, 1);
    expect(device.the('puback').returnCode).toBe(0);
    expect(told()).toEqual(['t 2 a', 't 2 b', 't 1 c']);
  });
});
