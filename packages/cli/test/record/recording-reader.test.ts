// Recordings as docs/recording-format.md has them: whole, cut off anywhere, damaged, of later versions, and none at all.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readRecording } from '../../src/record/recording-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-recording-'));
afterAll(() => rmSync(directory, { recursive: true }));

const HEADER =
  '{"recording":1,"startedAt":"2026-11-20T19:49:09.559Z","server":"mqtt://localhost","filters":["#"]}\n';
const line = (at: number, payload: string): string =>
  `{"at":${at},"tst":"2026-11-20T20:49:10.809+01:00","topic":"a","qos":1,"retain":false,"payloadlen":2,"mid":7,"payload":${JSON.stringify(payload)}}\n`;

/** Times and payloads of what a file with these bytes has. */
async function read(bytes: Uint8Array | string, name = 'a.mqttrec'): Promise<readonly string[]> {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return readFrom(path);
}

async function readFrom(path: string, stdin: Readable = new PassThrough()): Promise<readonly string[]> {
  const { messages } = await readRecording(path, stdin);
  const found: string[] = [];
  for await (const batch of messages)
    for (const { atUs, message } of batch) found.push(`${atUs} ${String(message.payload)}`);
  return found;
}

describe('a recording that is whole', () => {
  test('has its header and its messages', async () => {
    const path = join(directory, 'whole.mqttrec');
    writeFileSync(path, HEADER + line(5, 'on') + line(9, 'ö"\n'));
    const { header } = await readRecording(path, new PassThrough());
    expect(header).toEqual({
      startedAt: '2026-11-20T19:49:09.559Z',
      server: 'mqtt://localhost',
      filters: ['#'],
    });
    expect(await readFrom(path)).toEqual(['5 on', '9 ö"\n']);
  });

  test('may have no messages, empty lines, unknown keys in its header, and a last line without an end', async () => {
    expect(await read(HEADER)).toEqual([]);
    expect(await read(HEADER.trimEnd())).toEqual([]);
    expect(await read(`${HEADER}\n${line(1, 'a')}\n`)).toEqual(['1 a']);
    expect(await read(`{"recording":1,"hostname":"pi"}\n${line(1, 'a').trimEnd()}`)).toEqual(['1 a']);
  });

  test('is decompressed if its name says so, and comes from standard input as well', async () => {
    const text = HEADER + line(1, 'a') + line(2, 'b');
    expect(await read(gzipSync(text), 'a.mqttrec.gz')).toEqual(['1 a', '2 b']);
    expect(await readFrom('-', Readable.from([Buffer.from(text)]))).toEqual(['1 a', '2 b']);
  });
});

describe('a recording that was cut off', () => {
  const whole = Buffer.from(HEADER + line(1, 'a') + line(2, 'ü') + line(3, 'c'));
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at] : []));

  test('at any byte has all messages before it', async () => {
    for (let length = ends[0]!; length <= whole.length; length++) {
      // A line is there when all of it is but the newline.
      const lines = ends.slice(1).filter((end) => end <= length).length;
      expect(await read(whole.subarray(0, length)), String(length)).toHaveLength(lines);
    }
  });

  test('while it was compressed ends at any byte without a word, and with no message that was not there', async () => {
    const compressed = gzipSync(whole);
    const all = await read(whole);
    for (let length = 11; length < compressed.length; length++) {
      const found = await read(compressed.subarray(0, length), 'cut.gz').catch(
        (error: Error) => error.message,
      );
      // Where not even the first line is there, it cannot be known for a recording.
      if (typeof found === 'string')
        expect(found).toMatch(/cut\.gz(, line 1)?: expected a recording of martlet/);
      else expect(found).toEqual(all.slice(0, found.length));
    }
  });
});

describe('it is told, with its line, what is no recording', () => {
  test.each<readonly [what: string, bytes: Uint8Array | string, name: string, text: RegExp]>([
    ['an empty file', '', 'a', /a: expected a recording of martlet, got nothing in it$/],
    ['an empty file that is compressed', gzipSync(''), 'a.gz', /got nothing in it$/],
    ['some text', 'hello\nworld\n', 'a', /a, line 1: expected a recording of martlet, whose first line/],
    ['bytes', Uint8Array.of(0xff, 0xfe, 0x0a), 'a', /a, line 1: expected a recording of martlet/],
    ['messages without a header', line(1, 'a'), 'a', /line 1: expected a recording of martlet/],
    [
      'a later version',
      HEADER.replace(':1,', ':2,'),
      'a',
      /line 1: .* of version 1 or older, got 2: a newer Martlet/,
    ],
    [
      'a file that only claims to be compressed',
      HEADER,
      'a.gz',
      /a\.gz: expected a file compressed with gzip/,
    ],
    [
      'a damaged line',
      `${HEADER}${line(1, 'a')}{"at":2,"top\n${line(3, 'c')}`,
      'a',
      /a, line 3: expected a JSON object/,
    ],
    [
      'a damaged last line that is ended',
      `${HEADER}{"at":2,"top\n`,
      'a',
      /a, line 2: expected a JSON object/,
    ],
    [
      'a line without a time',
      `${HEADER}{"topic":"a"}\n`,
      'a',
      /line 2: at: expected microseconds .* got none/,
    ],
    [
      'a time before the beginning',
      `${HEADER}{"at":-1,"topic":"a"}\n`,
      'a',
      /line 2: at: expected microseconds/,
    ],
    [
      'a wildcard for a topic',
      `${HEADER}{"at":1,"topic":"a/#"}\n`,
      'a',
      /line 2: topic: expected a topic name/,
    ],
    [
      'a key that is not known',
      `${HEADER}{"at":1,"topc":"a"}\n`,
      'a',
      /line 2: .* got 'topc'; did you mean topic/,
    ],
  ])('%s', async (_what, bytes, name, text) => {
    await expect(read(bytes, name)).rejects.toThrow(text);
  });

  test('a directory, and what is not there', async () => {
    await expect(readFrom(directory)).rejects.toThrow(/that is a directory; name a file$/);
    await expect(readFrom(join(directory, 'none'))).rejects.toThrow(/there is no such file or directory$/);
  });
});

test('no more of it is read than is wanted', async () => {
  let given = 0;
  const endless = new Readable({
    read() {
      given += 1;
      this.push(given === 1 ? HEADER : line(given, 'x'.repeat(1000)));
    },
  });
  const { messages } = await readRecording('-', endless);
  for await (const batch of messages) {
    expect(batch.length).toBeGreaterThan(0);
    break;
  }
  expect(given).toBeLessThan(1000);
  expect(endless.destroyed).toBe(true);
});
