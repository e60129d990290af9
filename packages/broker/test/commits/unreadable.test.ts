/** The core on the disk store: what it means for clients that something cannot be read for a while. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DiskWorld } from './disk-world.ts';

const SECONDS_5 = { cleanStart: false, properties: { sessionExpiryInterval: 5 } } as const;

let disk: DiskWorld;

/** Reading a file fails, as when too many are open. */
function breakReads(): void {
  disk.files.faultOf = ({ operation }) =>
    operation === 'read' || operation === 'open' ? { kind: 'error', code: 'EMFILE' } : undefined;
}

function mendReads(): void {
  disk.files.faultOf = () => undefined;
}

beforeEach(async () => {
  disk = await DiskWorld.open();
});

it.each([1, 2] as const)(
  'what was in flight at QoS %i and could not be read when its client came back is sent when it comes again',
  async (qos) => {
    const reader = await disk.durable('reader', {
      properties: { sessionExpiryInterval: 1000, receiveMaximum: 2 },
    });
    await disk.subscribe(reader, 't', 2);
    for (const text of ['0', '1', '2']) await disk.publish('t', text, qos);
    expect(reader.takePublishes().map(({ packetId }) => packetId)).toEqual([1, 2]);
    await disk.kill();
    breakReads();
    const refused = disk.world.connecting({ clientId: 'reader', cleanStart: false });
    await disk.settle();
    expect(refused.takeOne('connack').reasonCode).toBe(0x83);
    mendReads();
    const back = await disk.durable('reader');
    expect(back.takePublishes().map(({ packetId, dup }) => [packetId, dup])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
  },
);

it('what waits and could not be read is sent once it can be, without anything coming from the client', async () => {
  const reader = await disk.durable('reader');
  await disk.subscribe(reader, 't', 1);
  await disk.subscribe(reader, '$share/g/s', 1);
  reader.drop();
  await disk.settle();
  for (const topic of ['t', 's']) await disk.publish(topic, topic, 1);
  await disk.kill();
  breakReads();
  const back = await disk.durable('reader');
  disk.world.advance(3000);
  expect(back.takeTexts()).toEqual([]);
  disk.world.advance(100_000);
  mendReads();
  disk.world.advance(10_000);
  expect(back.takeTexts()).toEqual(['t', 's']);
});

describe('a session that ends while what is in flight to it cannot be read', () => {
  async function sharedInFlight(): Promise<void> {
    const member = await disk.durable('member', SECONDS_5);
    await disk.subscribe(member, '$share/g/t', 1);
    const other = await disk.durable('other');
    await disk.subscribe(other, '$share/g/t', 1);
    other.drop();
    await disk.settle();
    await disk.publish('t', 'shared', 1);
    expect(member.takeTexts()).toEqual(['shared']);
    await disk.kill();
    breakReads();
  }

  it('by its expiry ends a little later, and what was of a group goes to another member', async () => {
    await sharedInFlight();
    disk.world.advance(8000);
    mendReads();
    disk.world.advance(1000);
    await disk.settle();
    expect((await disk.durable('other')).takeTexts()).toEqual(['shared']);
    expect(disk.world.core.sessions.get('member')).toBeUndefined();
  });

  it('by its expiry waits a minute at most, and then counts what is lost', async () => {
    await sharedInFlight();
    disk.world.advance(70_000);
    expect(disk.world.core.sessions.get('member')).toBeUndefined();
    expect(disk.world.dropped('session-ended')).toBe(1);
  });

  it('by a clean start counts what is lost', async () => {
    await sharedInFlight();
    await disk.durable('member', { cleanStart: true });
    expect(disk.world.dropped('session-ended')).toBe(1);
  });
});
