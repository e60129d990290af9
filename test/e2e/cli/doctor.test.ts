// The built `martlet doctor` at Debian's Mosquitto: users, rights, keys and certificates; and as people see it on a terminal.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../crash/broker-process.mjs';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Exit } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-doctor-'));
const certificate = (name: string): string =>
  new URL(`../../../packages/client/test/transports/certificates/${name}.pem`, import.meta.url).pathname;

const server = debianTool('mosquitto');
const passwd = debianTool('mosquitto_passwd');
const env = { PATH: process.env['PATH'], HOME: directory, XDG_CONFIG_HOME: directory, NO_COLOR: '1' };

beforeAll(() => buildMartlet());
afterEach(() => programs.stopAll());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function doctor(...words: readonly string[]): Promise<Exit> {
  return programs.run(process.execPath, [MAIN, 'doctor', '--timeout', '2s', ...words], { env });
}

const isMissing = server.path === undefined || passwd.path === undefined;

describe.skipIf(isMissing)(`at Mosquitto ${server.label}${passwd.label}`, () => {
  const ports = { tls: 0, psk: 0 };
  let open: MosquittoBroker;
  let closed: MosquittoBroker;

  beforeAll(async () => {
    const [passwords, keys, rights] = ['passwords', 'keys', 'rights'].map((name) => join(directory, name));
    await programs.run(passwd.path!, ['-c', '-b', passwords!, 'ann', 'secret']);
    writeFileSync(keys!, 'me:0123abcd\n');
    writeFileSync(
      rights!,
      'user ann\ntopic readwrite free/#\ntopic read readable/#\ntopic write writable/#\n',
    );
    chmodSync(directory, 0o755);
    for (const file of [passwords!, keys!, rights!]) chmodSync(file, 0o644);
    [ports.tls, ports.psk] = [await freePort(), await freePort()];
    open = await MosquittoBroker.start(server.path!, [
      `listener ${ports.tls} 127.0.0.1`,
      `cafile ${certificate('ca')}`,
      `certfile ${certificate('server')}`,
      `keyfile ${certificate('server.key')}`,
      'require_certificate true',
      `listener ${ports.psk} 127.0.0.1`,
      'psk_hint h',
      `psk_file ${keys}`,
    ]);
    closed = await MosquittoBroker.start(server.path!, [
      'allow_anonymous false',
      `password_file ${passwords}`,
      `acl_file ${rights}`,
    ]);
  });
  afterAll(async () => {
    await open.close();
    await closed.close();
  });

  test('all is well over TCP, WebSocket, TLS with both certificates, and with a key', async () => {
    const proof = ['--cert', certificate('client'), '--key', certificate('client.key')];
    for (const words of [
      [`mqtt://127.0.0.1:${open.tcpPort}`],
      [`ws://127.0.0.1:${open.webSocketPort}/mqtt`],
      [`mqtts://localhost:${ports.tls}`, '--cafile', certificate('ca'), ...proof],
      [`localhost:${ports.psk}`, '--psk', '0123abcd', '--psk-identity', 'me'],
    ]) {
      const { code, stdout, stderr } = await doctor(...words);
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\n\nAll is well\.\n$/);
    }
  });

  test.each([
    [
      'no certificate of the client',
      () => [`mqtts://localhost:${ports.tls}`, '--cafile', certificate('ca')],
      'The server wants a certificate of the client',
    ],
    [
      'a wrong key',
      () => [`localhost:${ports.psk}`, '--psk', '0123', '--psk-identity', 'me'],
      'The server does not take this identity with this key',
    ],
    [
      'a wrong identity',
      () => [`localhost:${ports.psk}`, '--psk', '0123abcd', '--psk-identity', 'you'],
      'The server does not take this identity with this key',
    ],
    ['no TLS where it is wanted', () => [`mqtt://localhost:${ports.tls}`], 'The server wants TLS there'],
    [
      'TLS where there is none',
      () => [`mqtts://localhost:${open.tcpPort}`],
      'It speaks MQTT without TLS there',
    ],
    [
      'MQTT at the port of WebSocket',
      () => [`localhost:${open.webSocketPort}`],
      'over WebSocket: ws://localhost:',
    ],
  ])('%s', async (_what, words, expected) => {
    const { code, stdout } = await doctor(...words());
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ').toLowerCase()).toContain(expected.toLowerCase());
    expect(stdout).toMatch(/\nIt ends at .*\.\n$/);
  });

  test.each([
    ['nobody', '5', [], 'The server wants a user and a password'],
    ['nobody', '311', [], 'The server wants a user and a password'],
    [
      'a wrong password',
      '5',
      ['-u', 'ann', '-P', 'wrong'],
      'The server knows no such user with this password',
    ],
    [
      'a wrong password',
      '311',
      ['-u', 'ann', '-P', 'wrong'],
      'The server knows no such user with this password',
    ],
    ['the right user elsewhere', '5', ['-u', 'ann', '-P', 'secret'], 'This user may not do that there'],
  ])('%s, in version %s', async (_who, version, words, expected) => {
    const { code, stdout } = await doctor(`127.0.0.1:${closed.tcpPort}`, '-V', version, ...words);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(expected);
  });

  test('rights by topic, in both versions', async () => {
    const at = (topic: string, version: string): Promise<Exit> =>
      doctor(`mqtt://ann:secret@127.0.0.1:${closed.tcpPort}`, '-t', topic, '-V', version);
    for (const version of ['5', '311']) {
      expect((await at('free/x', version)).code).toBe(0);
      const readable = await at('readable/x', version);
      expect(readable.code).toBe(1);
      expect(readable.stdout).toContain('a message of QoS 0 to readable/x does not come back');
      if (version === '5') expect(readable.stdout).toContain('✗ PUBLISH');
    }
  });
});

test('Ctrl+C ends it while it waits for an answer, with 130', async () => {
  const { createServer } = await import('node:net');
  const silent = createServer((socket) => socket.once('data', () => program.signal('SIGINT')));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { readonly port: number };
  const program = programs.start(process.execPath, [MAIN, 'doctor', `127.0.0.1:${port}`], { env });
  expect(await program.exit).toMatchObject({ code: 130, stderr: '' });
  silent.close();
});

test('there are colours on a terminal, and none in a pipe', async () => {
  const served = await ServedBroker.start();
  const { NO_COLOR: _, ...colourful } = env;
  const command = `${process.execPath} ${MAIN} doctor 127.0.0.1:${served.port}`;
  const onTerminal = await programs.run('script', ['-qec', command, '/dev/null'], {
    env: { ...colourful, TERM: 'xterm-256color' },
  });
  expect(onTerminal.stdout).toContain('\u001b[36m✓\u001b[39m TCP');
  expect(onTerminal.stdout).toContain('\u001b[1mAll is well.');
  const inPipe = await programs.run('sh', ['-c', command], { env: colourful });
  expect(inPipe).toMatchObject({ code: 0, stderr: '' });
  expect(inPipe.stdout).not.toContain('\u001b');
  await served.close();
});
