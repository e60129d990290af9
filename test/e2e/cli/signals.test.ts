// Signals that Node.js takes otherwise than other programs: what they do to the built command.

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildMartlet, FREE_PORTS, IN_MEMORY, MAIN } from '../martlet-command.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const programs = new Programs();
let served: ServedBroker | undefined;
let directory: string | undefined;

beforeAll(() => buildMartlet());
afterEach(async () => {
  await programs.stopAll();
  await served?.close();
  served = undefined;
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

/** A subscriber that a shell starts, and that has subscribed. */
async function subscriber(script: string) {
  served = await ServedBroker.start();
  const command = `"${process.execPath}" "${MAIN}" sub -p ${served.port} -t a -d`;
  const shell = programs.start('bash', ['-c', script.replaceAll('COMMAND', command)]);
  await shell.line(/received SUBACK/);
  return { shell, broker: served };
}

describe('SIGUSR1', () => {
  test('ends a command, and opens no inspector', async () => {
    const { shell } = await subscriber('exec COMMAND');
    shell.signal('SIGUSR1');
    const { signal, stderr } = await shell.exit;
    expect(signal).toBe('SIGUSR1');
    expect(stderr).toBe('');
  });

  test('leaves the broker as it is, with a line in its log, and opens no inspector', async () => {
    const broker = programs.start(process.execPath, [MAIN, 'start', ...FREE_PORTS, ...IN_MEMORY]);
    await broker.line(/^Publish/);
    broker.signal('SIGUSR1');
    await broker.line(/notice nothing-to-save: /, 'stderr');
    broker.signal('SIGTERM');
    const { code, stderr } = await broker.exit;
    expect(code).toBe(0);
    expect(stderr).not.toContain('Debugger');
  });
});

describe('SIGTERM', () => {
  test('ends mosquitto_pub without a word', async () => {
    served = await ServedBroker.start();
    directory = mkdtempSync(join(tmpdir(), 'martlet-signals-'));
    const link = join(directory, 'mosquitto_pub');
    symlinkSync(MAIN, link);
    const words = ['-p', String(served.port), '-t', 'a', '-q', '1', '-l', '-d'];
    const program = programs.start(process.execPath, [link, ...words]);
    program.child.stdin!.write('x\n');
    await program.line(/received PUBACK/);
    program.signal('SIGTERM');
    expect(await program.exit).toMatchObject({ code: 143, stderr: '' });
  });
});

describe('SIGHUP', () => {
  test('ends a command', async () => {
    const { shell } = await subscriber('exec COMMAND');
    shell.signal('SIGHUP');
    expect(await shell.exit).toMatchObject({ signal: 'SIGHUP', stderr: '' });
  });

  test.each([
    ['that nohup started', 'nohup COMMAND & pid=$!; read; kill -HUP $pid; read; kill -TERM $pid; wait $pid'],
    [
      'of a script that ignores it',
      'trap "" HUP; COMMAND & pid=$!; read; kill -HUP $pid; read; kill -TERM $pid; wait $pid',
    ],
  ])('is ignored by a command %s', async (_name, script) => {
    const { shell, broker } = await subscriber(script);
    shell.child.stdin!.write('\n');
    // It still is there, and is given what comes.
    const { connect } = await import('@martlet/client');
    const client = connect(`mqtt://127.0.0.1:${broker.port}`);
    await client.publish('a', 'still here', { qos: 1 });
    await shell.line(/^still here$/);
    await client.close();
    shell.child.stdin!.write('\n');
    expect((await shell.exit).code).toBe(143);
  });
});
