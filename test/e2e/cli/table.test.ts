// `martlet sub --table` in a pseudo-terminal: what a person sees, the keys, and a terminal that is as before afterwards.

import { spawnSync } from 'node:child_process';
import type { Client } from '@martlet/client';
import { connect } from '@martlet/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import { ServedBroker } from '../served-broker.ts';
import type { TerminalOptions } from '../terminal-program.ts';
import { hasPseudoTerminals, TerminalProgram } from '../terminal-program.ts';

const SHOW_CURSOR = '\u001b[?25h';
const LEAVE_SCREEN = '\u001b[?1049l';

let served: ServedBroker;
let client: Client;
const opened: TerminalProgram[] = [];

beforeAll(async () => {
  buildMartlet();
  served = await ServedBroker.start();
  client = connect(`mqtt://127.0.0.1:${served.port}`);
  await client.connected();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((program) => program.stop()));
});
afterAll(async () => {
  await client.close();
  await served.close();
});

const words = (port: number, ...args: readonly string[]): readonly string[] => [
  MAIN,
  'sub',
  '-h',
  '127.0.0.1',
  '-p',
  String(port),
  ...args,
];

/** Fulfils when it shows its table and its subscription holds. */
async function table(
  topicFilter: string,
  options: TerminalOptions = {},
  ...args: readonly string[]
): Promise<TerminalProgram> {
  const subscribed = served.next('subscribed', (event) => event.topicFilter === topicFilter);
  const all = words(served.port, '-t', topicFilter, '--table', ...args);
  const program = new TerminalProgram(process.execPath, all, options);
  opened.push(program);
  await program.shows(/^TOPIC/);
  await subscribed;
  return program;
}

