import { describe, it } from 'vitest';
import { Random } from '../hostile/random.ts';
import type { CrashingBroker } from './crashing-broker.ts';
import { DiskBroker } from './disk-broker.ts';
import { History } from './history.ts';
import { MemoryBroker } from './memory-broker.ts';

interface BrokerCase {
  readonly name: string;
  open(): CrashingBroker | Promise<CrashingBroker>;
  /** How many random histories; a multiple of ten. */
  readonly seeds: number;
}

const BROKERS: readonly BrokerCase[] = [
  { name: 'a memory store', open: () => new MemoryBroker(), seeds: 200 },
  { name: 'a disk store', open: () => DiskBroker.open({}), seeds: 60 },
  {
    name: 'a disk store that is always cleaned',
    open: () => DiskBroker.open({ segmentBytes: 2048, smallestCleanedBytes: 8192 }),
    seeds: 60,
  },
];

describe.each(BROKERS)('a scripted history of $name', ({ open }) => {
  const answer =
    (count: number) =>
    (history: History): void => {
      for (const client of history.clients) client.answer(count);
    };
  const script: readonly ((history: History) => void | Promise<void>)[] = [
    (history) => history.publish('q1', 1),
    (history) => history.publish('q2', 2),
    (history) => history.endCommit(false),
    (history) => history.look(),
    (history) => history.publish('retained', 1),
    (history) => history.endCommit(false),
    (history) => history.look(),
    (history) => history.publish('shared', 1),
    answer(1),
    (history) => history.endCommit(false),
    (history) => history.look(),
    (history) => history.subscribers[0]!.drop(),
    (history) => history.publish('q2', 2),
    (history) => history.publish('q1', 1),
    answer(2),
    (history) => history.endCommit(false),
    (history) => history.look(),
    (history) => history.reconnect(),
    (history) => history.endCommit(false),
    (history) => history.look(),
    answer(3),
    (history) => history.endCommit(false),
    (history) => history.look(),
    (history) => history.publish('retained', 1),
    (history) => history.members[0]!.drop(),
    (history) => history.endCommit(false),
  ];

  it.each(script.map((_, i) => i))(
    'is complete although the broker crashes after step %i',
    async (crashAfter) => {
      const history = await History.begin(await open());
      for (const [i, step] of script.entries()) {
        await step(history);
        if (i !== crashAfter) continue;
        await history.crash();
        history.reconnect();
      }
      await history.expectComplete();
    },
  );
});

describe.each(BROKERS)('random histories of $name', ({ open, seeds }) => {
  const SEEDS = Array.from({ length: seeds / 10 }, (_, i) => i * 10);

  it.each(SEEDS)(
    'with crashes, failed commits and lost connections are complete (seeds from %i)',
    async (first) => {
      for (let seed = first; seed < first + 10; seed++) {
        const random = new Random(seed);
        const history = await History.begin(await open());
        for (let step = 0; step < 120; step++) {
          switch (random.below(12)) {
            case 0:
            case 1:
              history.publish('q1', 1);
              break;
            case 2:
            case 3:
              history.publish('q2', 2);
              break;
            case 4:
              history.publish(random.pick(['retained', 'shared'] as const), 1);
              break;
            case 5:
            case 6:
              await history.endCommit(random.oneIn(8));
              break;
            case 7:
              history.look();
              break;
            case 8:
              random.pick(history.clients).answer(1 + random.below(4));
              break;
            case 9:
              if (random.oneIn(2)) random.pick(history.clients).drop();
              break;
            case 10:
              history.reconnect();
              history.world.advance(200);
              break;
            case 11:
              if (random.oneIn(4)) await history.crash();
              break;
          }
        }
        await history.expectComplete();
      }
    },
  );
});
