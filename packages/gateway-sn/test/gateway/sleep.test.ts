// Section 6.14: clients that sleep.
import { describe, expect, test } from 'vitest';
import type { Device } from '../world/sn-world.ts';
import { SnWorld, textOf } from '../world/sn-world.ts';

function sleeper(filter = 't', qos: 0 | 1 | 2 = 1, options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld(options);
  const device = world.device().connected('dev', { clean: false });
  if (filter !== '') device.subscribe(filter, qos);
  device.send({ type: 'disconnect', duration: 600 });
  expect(device.types().at(-1)).toBe('disconnect');
  expect(world.gateway.stateOf('dev')).toBe('asleep');
  return { world, device };
}

/** The payloads of what was given. */
const payloads = (given: readonly string[]) => given.map((text) => text.slice(text.indexOf(' ') + 1));

const wake = (device: Device) => device.send({ type: 'pingreq', clientId: 'dev' });

describe('Asleep', () => {
  test('nothing is sent, and all is given when it wakes, PINGRESP last: QoS 0, 1, 2 and wildcards', () => {
    const { world, device } = sleeper('a/#', 2);
    const sent: string[] = [];
    for (let i = 0; i < 12; i++) {
      sent.push(`a/${i % 4} ${i}`);
      world.publish(`a/${i % 4}`, `${i}`, (i % 3) as 0 | 1 | 2);
    }
    expect(device.received()).toEqual([]);
    const given: string[] = [];
    wake(device.answering(given));
    expect(given.toSorted()).toEqual(sent.toSorted());
    // In order, within what is of QoS 1 and 2, and within what is of QoS 0.
    const isQos0 = (text: string) => Number(text.split(' ')[1]) % 3 === 0;
    expect(given.filter(isQos0)).toEqual(sent.filter(isQos0));
    expect(given.filter((text) => !isQos0(text))).toEqual(sent.filter((text) => !isQos0(text)));
    const types = device.types();
    expect(types.indexOf('pingresp')).toBe(types.length - 1);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
  });

  test('with nothing to give, PINGRESP comes at once', () => {
    const { device } = sleeper();
    expect(wake(device).types()).toEqual(['pingresp']);
  });

  test('DISCONNECT that is repeated is acknowledged again, and begins the time anew', () => {
    const { world, device } = sleeper();
    world.advance(800);
    expect(device.send({ type: 'disconnect', duration: 600 }).types()).toEqual(['disconnect']);
    world.advance(800);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
  });

  test('DISCONNECT with another duration changes it', () => {
    const { world, device } = sleeper();
    device.send({ type: 'disconnect', duration: 10 });
    world.advance(16);
    expect(world.gateway.stateOf('dev')).toBeUndefined();
  });

  test.each([undefined, 0])('DISCONNECT without a duration, or with 0, leaves for good', (duration) => {
    const { world, device } = sleeper();
    device.send({ type: 'disconnect', duration });
    expect(device.types()).toEqual(['disconnect']);
    expect(world.gateway.clients).toBe(0);
  });

  test('its time is not that of the keep alive', () => {
    const world = new SnWorld();
    const device = world.device().connected('dev', { duration: 10 });
    device.send({ type: 'disconnect', duration: 1000 });
    world.advance(1490);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
    world.advance(20);
    expect(world.gateway.clients).toBe(0);
  });

  test('no client sleeps longer than the gateway allows', () => {
    const { world, device } = sleeper('', 0, { options: { maximumSleep: 100 } });
    device.received();
    world.advance(151);
    expect(world.gateway.clients).toBe(0);
  });

  test('what it publishes is taken and acknowledged, and it sleeps on', () => {
    const { world, device } = sleeper();
    const seen = world.watch('out');
    const topicId = device.register('out');
    device.publish(topicId, 'x', 1, 3);
    expect(device.the('puback').returnCode).toBe(0);
    device.publish(topicId, 'y', 2, 4);
    device.the('pubrec');
    device.send({ type: 'pubrel', packetId: 4 }).the('pubcomp');
    expect(seen).toHaveLength(2);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
  });

  test('PINGREQ without an identifier is answered, and wakes nobody', () => {
    const { world, device } = sleeper();
    world.publish('t', 'x', 1);
    expect(device.send({ type: 'pingreq', clientId: undefined }).types()).toEqual(['pingresp']);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
  });

  test('messages that expire meanwhile are not given, whether the broker keeps them or the gateway', () => {
    const { world, device } = sleeper('t', 1);
    for (const qos of [0, 1] as const) {
      for (let i = 0; i < 3; i++) world.publish('t', 'old', qos, { messageExpiryInterval: 100 });
      world.publish('t', 'new', qos, { messageExpiryInterval: 1000 });
    }
    world.advance(200);
    const given: string[] = [];
    wake(device.answering(given));
    expect(payloads(given)).toEqual(['new', 'new']);
  });

  test('QoS 0 is bounded, QoS 1 is the broker’s to keep', () => {
    const { world, device } = sleeper('t', 1, { options: { bufferedMessages: 5 } });
    for (let i = 0; i < 20; i++) {
      world.publish('t', `0-${i}`, 0);
      world.publish('t', `1-${i}`, 1);
    }
    const given: string[] = [];
    wake(device.answering(given));
    expect(payloads(given).filter((text) => text.startsWith('0-'))).toHaveLength(5);
    expect(payloads(given).filter((text) => text.startsWith('1-'))).toHaveLength(20);
    expect(world.gateway.metrics.bufferFull).toBe(15);
  });

  test('whose connection to the broker ends hears of it when it wakes', () => {
    const { world, device } = sleeper();
    world.broker.disconnectClient('dev');
    world.settle();
    expect(device.received()).toEqual([]);
    expect(wake(device).types()).toEqual(['disconnect']);
    device.connected('dev', { clean: false });
  });

  test('CONNECT makes it active: CONNACK, then what waited', () => {
    const { world, device } = sleeper();
    for (const text of ['1', '2']) world.publish('t', text, 1);
    const given: string[] = [];
    device.answering(given).connect('dev', { clean: false });
    expect(device.types()[0]).toBe('connack');
    expect(given).toEqual(['t 1', 't 2']);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('it keeps its messages when the gateway is started anew', () => {
    const { world, device } = sleeper();
    world.publish('t', '1', 1);
    world.crashGateway();
    world.publish('t', '2', 1);
    expect(wake(device).types()).toEqual(['disconnect']);
    const given: string[] = [];
    device.answering(given).connect('dev', { clean: false });
    expect(given).toEqual(['t 1', 't 2']);
  });
});

describe('Awake', () => {
  test('PINGREQ that is repeated while messages are given changes nothing', () => {
    const { world, device } = sleeper();
    for (const text of ['1', '2']) world.publish('t', text, 1);
    const { packetId } = wake(device).the('publish');
    expect(wake(device).received()).toEqual([]);
    device.send({ type: 'puback', topicId: 0, packetId, returnCode: 0 });
    expect(textOf(device.the('publish'))).toBe('2');
  });

  test('PINGRESP that was lost is given again for another PINGREQ', () => {
    const { device } = sleeper();
    for (let i = 0; i < 3; i++) expect(wake(device).types()).toEqual(['pingresp']);
  });

  test('who does not acknowledge sleeps again without PINGRESP, and is given the message again next time', () => {
    const { world, device } = sleeper();
    world.publish('t', '1', 1);
    const first = wake(device).the('publish');
    world.advance(41);
    expect(device.types()).toEqual(['publish', 'publish', 'publish']);
    expect(world.gateway.stateOf('dev')).toBe('asleep');
    const again = wake(device).the('publish');
    expect(again).toEqual({ ...first, dup: true });
    device.send({ type: 'puback', topicId: 0, packetId: again.packetId, returnCode: 0 });
    expect(device.types()).toEqual(['pingresp']);
  });

  test('who has no room is given PINGRESP, and the rest when it wakes next', () => {
    const { world, device } = sleeper();
    for (const text of ['1', '2']) world.publish('t', text, 1);
    const { packetId } = wake(device).the('publish');
    device.send({ type: 'puback', topicId: 0, packetId, returnCode: 1 });
    expect(device.types()).toEqual(['pingresp']);
    const given: string[] = [];
    wake(device.answering(given));
    expect(payloads(given)).toEqual(['1', '2']);
  });

  test('a REGISTER or PUBLISH that is lost is sent again, and PINGRESP still comes last', () => {
    for (const lost of ['register', 'publish', 'pubrel']) {
      const { world, device } = sleeper('a/#', 2);
      world.publish('a/b', 'x', 2);
      const given: string[] = [];
      device.answering(given);
      const answer = device.onMessage!;
      let isFirst = true;
      device.onMessage = (message) => {
        const isLost = message.type === lost && isFirst;
        if (isLost) isFirst = false;
        else answer(message);
      };
      wake(device);
      world.advance(11);
      expect(given).toEqual(['a/b x']);
      expect(device.types().at(-1)).toBe('pingresp');
    }
  });

  test('it may say DISCONNECT, for good or for another time', () => {
    for (const duration of [undefined, 300]) {
      const { world, device } = sleeper();
      world.publish('t', '1', 1);
      wake(device).the('publish');
      expect(device.send({ type: 'disconnect', duration }).types()).toEqual(['disconnect']);
      expect(world.gateway.stateOf('dev')).toBe(duration === undefined ? undefined : 'asleep');
    }
  });

  test('it is lost if it is silent for too long, and what it did not acknowledge is kept', () => {
    const { world, device } = sleeper();
    world.publish('t', '1', 1);
    wake(device).the('publish');
    world.advance(1000);
    expect(world.gateway.clients).toBe(0);
    const given: string[] = [];
    device.answering(given).connect('dev', { clean: false });
    expect(given).toEqual(['t 1']);
  });
});
