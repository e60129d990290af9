/** A wall clock that is wrong when the broker starts, on the disk store: nothing expires by surprise, or lives longer. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { WorldOptions } from '../world/world.ts';
import { DiskWorld } from './disk-world.ts';

const SECOND = 1000;
const RIGHT = Date.UTC(2026, 5, 1);
/** What a machine without a clock begins with. */
const NOT_SET = 5 * SECOND;
const FAR_AHEAD = Date.UTC(2099, 0, 1);

const expiring = { properties: { messageExpiryInterval: 3600 } };

let disk: DiskWorld;

/** A client that is away, for which a message waits; another is in flight to it, and one is retained. */
async function awayFrom(wallMs: number): Promise<void> {
  disk = await DiskWorld.open({ wallMs });
  const reader = await disk.durable('reader', {
    properties: { sessionExpiryInterval: 7200, receiveMaximum: 1 },
  });
  await disk.subscribe(reader, 't', 1);
  await disk.publish('t', 'in flight', 1, expiring);
  reader.drop();
  await disk.settle();
  await disk.publish('t', 'waits', 1, expiring);
  await disk.publish('r', 'retained', 1, { retain: true, ...expiring });
}

/** What the client gets when it comes back: the seconds that are left of each message's interval. */
async function left(): Promise<readonly (number | undefined)[]> {
  const reader = await disk.durable('reader');
  expect(reader.connack?.sessionPresent).toBe(true);
  await disk.subscribe(reader, 'r', 1);
  return reader.takePublishes().map(({ properties }) => properties.messageExpiryInterval);
}

describe.each([
  ['starts in 1970', RIGHT, NOT_SET],
  ['starts a little before it was stopped', RIGHT, RIGHT - 100 * SECOND],
  ['was in 1970 and is set at the next start', NOT_SET, RIGHT],
  ['was in 1970 and is there again', NOT_SET, NOT_SET],
  ['was far ahead and is set at the next start', FAR_AHEAD, RIGHT],
])('a wall clock that %s', (_, before, after) => {
  beforeEach(async () => {
    await awayFrom(before);
    await disk.kill(after);
  });

  it('counts no time while the broker was off, and goes on from there', async () => {
    disk.world.advance(600 * SECOND);
    expect(await left()).toEqual([3000, 3000, 3000]);
  });

  it('expires everything in its time', async () => {
    disk.world.advance(3601 * SECOND);
    expect(disk.world.core.gauges.retainedMessages).toBe(0);
    await disk.settle();
    disk.world.advance(3600 * SECOND);
    expect(disk.world.core.sessions.get('reader')).toBeUndefined();
  });

  it('changes nothing when it is set while the broker runs', async () => {
    disk.world.wallMs = RIGHT + 86_400 * SECOND;
    disk.world.advance(600 * SECOND);
    await disk.settle();
    await disk.kill();
    expect(await left()).toEqual([3000, 3000, 3000]);
  });

  it('changes nothing when the broker is killed before and after it is set', async () => {
    disk.world.advance(600 * SECOND);
    await disk.settle();
    await disk.publish('x', 'something', 1, { retain: true });
    await disk.kill(NOT_SET + 300 * SECOND);
    disk.world.advance(600 * SECOND);
    await disk.publish('x', 'something', 1, { retain: true });
    await disk.kill(RIGHT + 86_400 * SECOND);
    expect(await left()).toEqual([2400, 2400, 2400]);
  });
});

it('a wall clock that is right at both times counts the time in between', async () => {
  await awayFrom(RIGHT);
  await disk.kill(RIGHT + 600 * SECOND);
  expect(await left()).toEqual([3000, 3000, 3000]);
});

it('the time of the last commit is kept although files are removed', async () => {
  const options: Omit<WorldOptions, 'store'> = { wallMs: RIGHT };
  disk = await DiskWorld.open(options, { segmentBytes: 2048, smallestCleanedBytes: 4096 });
  for (let i = 0; i < 60; i++) await disk.publish('r', `${i}`.padEnd(500), 1, { retain: true, ...expiring });
  expect(disk.files.names).not.toContain('00000001.log');
  await disk.kill(NOT_SET);
  const reader = disk.world.connect();
  await disk.subscribe(reader, 'r', 1);
  expect(reader.takePublishes().map(({ properties }) => properties.messageExpiryInterval)).toEqual([3600]);
});
