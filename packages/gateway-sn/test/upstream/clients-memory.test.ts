// What the gateway remembers of clients: in memory, and in a file.
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Remembered } from '../../src/core/ports/memory.ts';
import { ClientsFile } from '../../src/upstream/clients-file.ts';
import { MemoryOfClients } from '../../src/upstream/memory-of-clients.ts';
import { SnWorld } from '../world/sn-world.ts';

function remembered(name: string): Remembered {
  return {
    topicIds: [[`t/${name}`, 7]],
    subscribedAs: [
      ['pre/defined', { kind: 'predefined', topicId: 5 }],
      ['ab', { kind: 'short', topicName: 'ab' }],
    ],
    will: { topic: { topicName: 'gone', qos: 1, retain: true }, payload: new Uint8Array([0, 255, 10]) },
    packetIdOffset: 4711,
  };
}

describe('In memory', () => {
  test('as many as the limit says, and of more the last ones', () => {
    const memory = new MemoryOfClients({ limit: 3, nowMs: () => 0 });
    for (const id of ['a', 'b', 'c', 'a', 'd']) memory.save(id, remembered(id), 100);
    expect([...memory.clientIds()]).toEqual(['c', 'a', 'd']);
    expect(memory.load('b')).toBeUndefined();
  });

  test('for as long as the broker keeps the session, from when they were saved last', () => {
    let nowMs = 0;
    const memory = new MemoryOfClients({ nowMs: () => nowMs });
    memory.save('a', remembered('a'), 100);
    nowMs = 100_000;
    expect(memory.load('a')).toEqual(remembered('a'));
    nowMs++;
    expect(memory.load('a')).toBeUndefined();
    // And its room is given back with the next that is saved.
    memory.save('b', remembered('b'), 100);
    expect(memory.size).toBe(1);
  });

  test('a client that only knocks, and is refused, is not remembered', () => {
    const world = new SnWorld({ broker: { limits: { sessions: 1 } } });
    world.device().connected('first', { clean: false });
    world.device().connect('second', { clean: false });
    world.gateway.shutDown(world.nowMs);
    expect(world.memory.load('first')).toBeDefined();
    expect(world.memory.load('second')).toBeUndefined();
  });
});

describe('In a file', () => {
  let directory = '';
  let path = '';
  const failures: string[] = [];
  const open = (limit = 1000) =>
    ClientsFile.open({ path, limit, nowMs: () => 0, onFailure: (error) => failures.push(error.message) });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'martlet-sn-'));
    path = join(directory, 'mqtt-sn-clients');
    failures.length = 0;
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('what was saved is there again, and what was forgotten is not', async () => {
    const file = await open();
    for (const id of ['a', 'b', 'c']) file.save(id, remembered(id), 100);
    file.save('a', remembered('a again'), 100);
    file.forget('b');
    await file.close();
    const again = await open();
    expect(again.load('a')).toEqual(remembered('a again'));
    expect(again.load('b')).toBeUndefined();
    expect(again.load('c')).toEqual(remembered('c'));
    await again.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(failures).toEqual([]);
  });

  test('a last line that was being written when the machine stopped costs its client only', async () => {
    const file = await open();
    file.save('a', remembered('a'), 100);
    await file.close();
    const text = await readFile(path, 'utf8');
    await appendFile(path, text.slice(0, text.length / 2).replace('"a"', '"torn"'));
    const again = await open();
    again.save('b', remembered('b'), 100);
    await again.close();
    const last = await open();
    expect([last.load('a'), last.load('torn'), last.load('b')?.packetIdOffset]).toEqual([
      remembered('a'),
      undefined,
      4711,
    ]);
    await last.close();
  });

  test.each([
    '{}',
    'null',
    '7',
    '{"clientId":7}',
    '{"clientId":"x","forSeconds":1}',
    '\0',
    '{"clientId":"x","forSeconds":1,"topicIds":[],"subscribedAs":[],"packetIdOffset":1,"will":{}}',
  ])('a line that says nothing is passed over: %s', async (line) => {
    await writeFile(path, `${line}\n`);
    const file = await open();
    expect(file.size).toBe(0);
    await file.close();
  });

  test('it does not grow with changes: most lines of the past are left behind', async () => {
    const file = await open(10);
    for (let i = 0; i < 200; i++) {
      for (let client = 0; client < 10; client++) file.save(`c${client}`, remembered(`${i}`), 100);
      await file.written();
    }
    await file.close();
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    expect(lines.length).toBeLessThanOrEqual(2 * 10 + 1000 + 10);
    const again = await open(10);
    expect(again.size).toBe(10);
    expect(again.load('c9')?.topicIds).toEqual([['t/199', 7]]);
    await again.close();
  });

  test('what cannot be written is told once a try, kept in memory, and written with the next change', async () => {
    const file = await open();
    // A directory has the name that the new file is to have.
    for (let i = 0; i < 1100; i++) {
      file.save('a', remembered(`${i}`), 100);
      if (i === 1000) await mkdir(`${path}.new`);
      await file.written();
      if (failures.length > 0) break;
    }
    expect(failures).toHaveLength(1);
    await rm(`${path}.new`, { recursive: true });
    file.save('b', remembered('b'), 100);
    await file.close();
    const again = await open();
    expect(again.size).toBe(2);
    await again.close();
  });

  test('a gateway that is started anew knows the topics and the will of its clients', async () => {
    const file = await open();
    const world = new SnWorld({ memory: file });
    const device = world.device().connected('dev', { clean: false });
    const topicId = device.register('a/b');
    world.gateway.shutDown(world.nowMs);
    await file.close();
    const again = await open();
    const next = new SnWorld({ memory: again });
    expect(next.device().connected('dev', { clean: false }).register('a/b')).toBe(topicId);
    await again.close();
  });
});
