// The file that a recording is written to: what is in it at any moment, and what happens when it cannot be written.

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { RecordingFile } from '../../src/record/recording-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-recording-'));
afterAll(() => rmSync(directory, { recursive: true }));

const header = { startedAt: '2026-11-20T19:49:09.559Z', server: 'mqtt://localhost', filters: ['#'] };
const message = (payload: string) => ({
  topicName: 'a',
  payload: Buffer.from(payload),
  qos: 0 as const,
  retain: false,
  properties: {},
});

function create(name: string, more: { readonly force?: boolean; readonly onFailed?: () => void } = {}) {
  const place = { path: join(directory, name), force: more.force ?? false, stdout: new PassThrough() };
  return RecordingFile.create(place, header, {
    onClogged: () => {},
    onFree: () => {},
    onFailed: more.onFailed ?? (() => {}),
  });
}

/** What can be decompressed of a file that grows. */
async function decompressed(path: string): Promise<string> {
  const gunzip = createGunzip();
  let text = '';
  gunzip.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  await new Promise<void>((resolve) => {
    gunzip.once('error', () => resolve()).once('end', () => resolve());
    gunzip.end(readFileSync(path));
  });
  return text;
}

test.each(['plain.mqttrec', 'compressed.mqttrec.gz'])(
  '%s has each message soon after it came',
  async (name) => {
    const file = await create(name);
    const path = join(directory, name);
    const shown = () => (name.endsWith('.gz') ? decompressed(path) : readFileSync(path, 'utf8'));
    await vi.waitFor(async () =>
      expect(await shown()).toBe(`${JSON.stringify({ recording: 1, ...header })}\n`),
    );
    file.add(message('one'), 1.4, 0);
    await vi.waitFor(async () => expect(await shown()).toMatch(/\n\{"at":1,.*"payload":"one"\}\n$/));
    file.add(message('two'), 2, 0);
    await file.close();
    expect(await shown()).toMatch(/"payload":"one"\}\n.*"payload":"two"\}\n$/);
    expect(file).toMatchObject({ messages: 2, payloadBytes: 6, failure: undefined });
  },
);

test('a file that is there is left alone, unless it is to be written over', async () => {
  writeFileSync(join(directory, 'old'), 'precious');
  await expect(create('old')).rejects.toThrow(
    /there is such a file already; choose another name, or --force/,
  );
  expect(readFileSync(join(directory, 'old'), 'utf8')).toBe('precious');
  await (await create('old', { force: true })).close();
  expect(readFileSync(join(directory, 'old'), 'utf8')).toMatch(/^\{"recording":1/);
});

test('a directory that is not there is told', async () => {
  await expect(create('none/a')).rejects.toThrow(/none\/a: there is no such file or directory$/);
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  test.each(['full', 'full.gz'])('is told once, and %s can still be closed', async (name) => {
    symlinkSync('/dev/full', join(directory, name));
    const onFailed = vi.fn();
    const file = await create(name, { force: true, onFailed });
    await vi.waitFor(() => expect(onFailed).toHaveBeenCalled());
    expect(file.failure?.message).toMatch(/no space is left on its disk/);
    for (let number = 0; number < 100; number++) file.add(message('x'.repeat(100_000)), number, 0);
    await file.close();
    expect(onFailed).toHaveBeenCalledTimes(1);
  });
});

test('its owner is told while the disk does not keep up', async () => {
  const stdout = new PassThrough({ highWaterMark: 1000 });
  const owner = { onClogged: vi.fn(), onFree: vi.fn(), onFailed: vi.fn() };
  const file = await RecordingFile.create({ path: '-', force: false, stdout }, header, owner);
  file.add(message('x'.repeat(1000)), 0, 0);
  await vi.waitFor(() => expect(owner.onClogged).toHaveBeenCalledTimes(1));
  expect(owner.onFree).not.toHaveBeenCalled();
  stdout.resume();
  await vi.waitFor(() => expect(owner.onFree).toHaveBeenCalledTimes(1));
  await file.close();
  expect(stdout.writableEnded).toBe(false);
});
