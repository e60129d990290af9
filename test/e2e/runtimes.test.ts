// The packages' sources, as they are, in other runtimes than the Node.js that runs the tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serverPair } from '../../packages/client/test/transports/certificates.ts';
import { urlOf } from '../mqtt-js.ts';
import { testRuntimes } from '../other-runtimes.ts';
import { Programs } from './program.ts';
import { ServedBroker } from './served-broker.ts';
import { TlsRelay } from './tls-relay.ts';

const script = (name: string): string => fileURLToPath(new URL(`runtimes/${name}`, import.meta.url));
const AUTHORITY = fileURLToPath(
  new URL('../../packages/client/test/transports/certificates/ca.pem', import.meta.url),
);

for (const runtime of testRuntimes()) {
  describe.skipIf(runtime.path === undefined)(`In ${runtime.name} ${runtime.label}`, () => {
    const programs = new Programs();
    const directory = mkdtempSync(join(tmpdir(), 'martlet-runtimes-'));
    const socketPath = join(directory, 'mqtt.sock');
    let served: ServedBroker;
    let encrypted: TlsRelay;

    beforeAll(async () => {
      served = await ServedBroker.start();
      await served.broker.listen({ path: socketPath });
      encrypted = await TlsRelay.start(serverPair(), served.port);
    });
    afterEach(() => programs.stopAll());
    afterAll(async () => {
      await encrypted?.close();
      await served?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    /** Runs a script of ours to its end, which it must find by itself. */
    async function run(name: string, ...args: string[]): Promise<string> {
      const options = { env: { ...process.env, NO_COLOR: '1' } };
      const exit = await programs.run(runtime.path!, [...runtime.arguments, script(name), ...args], options);
      expect(exit.code, `${exit.stdout}${exit.stderr}`).toBe(0);
      return exit.stdout;
    }

    test('the protocol package understands a broker', async () => {
      expect(await run('protocol-hello.ts', String(served.port))).toBe('connack\n');
    });

    test.each([
      ['mqtt', () => urlOf(served.tcp)],
      ['ws', () => urlOf(served.webSocket, 'ws')],
      ['mqtt+unix', () => `mqtt+unix://${socketPath}`],
      ['mqtts', () => `mqtts://127.0.0.1:${encrypted.port}`],
    ] as const)(
      'the client sends and receives over %s, keeps its session in a file, and ends',
      async (scheme, url) => {
        const said = await run('client-round-trip.ts', directory, AUTHORITY, url());
        expect(said).toBe(`${scheme}: at QoS 0, at QoS 1, at QoS 2; closed\n`);
      },
    );
  });
}
