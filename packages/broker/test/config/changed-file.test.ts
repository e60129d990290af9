import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readListedFile } from '../../src/access/listed-file.ts';
import { hasChangedSince } from '../../src/config/changed-file.ts';
import { readSourceText } from '../../src/config/source-text.ts';
import { readConfigurationFiles } from '../../src/mosquitto/reading/configuration-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'martlet-changed-'));
const path = join(directory, 'martlet.yaml');
afterAll(() => rmSync(directory, { recursive: true }));

async function changedBy(change: () => void): Promise<boolean> {
  writeFileSync(path, 'limits: {}\n');
  utimesSync(path, 1, 1);
  const file = await open(path);
  try {
    const state = await file.stat({ bigint: true });
    change();
    return await hasChangedSince(file, state);
  } finally {
    await file.close();
  }
}

describe('A file that is read', () => {
  test('has not changed if nobody writes to it', async () => {
    expect(await changedBy(() => {})).toBe(false);
  });

  test('has changed when it is longer, shorter, or written anew', async () => {
    expect(await changedBy(() => appendFileSync(path, 'log: {}\n'))).toBe(true);
    expect(await changedBy(() => truncateSync(path, 0))).toBe(true);
    expect(await changedBy(() => writeFileSync(path, 'behave: {}\n'))).toBe(true);
  });

  test('is refused as a whole while somebody writes it', async () => {
    for (const read of [readSourceText, (each: string) => readListedFile(each, 'file', 1_000_000)]) {
      writeFileSync(path, '');
      const writer = setInterval(() => appendFileSync(path, '# written\n'.repeat(10)), 0);
      try {
        await expect(untilRefused(() => read(path))).resolves.toBe('file-changed');
      } finally {
        clearInterval(writer);
      }
    }
  });
});

test('A pipe in the place of a configuration of Mosquitto is refused without waiting for a writer', async () => {
  const pipe = join(directory, 'pipe.conf');
  execFileSync('mkfifo', [pipe]);
  await expect(readConfigurationFiles(pipe, [])).rejects.toThrow('it is no regular file');
});

/** The code of the first refusal; whether a write falls into a read is for the operating system to say. */
async function untilRefused(read: () => Promise<unknown>): Promise<string> {
  for (;;) {
    try {
      await read();
    } catch (error) {
      return (error as { problems: readonly { code: string }[] }).problems[0]?.code ?? '';
    }
  }
}
