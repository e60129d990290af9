/** A broker in a process of its own that is killed and started again on the same directory and port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Target
 * @property {'martlet' | 'mosquitto'} name
 * @property {'disk' | 'os' | 'memory'} durability Martlet's.
 * @property {string} [mutant] Martlet, broken on purpose.
 * @property {number} [autosaveSeconds] Mosquitto's; its own default, 30 minutes, unless given.
 * @property {string} [mosquitto] Where it is.
 */
/**
 * Where a broker is to kill itself: at the n-th time that it comes by a point.
 * @typedef {{ name: string, occurrence: number, fraction: number }} Death
 */

const BROKER_MAIN = fileURLToPath(new URL('broker-main.mjs', import.meta.url));
const START_PATIENCE_MS = 20_000;
const PROBE_MS = 5;

export class BrokerProcess {
  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {() => string} said what it wrote to its error output
   */
  constructor(child, said) {
    this.child = child;
    this.said = said;
    /** @type {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} */
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Fulfils when the process is gone. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Lets Martlet end by itself, as it does when whoever started it has gone. */
  async leave() {
    this.child.stdin?.end();
    await this.ended;
  }
}

/**
 * Starts a broker and waits until it listens, or has died before.
 * @param {Target} target
 * @param {string} directory
 * @param {number} port
 * @param {Death | null} death
 * @param {readonly string[]} [under] A command that runs it, such as strace with its arguments.
 * @returns {Promise<BrokerProcess>}
 */
export async function startBroker(target, directory, port, death, under = []) {
  const [command = '', ...args] = [...under, ...commandOf(target, directory, port, death)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-10_000);
    });
  }
  const broker = new BrokerProcess(child, () => said);
  const startMs = performance.now();
  while (broker.running && !(await answers(port))) {
    if (performance.now() - startMs > START_PATIENCE_MS) {
      await broker.kill();
      throw new Error(`the broker did not listen within ${START_PATIENCE_MS / 1000} s; it wrote:\n${said}`);
    }
    await delay(PROBE_MS);
  }
  if (!broker.running && (await broker.ended).signal !== 'SIGKILL') {
    throw new Error(`the broker ended (${JSON.stringify(await broker.ended)}); it wrote:\n${said}`);
  }
  return broker;
}

/** A port that nobody listens on at the moment. @returns {Promise<number>} */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  return address.port;
}

/**
 * @param {Target} target
 * @param {string} directory
 * @param {number} port
 * @param {Death | null} death
 * @returns {string[]}
 */
function commandOf(target, directory, port, death) {
  if (target.name === 'martlet') {
    const { durability, mutant } = target;
    const description = JSON.stringify({ directory, port, durability, mutant, death });
    return [process.execPath, BROKER_MAIN, description];
  }
  const file = join(directory, 'mosquitto.conf');
  writeFileSync(file, mosquittoConfiguration(target, directory, port));
  return [target.mosquitto ?? 'mosquitto', '-c', file];
}

/**
 * Debian's Mosquitto with persistence on. Its queue limit is lifted, so that nothing is dropped for lack of room.
 * @param {Target} target
 * @param {string} directory
 * @param {number} port
 */
function mosquittoConfiguration({ autosaveSeconds }, directory, port) {
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence true',
    `persistence_location ${directory}/`,
    'max_queued_messages 0',
    'log_type error',
    ...(autosaveSeconds === undefined ? [] : [`autosave_interval ${autosaveSeconds}`]),
    // Started by root, it would change to a user who may not write here.
    ...(userInfo().uid === 0 ? ['user root'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
