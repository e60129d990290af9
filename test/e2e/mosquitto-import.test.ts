// What Debian's Mosquitto kept, imported by `martlet store import`, and taken by Debian's clients from the broker that runs on it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { buildMartlet, FREE_PORTS, MAIN, urlIn } from './martlet-command.ts';
import { Programs } from './program.ts';

const mosquitto = debianTool('mosquitto');
const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');

describe.skipIf([mosquitto, pub, sub].some(({ path }) => path === undefined))(
  `What Mosquitto kept ${mosquitto.label}`,
  () => {
    const programs = new Programs();
    let directory: string;

    beforeAll(buildMartlet);
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'martlet-import-'));
    });
    afterEach(async () => {
      await programs.stopAll();
      rmSync(directory, { recursive: true, force: true });
    });

    const run = async (path: string, port: number | string, ...args: string[]): Promise<string> => {
      const exit = await programs.run(path, ['-h', '127.0.0.1', '-p', String(port), ...args]);
      expect(exit).toMatchObject({ code: 0, stderr: '' });
      return exit.stdout;
    };

    /** A session that has gone with messages waiting for it, and a retained message. */
    async function keep(): Promise<string> {
      const broker = await MosquittoBroker.start(mosquitto.path!, [
        'persistence true',
        `persistence_location ${directory}/`,
      ]);
      const { tcpPort } = broker;
      await run(sub.path!, tcpPort, '-i', 'keeper', '-c', '-q', '2', '-t', 'in/#', '-E');
      for (const qos of ['1', '2']) {
        await run(pub.path!, tcpPort, '-t', `in/${qos}`, '-m', `at QoS ${qos}`, '-q', qos);
      }
      const properties = ['-V', 'mqttv5', '-D', 'publish', 'user-property', 'from', 'before'];
      await run(pub.path!, tcpPort, '-t', 'kept', '-m', 'retained', '-r', '-q', '1', ...properties);
      await broker.finish();
      return join(directory, 'mosquitto.db');
    }

    test('goes on in Martlet: queued messages at their QoS, retained ones with their properties', async () => {
      const database = await keep();
      const before = readFileSync(database);
      const data = join(directory, 'data');
      const imported = await programs.run(process.execPath, [
        MAIN,
        'store',
        'import',
        '--input',
        database,
        '--data-dir',
        data,
      ]);
      expect(imported).toMatchObject({ code: 0 });
      expect(imported.stdout).toContain('(mosquitto.db, version 6)');
      expect(readFileSync(database)).toEqual(before);

      const broker = programs.start(process.execPath, [MAIN, 'start', ...FREE_PORTS, '--data-dir', data]);
      const { port } = new URL(urlIn(await broker.line(/mqtt:\/\//)));
      const format = ['-F', '%t %q %p'];
      const queued = ['-i', 'keeper', '-c', '-q', '2', '-t', 'in/#', '-C', '2', '-W', '20', ...format];
      expect(await run(sub.path!, port, ...queued)).toBe('in/1 1 at QoS 1\nin/2 2 at QoS 2\n');
      const kept = ['-V', 'mqttv5', '-t', 'kept', '-C', '1', '-W', '20', '-F', '%r %p %P'];
      expect(await run(sub.path!, port, ...kept)).toBe('1 retained from:before\n');
    });

    test('is refused with one line when it is damaged, and leaves no directory', async () => {
      const database = await keep();
      const bytes = readFileSync(database);
      writeFileSync(database, bytes.subarray(0, bytes.length - 3));
      const data = join(directory, 'data');
      const args = [MAIN, 'store', 'import', '--input', database, '--data-dir', data];
      const refused = await programs.run(process.execPath, args);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/^martlet: .* is damaged at byte \d+ .*--salvage\n$/);

      const salvaged = await programs.run(process.execPath, [...args, '--salvage']);
      expect(salvaged.code).toBe(0);
      expect(salvaged.stderr).toMatch(/^martlet: .* is damaged at byte/);
    });
  },
);
