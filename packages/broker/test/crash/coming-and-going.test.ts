import { it } from 'vitest';
import { Random } from '../hostile/random.ts';
import { DiskBroker } from './disk-broker.ts';
import { History } from './history.ts';

const HISTORIES_EACH = 20;

/** Mostly QoS 2, to subscribers that come and go more often than anything else happens. */
async function step(history: History, random: Random, fails: boolean): Promise<void> {
  switch (random.below(11)) {
    case 0:
    case 1:
    case 2:
      history.publish('q2', 2);
      break;
    case 3:
      history.publish(random.pick(['q1', 'shared'] as const), 1);
      break;
    case 4:
    case 5:
      await history.endCommit(fails && random.oneIn(8));
      break;
    case 6:
      history.look();
      break;
    case 7:
      random.pick(history.clients).answer(1 + random.below(3));
      break;
    case 8:
      random.pick(history.subscribers).drop();
      break;
    case 9:
      for (const subscriber of history.subscribers)
        if (!subscriber.linked && random.oneIn(2)) subscriber.connect(history.world);
      if (random.oneIn(3)) history.reconnect();
      history.world.advance(random.below(300));
      break;
    case 10:
      if (random.oneIn(5)) await history.crash();
      break;
  }
}

it.each([0, 20, 40, 60, 80])(
  'QoS 2 subscribers that come and go miss nothing and get nothing twice, whatever is killed (seeds from %i)',
  async (first) => {
    for (let seed = first; seed < first + HISTORIES_EACH; seed++) {
      const random = new Random(seed);
      const cleaned = { segmentBytes: 2048, smallestCleanedBytes: 8192 };
      const history = await History.begin(await DiskBroker.open(random.oneIn(2) ? {} : cleaned));
      const fails = random.oneIn(3);
      for (let count = 0; count < 200; count++) await step(history, random, fails);
      await history.expectComplete();
    }
  },
);
