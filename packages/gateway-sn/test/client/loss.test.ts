// Three in ten datagrams are lost, whichever they are: a failing seed is one number.
import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { SnWorld } from '../world/sn-world.ts';
import { WorldClient } from './world-client.ts';

const LOSS = 0.3;
const ROUNDS = 40;

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'messages of QoS 2 arrive once and in order both ways, also at a sleeper, with seed %i',
  (seed) => {
    const world = new SnWorld({ seed });
    const random = new SeededRandom(seed * 1000);
    const up = world.watch('up/#');
    // A request is lost for good once in 0.51 to the power of 21.
    const client = new WorldClient(world, { cleanSession: false, keepAlive: 0, retries: 20 });
    client.fate = () => !random.chance(LOSS);
    expect(client.connect()).toBe('done');
    expect(client.subscribe('down/#', 2)).toBe('done');
    for (let i = 0; i < ROUNDS; i++) {
      world.publish(`down/${i % 3}`, String(i), 2);
      if (i % 10 === 5) {
        expect(client.sleep(10_000)).toBe('done');
        expect(client.checkMessages()).toBe('done');
      }
      expect(client.publish(`up/${i % 3}`, String(i), { qos: 2 })).toBe('done');
      if (i % 10 === 9) expect(client.connect()).toBe('done');
    }
    client.fate = () => true;
    client.advance(600);
    const numbers = Array.from({ length: ROUNDS }, (_, i) => String(i));
    expect(up.map((message) => message.text())).toEqual(numbers);
    expect(client.messages.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(numbers);
    expect(client.lost).toEqual([]);
  },
);
