// Words of the command line that are no UTF-8, as `martlet` and Debian's mosquitto_pub take them: Node.js gives them as U+FFFD.

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const isMissing = pub.path === undefined || sub.path === undefined;
const programs = new Programs();
let served: ServedBroker;
let directory = '';

beforeAll(() => {
  buildMartlet();
  directory = mkdtempSync(join(tmpdir(), 'martlet-bytes-'));
  symlinkSync(MAIN, join(directory, 'mosquitto_pub'));
});
beforeEach(async () => {
  served = await ServedBroker.start();
});
afterEach(async () => {
  await programs.stopAll();
  await served.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

const STARTS = {
  theirs: '"$THEIRS"',
  ours: '"$NODE" "$MAIN" pub',
  link: '"$NODE" "$LINK"',
} as const;

/** @param line with `$'\xe9'` for bytes that no string of ours can have */
function publish(which: keyof typeof STARTS, line: string): Promise<Exit> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    THEIRS: pub.path,
    NODE: process.execPath,
    MAIN,
    LINK: join(directory, 'mosquitto_pub'),
  };
  return programs.run('bash', ['-c', `${STARTS[which]} -p ${served.port} ${line}`], { env });
}

async function received(which: keyof typeof STARTS, line: string): Promise<string> {
  const args = ['-p', String(served.port), '-t', '#', '-C', '1', '-F', 'GOT %t %x', '-d'];
  const subscriber = programs.start('stdbuf', ['-oL', sub.path!, ...args]);
  await subscriber.line(/received SUBACK/);
  expect(await publish(which, line)).toMatchObject({ code: 0, stderr: '' });
  return subscriber.line(/^GOT/);
}

describe.skipIf(isMissing)(`Words that are no UTF-8 ${pub.label}`, () => {
  test.each([
    [String.raw`-t m -m $'a\xe9b\xff'`, 'GOT m 61e962ff'],
    [String.raw`-t ü -m $'\xef\xbf\xbd\xe2\x82'`, 'GOT ü efbfbde282'],
  ])('are payloads and data as they were typed: %s', async (line, expected) => {
    for (const which of ['theirs', 'ours', 'link'] as const)
      expect(await received(which, line)).toBe(expected);
  });

  test.each([String.raw`-t $'a\xe9' -m x`, String.raw`-t a -m x --will-topic $'\xe9'`])(
    'are refused as topics: %s',
    async (line) => {
      const theirs = await publish('theirs', line);
      const link = await publish('link', line);
      expect(theirs.stderr).toMatch(/^Error: Malformed UTF-8 in --?\S+ argument\./);
      expect(link.stderr.split('\n')[0]).toBe(theirs.stderr.split('\n')[0]);
      expect(link.code).toBe(theirs.code);
      expect(await publish('ours', line)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^martlet pub: --?\S+: expected text in UTF-8, got '.*\n$/),
      });
    },
  );
});
