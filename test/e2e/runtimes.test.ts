// The packages' sources, as they are, in other runtimes than the Node.js that runs the tests.

import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testRuntimes } from '../other-runtimes.ts';
import { Programs } from './program.ts';
import { ServedBroker } from './served-broker.ts';

const script = (name: string): string => fileURLToPath(new URL(`runtimes/${name}`, import.meta.url));

for (const runtime of testRuntimes()) {
  describe.skipIf(runtime.path === undefined)(`In ${runtime.name} ${runtime.label}`, () => {
    const programs = new Programs();
    let served: ServedBroker;

    beforeAll(async () => {
      served = await ServedBroker.start();
    });
    afterEach(() => programs.stopAll());
    afterAll(() => served?.close());

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
  });
}