/** What the terminal has again: its cursor, its own screen, and keys that are lines. */
function expectRestored(program: TerminalProgram): void {
  expect(program.isAlternate).toBe(false);
  expect(program.written.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(
    program.written.lastIndexOf('\u001b[?25l'),
  );
  expect(program.written).toContain(LEAVE_SCREEN);
}

describe.skipIf(!hasPseudoTerminals)(
  `martlet sub --table ${hasPseudoTerminals ? '' : '(skipped: needs script of util-linux)'}`,
  () => {
    test('shows each topic with its last value, sorted by topic, and ends at q', async () => {
      const program = await table('show/#');
      await client.publish('show/b', '21.5');
      await client.publish('show/a', 'first');
      await client.publish('show/a', 'second', { retain: true });
      const lines = await program.until((shown) => /second/.test(shown[2]!) && /show\/b/.test(shown[3]!));
      expect(lines[0]).toMatch(/^show\/# .*2 topics {2}3 messages {2}\d\.\d\/s$/);
      expect(lines[1]).toMatch(/^TOPIC↑ +VALUE +RATE +AGE R +COUNT +BYTES TREND$/);
      expect(lines[2]).toMatch(/^show\/a second +[\d.]+ +\ds R +2 +11/);
      expect(lines[3]).toMatch(/^show\/b +21\.5 +[\d.]+ +\ds +1 +4 ▅$/);
      expect(lines[23]).toMatch(/^q quit/);
      expect(program.isAlternate).toBe(true);
      program.type('q');
      expect((await program.exit).code).toBe(0);
      expectRestored(program);
      expect(program.written).toContain('martlet sub: 3 messages of 2 topics\r\n');
    });

    test('sorts, filters and pauses as keys say', async () => {
      const program = await table('keys/#');
      for (let i = 0; i < 3; i++) await client.publish('keys/b/often', String(i));
      await client.publish('keys/a/seldom', 'once');
      await program.until((shown) => /seldom/.test(shown[2]!) && /often/.test(shown[3]!));
      program.type('c');
      await program.until((shown) => /often/.test(shown[2]!) && /seldom/.test(shown[3]!));
      program.type('/SELD');
      await program.until(
        (shown) => /seldom/.test(shown[2]!) && shown[3] === '' && /^\/SELD/.test(shown[23]!),
      );
      program.type('\r');
      program.type('p');
      await program.until((shown) => /paused/.test(shown[0]!) && /1 of 2 topics/.test(shown[0]!));
      await client.publish('keys/a/seldom', 'again');
      await program.shows(/5 messages/);
      expect(program.lines[2]).toMatch(/once/);
      program.type('p');
      await program.until((shown) => /again/.test(shown[2]!));
      program.type('\u001b');
      await program.until((shown) => /often/.test(shown[2]!) && /seldom/.test(shown[3]!));
    });

    test('scrolls, and follows the size of the terminal', async () => {
      const program = await table('many/#', { rows: 8 });
      for (let i = 10; i < 30; i++) await client.publish(`many/${i}`, 'x');
      await program.until((shown) => /many\/14/.test(shown[6]!));
      program.type('G');
      await program.until((shown) => /many\/29/.test(shown[6]!) && /many\/25/.test(shown[2]!));
      program.type('\u001b[A');
      await program.until((shown) => /many\/28/.test(shown[6]!));
      program.type('g');
      await program.until((shown) => /many\/10/.test(shown[2]!));
      program.resize(40, 12);
      const lines = await program.until((shown) => /many\/18/.test(shown[10]!) && /^q quit/.test(shown[11]!));
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
      program.resize(130, 12);
      await program.shows(/^TOPIC↑ +VALUE .* TREND$/);
    });

    test('shows what would command the terminal as text, and keeps wide characters in their column', async () => {
      const program = await table('odd/#');
      await client.publish('odd/\u{1f426}', '\u001b[2J\u001b]0;title\u0007\u009b1mboo\u202e\r\n');
      await client.publish('odd/水位', `${'e\u0301'.repeat(4)}漢字\u200d\u{1f468}\u200d\u{1f469}`);
      await client.publish('odd/z', Buffer.from([0xff, 0x00, 0x1b, 0x5b]));
      const lines = await program.until((shown) => /ff 00/.test(shown.join('\n')));
      const all = lines.join('\n').normalize('NFC');
      expect(all).toContain('\\u001b[2J\\u001b]0');
      expect(all).toContain('éééé漢字👨👩');
      expect(all).toContain('ff 00 1b 5b');
      expect(program.written).not.toMatch(/\u001b\]0|\u009b|\u202e/);
      // All rates stand in one column, whatever stands before them.
      const ages = program.columnsOf('s  ', 2, 5);
      expect(ages).toHaveLength(3);
      expect(new Set(ages).size).toBe(1);
    });

    test.each([
      ['Ctrl-C', (program: TerminalProgram) => program.type('\u0003'), 130],
      ['SIGTERM', (program: TerminalProgram) => program.signal('SIGTERM'), 143],
    ])('gives the terminal back at %s', async (_name, end, code) => {
      const program = await table('end/#');
      end(program);
      expect((await program.exit).code).toBe(code);
      expectRestored(program);
    });

    test('gives the terminal back when the server has gone for good, and says why', async () => {
      const program = await table('gone/#', {}, '-i', 'once');
      const other = connect(`mqtt://127.0.0.1:${served.port}`, { clientId: 'once' });
      expect((await program.exit).code).toBe(142);
      await other.close();
      expectRestored(program);
      const after = program.written.slice(program.written.lastIndexOf(LEAVE_SCREEN));
      expect(after).toMatch(/^martlet sub: .*SessionTakenOver/m);
    });

    test('says on the screen that a connection is lost, and goes on', async () => {
      const program = await table('lost/#', { columns: 160 }, '-i', 'loser');
      const again = served.next('subscribed', (event) => event.topicFilter === 'lost/#');
      served.broker.disconnectClient('loser');
      await program.shows(/trying again in/);
      await again;
      await program.shows(/connected again/);
      await client.publish('lost/a', 'still here');
      await program.shows(/lost\/a +still here/);
    });

    test('is stopped by Ctrl-Z with the terminal as it was, and goes on where it was', async () => {
      const command = words(served.port, '-t', 'stop/#', '--table');
      const shell = ['-c', 'set -m; "$@"; echo the shell; read; fg', 'bash', process.execPath, ...command];
      const program = new TerminalProgram('bash', shell);
      opened.push(program);
      await program.shows(/waiting for messages of stop/);
      program.type('\u001a');
      await program.shows(/^the shell/);
      expect(program.isAlternate).toBe(false);
      await client.publish('stop/a', 'meanwhile');
      program.type('\r');
      await program.shows(/stop\/a meanwhile/);
      program.type('q');
      expect((await program.exit).code).toBe(0);
      expectRestored(program);
    });

    test('says that there are no keys where standard input is no terminal', async () => {
      const command = words(served.port, '-t', 'keyless/#', '--table', '-W', '1');
      const program = new TerminalProgram('bash', [
        '-c',
        '"$@" < /dev/null',
        'bash',
        process.execPath,
        ...command,
      ]);
      opened.push(program);
      await program.shows(/^no keys: standard input is no terminal; Ctrl-C ends$/);
      expect((await program.exit).code).toBe(27);
      expectRestored(program);
    });

    test('asks for a password before it draws, and draws with MQTT 3.1.1 too', async () => {
      await client.publish('old/a', 'kept', { retain: true, qos: 1 });
      const command = words(
        served.port,
        '-t',
        'old/#',
        '--table',
        '-V',
        '311',
        '-u',
        'joe',
        '--password-prompt',
      );
      const program = new TerminalProgram(process.execPath, command);
      opened.push(program);
      await program.shows(/assword/);
      expect(program.isAlternate).toBe(false);
      program.type('secret\r');
      await program.shows(/^old\/a +kept .* R /);
      expect(program.written).not.toContain('secret');
      program.type('q');
      expect((await program.exit).code).toBe(0);
    });

    test('uses no colour with NO_COLOR', async () => {
      const program = await table('plain/#', { env: { NO_COLOR: '1' } });
      await client.publish('plain/a', 'x');
      await program.shows(/plain\/a x/);
      expect(program.written).not.toMatch(/\u001b\[[\d;]*m/);
    });

    test('is refused where there is no terminal, with the way for programs', () => {
      const run = spawnSync(process.execPath, [...words(served.port, '-t', 'a', '--table')], {
        encoding: 'utf8',
      });
      expect(run).toMatchObject({
        status: 2,
        stdout: '',
        stderr:
          'martlet sub: --table: expected standard output to be a terminal that can be drawn on; --ndjson is for programs\n',
      });
    });
  },
);
