// Section 6.14 with a store that takes its time: PINGRESP is the last word, however late the broker has the messages.
import { MemoryStore } from '@martlet/broker';
import { describe, expect, test } from 'vitest';
import { SnWorld } from '../world/sn-world.ts';

type Qos = 0 | 1 | 2;

/** What is given in one wake, where each commit ends a moment after all else has come to rest. */
function givenInOneWake(clean: boolean, messages: readonly (readonly [topicName: string, qos: Qos])[]) {
  const store = new MemoryStore({ commits: 'manual' });
  const world = new SnWorld({ broker: { store } });
  const rest = (seconds: number) => {
    for (let i = 0; i < 40; i++) {
      if (store.commitUnderWay) store.finishCommit();
      world.settle();
      world.advance(seconds);
    }
  };
  const device = world.device().connect('dev', { clean, duration: 1000 });
  rest(0);
  device.subscribe('a/#', 2);
  rest(0);
  device.send({ type: 'disconnect', duration: 600 });
  for (const [topicName, qos] of messages) world.publish(topicName, `${qos}`, qos);
  rest(0);
  device.received();
  const given: string[] = [];
  device.answering(given).send({ type: 'pingreq', clientId: 'dev' });
  rest(0.1);
  const types = device.types();
  return { given, last: types.at(-1), pingresps: types.filter((type) => type === 'pingresp').length };
}

describe('A wake while the broker writes', () => {
  test.each([
    [false, [1, 1]],
    [true, [1, 1]],
    [false, [2, 2]],
    [true, [2, 2]],
    [false, [1, 2, 2]],
    [false, [2, 1, 2, 1]],
    [false, [0, 2, 0, 2]],
  ] as const)('gives everything before PINGRESP (clean: %s, QoS %j)', (clean, levels) => {
    const messages = levels.map((qos, i) => [`a/${i}`, qos] as const);
    const { given, last, pingresps } = givenInOneWake(clean, messages);
    expect(given.toSorted()).toEqual(messages.map(([topicName, qos]) => `${topicName} ${qos}`).toSorted());
    expect([last, pingresps]).toEqual(['pingresp', 1]);
  });
});
