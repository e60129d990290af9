import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFileDestination } from '../../src/server/log/file-destination.ts';
import type { LogEntry } from '../../src/server/log/log-entry.ts';
import { LogFiles } from './log-files.ts';

const PATH = '/var/log/martlet.log';
const style = { format: 'text', timestamps: 'none', timeText: () => '' } as const;

function entry(text: string): LogEntry {
  return { wallMs: 0, level: 'notice', code: 'c', text };
}

function opened(): { files: LogFiles; told: string[]; log: ReturnType<typeof openFileDestination> } {
  const files = new LogFiles();
  const told: string[] = [];
  const log = openFileDestination(PATH, style, (code, text) => told.push(`${code}: ${text}`), files);
  return { files, told, log };
}

describe('The log in a file', () => {
  test('writes what comes while a write is under way with the next one', () => {
    const { files, log } = opened();
    for (const text of ['a', 'b', 'c']) log.write(entry(text));
    expect(files.writesUnderWay).toBe(1);
    files.settle();
    expect(files.contents.get(PATH)).toBe('notice c: a\nnotice c: b\nnotice c: c\n');
  });

  test('goes on after a full disk, and says how much was lost', () => {
    const { files, told, log } = opened();
    files.failure = 'ENOSPC: no space left on device';
    for (const text of ['a', 'b']) {
      log.write(entry(text));
      files.settle();
    }
    expect(told).toEqual([`log-not-written: ${PATH}: ENOSPC: no space left on device`]);
    files.failure = null;
    log.write(entry('c'));
    files.settle();
    expect(files.contents.get(PATH)).toBe(
      `warning log-lines-lost: 2 lines could not be written to ${PATH}: ENOSPC: no space left on device\nnotice c: c\n`,
    );
  });

  test('begins a new line after one that the full disk cut short', () => {
    const { files, log } = opened();
    files.room = 4;
    files.failure = 'ENOSPC';
    log.write(entry('a'));
    files.settle();
    files.failure = null;
    log.write(entry('b'));
    files.settle();
    const lines = files.contents.get(PATH)!.split('\n');
    expect(lines[0]).toBe('noti');
    expect(lines.slice(-2)).toEqual(['notice c: b', '']);
  });

  test('holds no more than a bound when its disk does not answer, and tells what it lost', () => {
    const { files, log } = opened();
    const long = 'x'.repeat(1000);
    for (let at = 0; at < 3000; at++) log.write(entry(long));
    expect(files.writesUnderWay).toBe(1);
    files.settle();
    log.write(entry('after'));
    files.settle();
    const text = files.contents.get(PATH)!;
    expect(text.length).toBeLessThan(1024 * 1024 + 10_000);
    expect(text).toMatch(
      /log-lines-lost: \d+ lines could not be written to .*: its disk was too slow\nnotice c: after\n$/,
    );
  });

  test('goes into a new file once the old one was moved away', () => {
    const { files, log } = opened();
    log.write(entry('before'));
    files.rename(PATH, `${PATH}.1`);
    log.reopen();
    log.write(entry('after'));
    files.settle();
    expect(files.contents.get(`${PATH}.1`)).toBe('notice c: before\n');
    expect(files.contents.get(PATH)).toBe('notice c: after\n');
    expect(files.closed).toEqual([0]);
  });

  test('stays with the file that is open when the new one cannot be opened', () => {
    const { files, told, log } = opened();
    files.unopenable = 'EACCES';
    log.reopen();
    log.write(entry('a'));
    files.settle();
    expect(told[0]).toMatch(/log-not-reopened: .*EACCES.*it goes on into the file that was open$/);
    expect(files.contents.get(PATH)).toBe('notice c: a\n');
  });

  test('is closed once everything is written', async () => {
    const { files, log } = opened();
    log.write(entry('a'));
    log.write(entry('b'));
    const closed = log.close();
    expect(files.closed).toEqual([]);
    files.settle();
    await closed;
    expect(files.closed).toEqual([0]);
    expect(files.contents.get(PATH)).toBe('notice c: a\nnotice c: b\n');
  });

  test('is made for its owner and group, and a directory in its place is told in words', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'martlet-log-'));
    try {
      const path = join(directory, 'martlet.log');
      const log = openFileDestination(path, style, () => {});
      log.write(entry('a'));
      await log.close();
      expect(statSync(path).mode & 0o777 & ~0o640).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe('notice c: a\n');
      expect(() => openFileDestination(directory, style, () => {})).toThrow(
        `the log file ${directory} cannot be opened: EISDIR; expected a file in a directory that this user may write to`,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
