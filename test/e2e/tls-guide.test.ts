// docs/guides/tls.md as its readers would follow it: the commands are typed, the configurations served, the program run.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration } from '@martlet/broker/config';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../crash/broker-process.mjs';
import { ServedTest } from '../../packages/broker/test/server/served.ts';
import { debianTool } from '../debian-tools.ts';
import { ROOT } from './martlet-command.ts';
import { Programs } from './program.ts';

const GUIDE = readFileSync(join(ROOT, 'docs/guides/tls.md'), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text!);

const pub = debianTool('mosquitto_pub');
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl || pub.path === undefined)(`The guide of TLS ${pub.label}`, () => {
  const programs = new Programs();
  const directory = mkdtempSync(join(tmpdir(), 'martlet-tls-guide-'));
  const ports = new Map<string, string>();
  const [certificates, ...commands] = blocks('sh');
  let served: ServedTest;

  beforeAll(async () => {
    for (const [port] of GUIDE.matchAll(/\b188\d\b|\b8883\b|\b8884\b|\b8084\b/g))
      if (!ports.has(port)) ports.set(port, String(await freePort()));
    expect(await type(certificates!)).toMatchObject({ code: 0 });
    served = new ServedTest();
  });
  afterEach(() => programs.stopAll());
  afterAll(async () => {
    await served?.end();
    rmSync(directory, { recursive: true });
  });

  /** Ports that others may use are not for a test. */
  const onFreePorts = (text: string): string =>
    text.replaceAll(/\b\d{4}\b/g, (port) => ports.get(port) ?? port);
  const type = (text: string) => programs.run('bash', ['-e', '-c', onFreePorts(text)], { cwd: directory });

  /** Serves the configuration of the guide that has this in it. */
  async function serve(mark: string): Promise<{ close(): Promise<unknown> }> {
    const yaml = blocks('yaml').find((block) => block.includes(mark))!;
    const rest = 'store: { directory: false }\ncontrol: { socket: none }\nlog: { timestamps: none }\n';
    const server = await served.start(
      parseConfiguration(onFreePorts(yaml) + rest, join(directory, 'martlet.yaml')),
    );
    return { close: () => server.close('the test ends') };
  }

  test('leads to a broker with a certificate that clients accept', async () => {
    const server = await serve('the same file');
    expect(await type(commands.find((text) => text.includes('mosquitto_sub'))!)).toMatchObject({
      code: 0,
      stdout: 'world\n',
      stderr: '',
    });
    await server.close();
  });

  test('leads to clients with certificates', async () => {
    const server = await serve('clientCertificates: require');
    const command = commands.find((text) => text.includes('--cert client.pem'))!;
    expect(await type(command)).toMatchObject({ code: 0, stderr: '' });
    expect((await type(command.replace('--cert client.pem --key client.key', ''))).code).not.toBe(0);
    await server.close();
  });

  test('leads to clients with shared keys', async () => {
    const [makeKey, publish] = commands
      .find((text) => text.includes('keys.psk'))!
      .split(/(?<=keys\.psk\n)/) as [string, string];
    expect(await type(makeKey)).toMatchObject({ code: 0 });
    const server = await serve('usernameFrom: psk');
    expect(await type(publish)).toMatchObject({ code: 0, stderr: '' });
    await server.close();
  });

  test('leads to listeners behind proxies, with WebSocket, and in all the places it names', async () => {
    for (const mark of ['proxyProtocol: v2', 'protocol: websocket', 'interface: lo']) {
      const server = await serve(mark);
      if (mark.startsWith('interface'))
        expect(statSync(join(directory, 'mqtt.sock')).mode & 0o777).toBe(0o660);
      await server.close();
    }
  });

  test('leads to a program that listens with TLS', async () => {
    const program = `
      import { createBroker } from '@martlet/broker';
      const broker = createBroker();
      ${blocks('js')[0]!
        .replace('8883', '0')
        .replaceAll(/'([\w.]+\.(?:pem|key))'/g, (_, file) => `'${join(directory, file)}'`)}
      await broker.close();`;
    const run = await programs.run(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: ROOT,
    });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^tls:\d+ \{/);
  });
});
