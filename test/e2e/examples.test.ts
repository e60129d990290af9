// The examples, and what the documents tell people to type.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../packages/cli/src/commands.ts';
import { urlOf } from '../mqtt-js.ts';
import { buildMartlet, buildPackages, MAIN, ROOT } from './martlet-command.ts';
import { Programs } from './program.ts';
import { ServedBroker } from './served-broker.ts';

const programs = new Programs();
const parent = mkdtempSync(join(tmpdir(), 'martlet-examples-'));

beforeAll(() => {
  buildMartlet();
  buildPackages(['packages/testing']);
});
afterEach(() => programs.stopAll());
afterAll(() => rmSync(parent, { recursive: true, force: true }));

describe('examples/video-frames', () => {
  const main = join(ROOT, 'examples/video-frames/main.mjs');

  test('sends 200 KB frames at 30 a second to three viewers and loses none', async () => {
    const { code, stdout, stderr } = await programs.run(process.execPath, [main, '--seconds', '2']);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^60 frames of 200000 bytes, 30 a second, at QoS 1, to 3 viewers by mqtt:/),
      expect.stringMatching(/^ {2}1 s: 30 frames sent, received \d+, \d+, \d+$/),
      expect.stringMatching(/^ {2}2 s: 60 frames sent, received \d+, \d+, \d+$/),
      'frames sent: 60, acknowledged: 60',
      'frames received: 60, 60, 60',
      'lost: 0, doubled or out of order: 0, damaged: 0',
      expect.stringMatching(/^latency: p50 [\d.]+ ms, p99 [\d.]+ ms$/),
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('uses another broker, and says so with its exit code when a frame is lost', async () => {
    const served = await ServedBroker.start({ limits: { maximumPacketSize: 250_000 } });
    const args = [main, '--url', urlOf(served.webSocket, 'ws'), '--seconds', '0.2', '--viewers', '2'];
    const whole = await programs.run(process.execPath, args);
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining('frames received: 6, 6\n') });
    await served.close();

    // A broker that takes no frame of this size ends the camera's connection.
    const strict = await ServedBroker.start({ limits: { maximumPacketSize: 100_000 } });
    const hopeless = [
      main,
      '--url',
      urlOf(strict.tcp),
      '--seconds',
      '0.1',
      '--viewers',
      '1',
      '--patience',
      '0.2',
    ];
    const refused = await programs.run(process.execPath, hopeless);
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('lost: 3,') });
    await strict.close();
  });
});

describe('examples/testing-an-application', () => {
  test("has tests that pass with Node's own test runner", async () => {
    const file = join(ROOT, 'examples/testing-an-application/thermostat.test.mjs');
    const { code, stdout } = await programs.run(process.execPath, ['--test', file]);
    expect({ code, summary: stdout.match(/^# (?:pass|fail) \d+$/gm) }).toEqual({
      code: 0,
      summary: ['# pass 6', '# fail 0'],
    });
  });

  test('keeps the temperature on a real broker', async () => {
    const served = await ServedBroker.start({});
    const main = join(ROOT, 'examples/testing-an-application/main.mjs');
    const thermostat = programs.start(process.execPath, [main, urlOf(served.tcp), '20']);
    await thermostat.line(/^keeps 20 degrees/);
    const heated = new Promise<string>((resolve) => {
      served.broker.subscribe('home/heater', (message) => {
        if (message.text() === 'on') resolve('on');
      });
    });
    await served.broker.publish('home/thermometer', '15', { qos: 1 });
    expect(await heated).toBe('on');
    await thermostat.stop();
    await served.close();
  });
});

interface Block {
  readonly place: string;
  readonly text: string;
  /** What the block of text behind it says that it prints. */
  readonly output: string | undefined;
}

/** The fenced blocks of a language, with where they stand. */
function blocks(language: string): readonly Block[] {
  const guides = readdirSync(join(ROOT, 'docs/guides')).map((name) => `docs/guides/${name}`);
  return ['README.md', ...guides]
    .filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)))
    .flatMap((path) =>
      [
        ...readFileSync(join(ROOT, path), 'utf8').matchAll(
          /^```(\w+)\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?/gms,
        ),
      ]
        .filter(([, tag]) => tag === language)
        .map(([, , text, output], index) => ({
          place: `${path}, ${language} block ${index + 1}`,
          text: text!,
          output,
        })),
    );
}

/** What people are told to type. */
function linesOf(pattern: RegExp): readonly string[] {
  return blocks('sh').flatMap(({ text }) => text.match(pattern) ?? []);
}

function flagsIn(command: string): readonly string[] {
  return command.replace(/#.*$/, '').match(/(?<=\s)--?[A-Za-z][a-z0-9-]*/g) ?? [];
}

async function flagsOf(...command: string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await programs.run(process.execPath, [MAIN, ...command, '--help']);
  return new Set(stdout.match(/(?<=\s)--?[A-Za-z][a-z0-9-]*/g));
}

describe('Code in the documents', () => {
  const programsShown = blocks('js').filter(({ text }) => text.includes(`from '@martlet/`));

  test('is there, and the first of it is the example', () => {
    const example = readFileSync(join(ROOT, 'examples/embed/main.mjs'), 'utf8');
    expect(programsShown.filter(({ text }) => text === example).length).toBeGreaterThan(0);
  });

  test.each(programsShown)('runs to its end: $place', async ({ text, output }) => {
    const served = await ServedBroker.start({});
    // Ports that others may use too are not for a test, nor are directories of theirs.
    const code = text
      .replaceAll(/port: \d+/g, 'port: 0')
      .replaceAll('./martlet-data', join(parent, 'data'))
      .replaceAll('mqtt://localhost', urlOf(served.tcp));
    const run = await programs.run(process.execPath, ['--input-type=module', '--eval', code], { cwd: ROOT });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    await served.close();
    if (output !== undefined) expect(run.stdout).toBe(output);
    if (text.includes('home/kitchen')) expect(run.stdout).toBe('home/kitchen/temperature 21.5\n');
  });

  test('names only options that martlet start has', async () => {
    const known = await flagsOf('start');
    const commands = linesOf(/^(?:martlet start|npm start --).*$/gm);
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.flatMap(flagsIn).filter((flag) => !known.has(flag))).toEqual([]);
  });

  test.each(COMMANDS.map(({ name }) => name))('names only options that martlet %s has', async (name) => {
    const known = await flagsOf(name);
    const commands = linesOf(new RegExp(`^martlet ${name}\\b.*$`, 'gm'));
    expect(commands.flatMap(flagsIn).filter((flag) => !known.has(flag))).toEqual([]);
  });

  test.each(['check', 'stats', 'export', 'import', 'backup'])(
    'names only options that martlet store %s has',
    async (name) => {
      const known = await flagsOf('store', name);
      const commands = linesOf(new RegExp(`^martlet store ${name}\\b.*$`, 'gm'));
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.flatMap(flagsIn).filter((flag) => !known.has(flag))).toEqual([]);
    },
  );
});
