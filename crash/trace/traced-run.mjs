/**
 * A broker under strace, and a few clients that have it keep things: the trace that is left, and who took part.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startBroker } from '../broker-process.mjs';
import { Ledger } from '../ledger.mjs';
import { Publisher } from '../publisher.mjs';
import { Random } from '../random.mjs';
import { Subscriber } from '../subscriber.mjs';
import { judge } from './judge.mjs';

/**
 * @typedef {object} TraceOptions
 * @property {string} strace Where it is.
 * @property {'disk' | 'os'} durability
 * @property {string} [mutant]
 * @property {number} messages
 */

const TRACED =
  'openat,close,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,ftruncate,fallocate,' +
  'rename,renameat,renameat2,link,linkat,unlink,unlinkat,sendto,sendmsg';
/** Longer than anything that is written at once. */
const LONGEST_STRING = 4 * 1024 * 1024;
const TICK_MS = 2;
const PATIENCE_MS = 60_000;
const V5 = /** @type {const} */ (5);

/**
 * Publishes so many messages at QoS 1 and 2 in turn, to a session that is away and one that takes them, and judges the
 * trace. Rejects if anything does not come to its end.
 * @param {TraceOptions} options
 */
export async function traceAcknowledgements({ strace, durability, mutant, messages }) {
  const work = mkdtempSync(join(tmpdir(), 'martlet-trace-'));
  const directory = join(work, 'data');
  const file = join(work, 'trace');
  mkdirSync(directory);
  const port = await freePort();
  const under = [strace, '-f', '-yy', '-xx', '-s', `${LONGEST_STRING}`, '-e', `trace=${TRACED}`, '-o', file];
  const target = {
    name: /** @type {const} */ ('martlet'),
    durability,
    ...(mutant === undefined ? {} : { mutant }),
  };
  try {
    const broker = await startBroker(target, directory, port, null, under);
    const play = new Play(port);
    try {
      await play.perform(messages);
    } finally {
      play.stop();
      await broker.leave();
    }
    return await judge(readFileSync(file, 'latin1'), directory, play.cast);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Who takes part, and what they do. */
class Play {
  #ledger = new Ledger();
  #publisher;
  #present;
  #absent;
  /** @type {Map<number, string>} */
  #clients = new Map();
  /** @type {Map<number, string>} */
  #payloads = new Map();

  /** @param {number} port */
  constructor(port) {
    const ledger = this.#ledger;
    const surroundings = { port, ledger, random: new Random(1) };
    const habits = { topicFilter: 'traced/#', qos: /** @type {const} */ (2), leavesOneIn: 0 };
    const readerOf = (/** @type {string} */ name, /** @type {boolean} */ takes) =>
      ledger.reader({ name, kind: 'one', qos: 2, mustGet: () => takes });
    this.#publisher = new Publisher(surroundings, 'publisher', V5);
    this.#present = new Subscriber(surroundings, 'present', V5, {
      ...habits,
      reader: readerOf('present', true),
    });
    this.#absent = new Subscriber(surroundings, 'absent', V5, {
      ...habits,
      reader: readerOf('absent', false),
    });
  }

  get cast() {
    return { clients: this.#clients, publisher: 'publisher', payloads: this.#payloads, absent: 'absent' };
  }

  /** @param {number} messages */
  async perform(messages) {
    const all = [this.#publisher, this.#present, this.#absent];
    for (const client of all) client.open();
    await until(
      () => all.every(({ accepted }) => accepted) && this.#present.subscribed && this.#absent.subscribed,
    );
    for (const { localPort, clientId } of all)
      if (localPort !== undefined) this.#clients.set(localPort, clientId);
    this.#absent.leave(true);
    for (let i = 0; i < messages; i++) {
      await until(() => this.#publisher.ready);
      this.#publishOne(i % 2 === 0 ? 1 : 2);
      this.#present.tick(0, true);
    }
    await until(() => {
      this.#present.tick(0, true);
      return this.#publisher.settled && this.#ledger.complete;
    });
  }

  stop() {
    for (const client of [this.#publisher, this.#present, this.#absent]) client.leave(false);
  }

  /** @param {1 | 2} qos */
  #publishOne(qos) {
    const message = this.#ledger.newMessage(this.#ledger.topic(`traced/${qos}`, qos), 48);
    const packetId = this.#publisher.publish(message);
    this.#payloads.set(packetId, Buffer.from(this.#ledger.payloadOf(message)).toString());
  }
}

/** @param {() => boolean} condition */
async function until(condition) {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error('the traced broker does not get on');
    await delay(TICK_MS);
  }
}
