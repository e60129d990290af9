/**
 * One run: a broker under load that dies again and again, and what is left of what it had acknowledged.
 *
 * What is drawn from the seed is the same in every run: when and where the broker dies, what is published, who goes away.
 * What the operating system does with the time of several processes is not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startBroker } from './broker-process.mjs';
import { Ledger } from './ledger.mjs';
import { Load } from './load.mjs';
import { Random } from './random.mjs';

/** @typedef {import('./broker-process.mjs').Target} Target */
/** @typedef {import('./broker-process.mjs').Death} Death */
/** @typedef {import('./points.mjs').Point} Point */

/**
 * @typedef {object} RunOptions
 * @property {Target} target
 * @property {number} kills At random moments.
 * @property {readonly Point[]} points Each is died at once, besides.
 * @property {number} seed
 * @property {number} rate Messages published in a second.
 * @property {readonly [low: number, high: number]} lifeMs How long the broker lives under load before a random kill.
 * @property {number} patienceMs How long nothing may come before what is missing is lost.
 * @property {(done: number, text: string) => void} [onStep]
 */
/**
 * @typedef {object} RunResult
 * @property {number} kills Times that the broker died.
 * @property {Record<string, number>} points How often it died at each.
 * @property {readonly string[]} pointsNotReached
 * @property {number} sent
 * @property {number} acknowledged
 * @property {number} arrived
 * @property {number} retainedChecked
 * @property {import('./ledger.mjs').FaultCounts} faults
 * @property {readonly string[]} samples Some of what went wrong, in words.
 * @property {Record<string, number>} notes What the broker said besides.
 * @property {number} seconds
 */

/** Under load for so long, a broker comes by every point. */
const POINT_PATIENCE_MS = 15_000;
/** Before anything happens to the broker; a run without kills is this long. */
const MESSAGES_BEFORE_ALL = 300;

/**
 * @param {RunOptions} options
 * @returns {Promise<RunResult>}
 */
export async function run(options) {
  const startMs = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'martlet-crash-'));
  const ledger = new Ledger();
  const port = await freePort();
  const random = new Random(options.seed);
  const load = new Load({ port, ledger, random: new Random(options.seed + 1) }, options);
  const course = new Course(options, { directory, port, load, random });
  try {
    await course.follow();
    ledger.close();
  } finally {
    load.stop();
    await course.endBroker();
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    kills: course.kills,
    points: course.reached,
    pointsNotReached: course.notReached,
    sent: ledger.sent,
    acknowledged: ledger.acknowledgedCount,
    arrived: ledger.arrivedCount,
    retainedChecked: ledger.retainedChecked,
    faults: ledger.faults,
    samples: ledger.samples,
    notes: ledger.notes,
    seconds: (performance.now() - startMs) / 1000,
  };
}

/** True if nothing was lost, doubled or disordered, and every point was reached. @param {RunResult} result */
export function isSound({ faults, pointsNotReached }) {
  return pointsNotReached.length === 0 && Object.values(faults).every((count) => count === 0);
}

/** The life of the broker: which of its processes runs, and how each ends. */
class Course {
  kills = 0;
  /** @type {Record<string, number>} */
  reached = {};
  /** @type {string[]} */
  notReached = [];
  #options;
  #place;
  /** @type {import('./broker-process.mjs').BrokerProcess | null} */
  #broker = null;

  /**
   * @param {RunOptions} options
   * @param {{ directory: string, port: number, load: Load, random: Random }} place
   */
  constructor(options, place) {
    this.#options = options;
    this.#place = place;
  }

  async follow() {
    const { load, random } = this.#place;
    const { kills, points, lifeMs } = this.#options;
    await this.#start(null);
    await this.#alive(load.begin());
    await this.#alive(load.acknowledge(MESSAGES_BEFORE_ALL));
    for (let i = 0; i < kills; i++) {
      this.#tell(`kill ${i + 1} at a random moment`);
      const lastedMs = random.between(...lifeMs);
      const looking = load.onRestart();
      await delay(lastedMs);
      await this.#kill();
      await looking;
      await this.#start(null);
    }
    if (points.length > 0) {
      await this.#kill();
      for (const point of points) await this.#startToDieAt(point);
      await this.#start(null);
    }
    this.#tell('everybody takes what is left');
    await this.#alive(load.end());
  }

  async endBroker() {
    await this.#broker?.kill();
  }

  /** @param {string} text */
  #tell(text) {
    this.#options.onStep?.(this.kills, text);
  }

  /** @param {Death | null} death */
  async #start(death) {
    const { directory, port } = this.#place;
    const broker = await startBroker(this.#options.target, directory, port, death);
    this.#broker = broker;
    return broker;
  }

  /**
   * Waits for something that needs the broker; rejects if it ends by itself meanwhile.
   * @param {Promise<void>} phase
   */
  #alive(phase) {
    const broker = this.#broker;
    const end = broker?.ended.then(({ code, signal }) => {
      throw new Error(`the broker ended by itself (${signal ?? code}); it wrote:\n${broker.said()}`);
    });
    return Promise.race([phase, end]);
  }

  async #kill() {
    await this.#broker?.kill();
    this.kills++;
  }

  /**
   * Starts a broker that will die at the point, by itself.
   * @param {Point} point
   */
  async #startToDieAt(point) {
    const { load, random } = this.#place;
    this.#tell(`death at the point "${point.name}"`);
    const occurrence = random.between(...point.occurrences);
    const broker = await this.#start({ name: point.name, occurrence, fraction: random.below(1000) / 1000 });
    const looking = load.onRestart();
    const patience = new AbortController();
    const outlived = delay(POINT_PATIENCE_MS, undefined, { signal: patience.signal });
    await Promise.race([broker.ended, outlived]);
    patience.abort();
    outlived.catch(() => {});
    if (broker.running) {
      this.notReached.push(point.name);
      await broker.kill();
    } else {
      checkSignal(await broker.ended, broker);
      this.reached[point.name] = (this.reached[point.name] ?? 0) + 1;
    }
    this.kills++;
    await looking;
  }
}

/**
 * A broker that is to die at a point may not end otherwise.
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} end
 * @param {import('./broker-process.mjs').BrokerProcess} broker
 */
function checkSignal({ code, signal }, broker) {
  if (signal !== 'SIGKILL')
    throw new Error(`the broker ended with code ${code}; it wrote:\n${broker.said()}`);
}
