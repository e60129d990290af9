import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { LogConfiguration } from '../../src/config/log-configuration.ts';
import { ServerLog } from '../../src/server/log/server-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-server-log-'));
afterAll(() => rmSync(directory, { recursive: true }));

const DEFAULT: LogConfiguration = {
  destinations: [{ type: 'stderr' }],
  types: ['error', 'warning', 'notice'],
  format: 'text',
  timestamps: 'none',
  connectionMessages: true,
};

class Text {
  text = '';
  writableLength = 0;
  write(text: string): void {
    this.text += text;
  }
}

function world(): { stdout: Text; stderr: Text; wallMs: () => number; timeText: (format: string) => string } {
  return { stdout: new Text(), stderr: new Text(), wallMs: () => 0, timeText: (format) => format };
}

describe("The server's log", () => {
  test('tells the types that were asked for, and no others', () => {
    const place = world();
    const log = new ServerLog({ ...DEFAULT, types: ['error', 'subscribe'] }, place);
    log.write('error', 'a', '1');
    log.write('warning', 'b', '2');
    log.write('debug', 'subscribed', '3');
    log.write('debug', 'unsubscribed', '4');
    expect(place.stderr.text).toBe('error a: 1\ndebug subscribed: 3\n');
  });

  test('goes to every destination', () => {
    const place = world();
    const log = new ServerLog({ ...DEFAULT, destinations: [{ type: 'stdout' }, { type: 'stderr' }] }, place);
    log.write('notice', 'a', '1');
    expect(place.stdout.text).toBe('notice a: 1\n');
    expect(place.stderr.text).toBe(place.stdout.text);
  });

  test('goes over to other destinations when a reload commits, and not when it is given up', async () => {
    const place = world();
    const path = join(directory, 'over.log');
    const log = new ServerLog(DEFAULT, place);
    const file: LogConfiguration = { ...DEFAULT, destinations: [{ type: 'file', path }] };
    log.prepare(file).abandon();
    log.write('notice', 'a', '1');
    log.prepare(file).commit();
    log.write('notice', 'a', '2');
    await log.close();
    expect(place.stderr.text).toBe('notice a: 1\n');
    expect(readFileSync(path, 'utf8')).toBe('notice a: 2\n');
  });

  test('keeps its destinations when another one cannot be opened', () => {
    const place = world();
    const log = new ServerLog(DEFAULT, place);
    const path = join(directory, 'not', 'there.log');
    expect(() => log.prepare({ ...DEFAULT, destinations: [{ type: 'file', path }] })).toThrow(/ENOENT/);
    log.write('notice', 'a', '1');
    expect(place.stderr.text).toBe('notice a: 1\n');
  });

  test('publishes lines after the turn, those of before the broker too, and none about its own', () => {
    const soon: (() => void)[] = [];
    const published: string[] = [];
    const log = new ServerLog(
      { ...DEFAULT, types: [...DEFAULT.types, 'debug', 'subscribe'], destinations: [{ type: 'topic' }] },
      world(),
    );
    log.attachTopics({
      publish: (topicName, text) => {
        published.push(`${topicName} ${text}`);
        log.write('debug', 'message-dropped', '1 on a topic');
      },
      soon: (callback) => soon.push(callback),
    });
    log.write('error', 'a', '1');
    log.write('debug', 'subscribed', 'c to x');
    log.write('debug', 'message-dropped', '1 on $SYS/broker/log/D for c: outbox-full');
    expect(published).toEqual([]);
    while (soon.length > 0) soon.shift()!();
    expect(published).toEqual([
      '$SYS/broker/log/E error a: 1',
      '$SYS/broker/log/M/subscribe debug subscribed: c to x',
    ]);
  });

  test('publishes no more lines of one turn than a bound, and says how many were left out', () => {
    const soon: (() => void)[] = [];
    const published: string[] = [];
    const log = new ServerLog({ ...DEFAULT, destinations: [{ type: 'topic' }] }, world());
    log.attachTopics({
      publish: (_topicName, text) => published.push(text),
      soon: (callback) => soon.push(callback),
    });
    for (let at = 0; at < 1005; at++) log.write('notice', 'a', String(at));
    soon[0]!();
    expect(published).toHaveLength(1001);
    expect(published.at(-1)).toBe('warning log-lines-lost: 5 lines were lost: there were too many at a time');
  });

  test('holds back lines that nobody reads, and says so', () => {
    const place = world();
    const log = new ServerLog(DEFAULT, place);
    place.stderr.writableLength = 5_000_000;
    log.write('notice', 'a', '1');
    place.stderr.writableLength = 0;
    log.write('notice', 'a', '2');
    expect(place.stderr.text).toBe(
      'warning log-lines-lost: 1 lines were lost: nobody read what had been written before\nnotice a: 2\n',
    );
  });

  test('tells of trouble with one destination by the others', async () => {
    const place = world();
    const log = new ServerLog(
      {
        ...DEFAULT,
        destinations: [{ type: 'syslog', facility: 'daemon', tag: 'martlet' }, { type: 'stderr' }],
      },
      place,
    );
    const { PATH } = process.env;
    process.env['PATH'] = directory;
    try {
      log.write('notice', 'a', '1');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.env['PATH'] = PATH;
    }
    await expect
      .poll(() => place.stderr.text)
      .toContain('error syslog-not-written: logger could not be started: ENOENT');
    await log.close();
  });
});
