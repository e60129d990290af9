// `martlet test` as it is built, against our broker and Debian's Mosquitto: exit codes, reports, servers that are not there.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TestReport } from '../../../packages/cli/src/conformance/report.ts';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit, Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const mosquitto = debianTool('mosquitto');

const programs = new Programs();
let broker: ServedBroker;
let directory: string;

beforeAll(async () => {
  buildMartlet();
  broker = await ServedBroker.start();
  directory = mkdtempSync(join(tmpdir(), 'martlet-test-'));
});
afterEach(() => programs.stopAll());
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await broker.close();
});

function start(...args: readonly string[]): Program {
  return programs.start(process.execPath, [MAIN, 'test', ...args]);
}

function tested(...args: readonly string[]): Promise<Exit> {
  return start(...args).exit;
}

describe('martlet test', () => {
  test('ends with 0 where every check passes, and writes what it has found', async () => {
    const [json, junit, html] = ['r.json', 'r.xml', 'r.html'].map((name) => join(directory, name));
    const { code, stdout, stderr } = await tested(
      `127.0.0.1:${broker.port}`,
      ...['--only', 'subscribe-', '--only', 'MQTT-3.12.4-1'],
      ...['--json', json!, '--junit', junit!, '--html', html!],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Checks passed\n/);
    const report = JSON.parse(readFileSync(json!, 'utf8')) as TestReport;
    const ids = new Set(report.servers[0]?.results.map(({ id }) => id));
    expect([...ids].every((id) => id.includes('subscribe-') || id === 'ping-answered')).toBe(true);
    expect(ids.has('ping-answered')).toBe(true);
    expect(readFileSync(junit!, 'utf8')).toContain('<testsuites>');
    expect(readFileSync(html!, 'utf8')).toContain('<h2>MQTT 3.1.1</h2>');
  });

  test('ends with 1 for a server that is not there, in one line', async () => {
    const { code, stdout, stderr } = await tested('127.0.0.1:1');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^martlet test: cannot connect to mqtt:\/\/127\.0\.0\.1:1: [^\n]+\n$/);
  });

  test('says before it connects that a report cannot be written', async () => {
    const { code, stdout, stderr } = await tested('127.0.0.1:1', '--json', join(directory, 'none', 'r.json'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^martlet test: [^\n]+r\.json: [^\n]+\n$/);
  });

  test('tests the others where one of several servers is not there', async () => {
    const { code, stdout } = await tested('127.0.0.1:1', `127.0.0.1:${broker.port}`, '--only', 'ping-');
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n1 {2}127\.0\.0\.1:1 {2}not tested: cannot connect/);
    expect(stdout).toMatch(/\n2 {2}127\.0\.0\.1:\d+ {2}MQTT 5\.0: 2 passed; MQTT 3\.1\.1: 2 passed\n$/);
  });

  test('shows at Ctrl-C what it knows by then, and ends with 130', async () => {
    const json = join(directory, 'interrupted.json');
    const program = start(`127.0.0.1:${broker.port}`, '--json', json, '--parallel', '1', '--no-capabilities');
    await broker.next('clientDisconnected', ({ clientId }) => /v5client$/.test(clientId));
    program.signal('SIGINT');
    const { code, stdout } = await program.exit;
    expect(code).toBe(130);
    expect(stdout).toContain('The run was ended before its end');
    expect((JSON.parse(readFileSync(json, 'utf8')) as TestReport).interrupted).toBe(true);
  });

  test('refuses what it does not know with 2, before it connects', async () => {
    expect(await tested('--only', 'no-such-check')).toMatchObject({ code: 2, stdout: '' });
    expect(await tested('-V', '31')).toMatchObject({ code: 2, stdout: '' });
    expect(await tested('localhost:99999')).toMatchObject({ code: 2, stdout: '' });
  });

  test.skipIf(mosquitto.path === undefined)('finds what Mosquitto does otherwise', async () => {
    const server = await MosquittoBroker.start(mosquitto.path!);
    try {
      const { code, stdout } = await tested(
        `127.0.0.1:${server.tcpPort}`,
        '--only',
        'ping-',
        '--timeout',
        '1s',
      );
      expect(code).toBe(1);
      expect(stdout).toContain('FAILED closes for a PINGREQ with flags (ping-flags, MQTT 5.0)');
      expect(stdout).toContain('MQTT 5.0: 1 passed, 1 failed; MQTT 3.1.1: 1 passed, 1 failed');
    } finally {
      await server.close();
    }
  });
});
