// The built `martlet retained` at our broker and at Debian's Mosquitto: shown, read, removed, carried from one to the other.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-retained-'));
const env = { PATH: process.env['PATH'], HOME: directory, XDG_CONFIG_HOME: directory, NO_COLOR: '1' };
const mosquitto = debianTool('mosquitto');
let served: ServedBroker;

beforeAll(() => buildMartlet());
beforeEach(async () => {
  served = await ServedBroker.start();
});
afterEach(async () => {
  await programs.stopAll();
  await served.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function retained(port: number, ...words: readonly string[]): Promise<Exit> {
  const [action, ...rest] = words;
  const all = [MAIN, 'retained', action!, '-h', '127.0.0.1', '-p', String(port), ...rest];
  return programs.run(process.execPath, all, { env, cwd: directory });
}

const BINARY = Uint8Array.of(0, 0xff, 0x0a, 0xfe);

async function fill(): Promise<void> {
  const keep = { retain: true, qos: 1 } as const;
  await served.broker.publish('home/light', 'on', keep);
  await served.broker.publish('home/photo', BINARY, keep);
  await served.broker.publish('home/soon', 'x\u001b[31m', {
    ...keep,
    properties: { messageExpiryInterval: 500 },
  });
  const properties = { contentType: 'text/plain', userProperties: [['a', 'b']] as [string, string][] };
  await served.broker.publish('garden/light', 'off', { ...keep, qos: 2, properties });
}

describe('at our broker', () => {
  beforeEach(() => fill());

  test('ls shows a line for each, without what a terminal would obey', async () => {
    const { code, stdout, stderr } = await retained(served.port, 'ls', 'home/#');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '3 retained messages, 12 bytes\n' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' '));
    expect(lines.sort()).toEqual([
      'TOPIC SIZE EXPIRES IN PAYLOAD',
      'home/light 2 bytes never on',
      'home/photo 4 bytes never 00ff0afe… (bytes)',
      expect.stringMatching(/^home\/soon 6 bytes (500|499|498) s x\\u001b\[31m$/),
    ]);
  });

  test('ls without a filter leaves out $SYS, which can be asked for', async () => {
    expect((await retained(served.port, 'ls', '-q')).stdout).not.toContain('$SYS');
    expect((await retained(served.port, 'ls', '--json')).stdout.match(/\n/g)).toHaveLength(4);
    expect((await retained(served.port, 'ls', '$SYS/#')).stdout).toContain('$SYS/');
  });

  test('get gives the bytes as they are, and nothing else', async () => {
    const file = join(directory, 'photo');
    const command = `${process.execPath} ${MAIN} retained get -h 127.0.0.1 -p ${served.port} home/photo > ${file}`;
    expect(await programs.run('sh', ['-c', command], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(new Uint8Array(readFileSync(file))).toEqual(BINARY);
    expect((await retained(served.port, 'get', 'home/light')).stdout).toBe('on');
    const json = JSON.parse((await retained(served.port, 'get', '--json', 'garden/light')).stdout);
    expect(json).toMatchObject({
      payload: 'off',
      retain: true,
      properties: { 'content-type': 'text/plain' },
    });
  });

  test('get of nothing is an error', async () => {
    expect(await retained(served.port, 'get', 'none')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'martlet retained: nothing is retained for none\n',
    });
  });

  test('rm removes what the filter matches, and nothing else', async () => {
    expect(await retained(served.port, 'rm', '+/light', '--yes')).toMatchObject({
      code: 0,
      stderr: '2 retained messages removed\n',
    });
    expect((await retained(served.port, 'ls')).stderr).toMatch(/^2 retained messages, /);
    expect((await retained(served.port, 'rm', '+/light', '--yes')).stderr).toBe(
      'nothing is retained for +/light\n',
    );
  });

  test('rm asks on a terminal, and never without one', async () => {
    expect(await retained(served.port, 'rm', 'home/#')).toMatchObject({
      code: 2,
      stderr: 'martlet retained: rm: expected --yes, since there is no terminal to ask on, got none\n',
    });
    for (const [answer, code, end] of [
      ['n', 1, 'nothing was removed'],
      ['\u0004', 1, 'nothing was removed'],
      ['y', 0, '3 retained messages removed'],
    ] as const) {
      const program = onTerminal(`retained rm home/# -h 127.0.0.1 -p ${served.port}`);
      const asked = /Remove 3 retained messages\? \[y\/N\] /;
      program.child.stdout!.on('data', function answerOnce() {
        if (!asked.test(program.stdout)) return;
        program.child.stdout!.off('data', answerOnce);
        program.child.stdin!.write(answer === '\u0004' ? answer : `${answer}\n`);
      });
      const exit = await program.exit;
      expect(exit.code).toBe(code);
      expect(exit.stdout).toContain('"home/light"');
      expect(exit.stdout).toContain(end);
    }
  });

  test('Ctrl+C at the question removes nothing, and ends with 130', async () => {
    const program = onTerminal(`retained rm home/# -h 127.0.0.1 -p ${served.port}`);
    program.child.stdout!.on('data', function interrupt() {
      if (!program.stdout.includes('[y/N]')) return;
      program.child.stdout!.off('data', interrupt);
      program.child.stdin!.write('\u0003');
    });
    expect((await program.exit).code).toBe(130);
    expect((await retained(served.port, 'ls')).stderr).toMatch(/^4 retained messages/);
  });

  function onTerminal(words: string): Program {
    const command = `${process.execPath} ${MAIN} ${words}`;
    return programs.start('script', ['-qec', command, '/dev/null'], { env: { ...env, TERM: 'xterm' } });
  }

  test('a wrong word is told with the nearest one', async () => {
    expect(await retained(served.port, 'sl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("expected ls, get, rm, export, import, got 'sl'"),
    });
    expect((await retained(served.port, 'get')).stderr).toBe('martlet retained: expected topic, got none\n');
    expect((await retained(served.port, 'get', 'a/#')).code).toBe(2);
    expect((await retained(served.port, 'ls', '$share/a/b')).code).toBe(2);
  });

  test('export and import carry everything to another server, in both directions', async () => {
    const other = await ServedBroker.start();
    const file = 'all.mqttrec.gz';
    expect((await retained(served.port, 'export', file, '--force')).stderr).toBe(
      `4 retained messages: ${file}\n`,
    );
    expect((await retained(other.port, 'import', file)).stderr).toBe('4 retained messages published\n');
    const shown = async (port: number) => {
      const { stdout } = await retained(port, 'ls', '--json');
      return stdout
        .replaceAll(/"tst":"[^"]*"|"message-expiry-interval":\d+/g, '')
        .split('\n')
        .sort();
    };
    expect(await shown(other.port)).toEqual(await shown(served.port));
    await other.close();
  });

  test('export goes through a pipe into import', async () => {
    const other = await ServedBroker.start();
    const martlet = `${process.execPath} ${MAIN} retained`;
    const command = `${martlet} export -h 127.0.0.1 -p ${served.port} 'home/#' - | ${martlet} import -h 127.0.0.1 -p ${other.port} -`;
    const { code, stderr } = await programs.run('sh', ['-c', command], { env });
    expect(code).toBe(0);
    expect(stderr).toContain('3 retained messages published\n');
    await other.close();
  });

  test('import takes what was retained of a recording, and nothing that was not', async () => {
    const lines = [
      '{"recording":1}',
      '{"at":0,"topic":"r","payload":"1","retain":true}',
      '{"at":0,"topic":"live","payload":"2","retain":false}',
      '{"at":0,"topic":"gone","payload":"","retain":true}',
    ];
    writeFileSync(join(directory, 'mixed'), `${lines.join('\n')}\n`);
    expect((await retained(served.port, 'import', 'mixed')).stderr).toBe('1 retained message published\n');
    expect((await retained(served.port, 'get', 'r')).stdout).toBe('1');
  });
});

test('many are all shown, to a reader that is slower than the server', async () => {
  const count = 20_000;
  for (let at = 0; at < count; at++)
    await served.broker.publish(`many/${at}`, 'x'.repeat(100), { retain: true });
  const command = `${process.execPath} ${MAIN} retained ls --json -h 127.0.0.1 -p ${served.port} | (sleep 1; wc -l)`;
  expect(Number((await programs.run('sh', ['-c', command], { env })).stdout)).toBe(count);
  const { stderr } = await retained(served.port, 'export', 'many.mqttrec');
  expect(stderr).toBe('20,000 retained messages: many.mqttrec\n');
});

describe.skipIf(mosquitto.path === undefined)(`at Mosquitto ${mosquitto.label}`, () => {
  let broker: MosquittoBroker;

  beforeAll(async () => {
    const rights = join(directory, 'rights');
    writeFileSync(rights, 'topic readwrite open/#\ntopic read readonly/#\ntopic read martlet-retained/#\n');
    chmodSync(directory, 0o755);
    chmodSync(rights, 0o644);
    broker = await MosquittoBroker.start(mosquitto.path!, [`acl_file ${rights}`]);
  });
  afterAll(() => broker.close());

  test('import, ls, get and rm, also where the message of our own is dropped or refused', async () => {
    const lines = Array.from(
      { length: 3000 },
      (_, at) => `{"at":0,"topic":"open/${at}","payload":"${at}","retain":true}`,
    );
    writeFileSync(join(directory, 'open'), `{"recording":1}\n${lines.join('\n')}\n`);
    for (const version of ['5', '311']) {
      const at = (...words: readonly string[]) => retained(broker.tcpPort, ...words, '-V', version);
      expect((await at('import', 'open')).stderr).toBe('3,000 retained messages published\n');
      expect((await at('ls', 'open/#')).stderr).toMatch(/^3,000 retained messages, /);
      expect((await at('get', 'open/2999')).stdout).toBe('2999');
      expect((await at('rm', 'open/#', '--yes')).stderr).toBe('3,000 retained messages removed\n');
      expect((await at('ls', 'open/#')).stderr).toBe('0 retained messages, 0 bytes\n');
    }
  });

  test('what the user may not write is counted, and the exit code says so', async () => {
    const lines = Array.from(
      { length: 50 },
      (_, at) => `{"at":0,"topic":"readonly/${at}","payload":"x","retain":true}`,
    );
    writeFileSync(join(directory, 'readonly'), `{"recording":1}\n${lines.join('\n')}\n`);
    const { code, stderr } = await retained(broker.tcpPort, 'import', 'readonly');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'martlet retained: 40 more messages came to nothing\n0 retained messages published\n',
    );
  });
});
