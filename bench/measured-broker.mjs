/** Starts the brokers that are measured, each as a process of its own, on free ports of the loopback interface. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const OPENING_MS = 10_000;

/**
 * A broker that runs somewhere already.
 * @typedef {{ name: string, host: string, port: number, webSocketPort: number | null, pid: number, stop(): Promise<void> }} MeasuredBroker
 * That of this project also has `loadMs`, what opening its store and making the broker took, and `cpuMs`, the CPU time of its process until it listened.
 */

/**
 * This project's broker.
 * @param {{ authorizer?: boolean, webSocket?: boolean, directory?: string, options?: object, nodeOptions?: string[] }} description
 * With a directory it keeps what must survive there.
 * @returns {Promise<MeasuredBroker>}
 */
export async function startMartlet({ nodeOptions = [], ...description } = {}) {
  const main = fileURLToPath(new URL('broker.mjs', import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions, main, JSON.stringify(description)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the broker ended with code ${code} before it listened; has it been built?`);
    }),
  ]);
  return { name: 'martlet', host: '127.0.0.1', ...JSON.parse(line), pid: child.pid, stop: () => stop(child) };
}

/**
 * Mosquitto with no limit on its queues. It keeps nothing unless it has a directory: then it saves there when it ends, and
 * every 30 minutes.
 * @param {string} program
 * @param {{ keptIn?: string }} where
 * @returns {Promise<MeasuredBroker>}
 */
export async function startMosquitto(program, { keptIn } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-bench-'));
  const [port, webSocketPort] = await freePorts(2);
  const configuration = join(directory, 'mosquitto.conf');
  writeFileSync(
    configuration,
    `per_listener_settings false
allow_anonymous true
max_queued_messages 0
max_inflight_messages 1000
listener ${port} 127.0.0.1
listener ${webSocketPort} 127.0.0.1
protocol websockets
${keptIn === undefined ? '' : `persistence true\npersistence_location ${keptIn}/\n${asThisUser()}`}`,
  );
  const child = spawn(program, ['-c', configuration], { stdio: 'ignore' });
  const host = '127.0.0.1';
  for (const each of [port, webSocketPort]) await whenListening(host, each, child);
  return {
    name: 'mosquitto',
    host,
    port,
    webSocketPort,
    pid: child.pid,
    stop: async () => {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Root's Mosquitto becomes another user, who may not write where root measures. */
function asThisUser() {
  return process.getuid() === 0 ? 'user root\n' : '';
}

/** Mosquitto where Debian puts it, or null. */
export function findMosquitto() {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return (
    directories.map((directory) => join(directory, 'mosquitto')).find((path) => existsSync(path)) ?? null
  );
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(patience);
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function whenListening(host, port, child) {
  for (const end = Date.now() + OPENING_MS; ; ) {
    const socket = createConnection({ host, port });
    const opened = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`);
    if (Date.now() > end) throw new Error(`${child.spawnfile} does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
