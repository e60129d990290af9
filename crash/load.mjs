/**
 * The load: publishers, subscribers that come and go, a shared group, retained messages, wills and subscriptions that
 * change, all on one ledger. It is paced, so that the rig kills a broker at work and not one that is out of breath.
 */
import { Churner } from './churner.mjs';
import { Publisher } from './publisher.mjs';
import { readRetained } from './retained-reader.mjs';
import { Subscriber } from './subscriber.mjs';
import { WillOwners } from './will-owners.mjs';

/** @typedef {import('./durable-client.mjs').Surroundings} Surroundings */
/** @typedef {import('./ledger.mjs').Topic} Topic */

const TICK_MS = 5;
/** A broker that lets nobody get on for so long never will. */
const STANDSTILL_MS = 60_000;
const RETAINED_TOPICS = 12;
/** Of everything that is published, by topic. */
const PUBLISHERS = 4;
const V311 = /** @type {const} */ (4);
const V5 = /** @type {const} */ (5);

export class Load {
  #surroundings;
  /** @type {Publisher[]} */
  #publishers = [];
  /** @type {Subscriber[]} */
  #subscribers = [];
  /** @type {Topic[]} */
  #retainedTopics = [];
  #churner;
  #wills;
  #rate;
  #patienceMs;
  #owed = 0;
  #calm = true;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /**
   * @param {Surroundings} surroundings
   * @param {{ rate: number, patienceMs: number }} options messages a second, of all publishers together; and how long
   *   nothing may come before what is missing is lost
   */
  constructor(surroundings, { rate, patienceMs }) {
    this.#surroundings = surroundings;
    this.#rate = rate;
    this.#patienceMs = patienceMs;
    const { ledger } = surroundings;
    for (let i = 0; i < PUBLISHERS; i++) {
      this.#publishers.push(new Publisher(surroundings, `publisher-${i}`, i % 2 === 0 ? V5 : V311));
    }
    for (let i = 0; i < RETAINED_TOPICS; i++) {
      this.#retainedTopics.push(ledger.topic(`retained/${i}`, i % 2 === 0 ? 1 : 2, true));
    }
    /** @type {[string, typeof V5 | typeof V311, string, 1 | 2, (topic: Topic) => boolean, number][]} */
    const subscriptions = [
      ['all-2', V5, 'load/#', 2, () => true, 60],
      ['all-1', V311, 'load/#', 1, () => true, 50],
      ['exact', V311, 'load/+/exactly', 2, ({ qos }) => qos === 2, 40],
      ['away', V5, 'load/+/least', 1, ({ qos }) => qos === 1, 15],
      ['steady', V5, 'load/#', 2, () => true, 0],
    ];
    for (const [name, version, topicFilter, qos, wants, leavesOneIn] of subscriptions) {
      const mustGet = (/** @type {{ topic: Topic }} */ { topic }) =>
        topic.name.startsWith('load/') && wants(topic);
      const reader = ledger.reader({ name, kind: 'one', qos, mustGet });
      this.#subscribers.push(
        new Subscriber(surroundings, name, version, { reader, topicFilter, qos, leavesOneIn }),
      );
    }
    const group = ledger.reader({
      name: 'workers',
      kind: 'group',
      qos: 2,
      mustGet: ({ topic }) => topic.name.startsWith('jobs/'),
    });
    for (let i = 0; i < 3; i++) {
      const habits = {
        reader: group,
        topicFilter: '$share/workers/jobs/#',
        qos: /** @type {const} */ (2),
        leavesOneIn: 30,
      };
      this.#subscribers.push(new Subscriber(surroundings, `worker-${i}`, i === 1 ? V311 : V5, habits));
    }
    this.#churner = new Churner(surroundings);
    this.#wills = new WillOwners(surroundings);
    this.#subscribers.push(this.#churner, this.#wills.subscriber);
  }

  /** Connects and subscribes; fulfils when every SUBACK has come. */
  async begin() {
    for (const client of [...this.#publishers, ...this.#subscribers]) client.open();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    await this.#until(() => this.#publishers.every(({ accepted }) => accepted) && this.#allSubscribed);
    this.#calm = false;
  }

  /** The broker is up again: whoever has a will connects, and what is retained is looked at. */
  async onRestart() {
    this.#wills.connect();
    await this.#readRetained();
  }

  /**
   * Fulfils when so many more messages have been acknowledged.
   * @param {number} count
   */
  async acknowledge(count) {
    const { ledger } = this.#surroundings;
    const goal = ledger.acknowledgedCount + count;
    await this.#until(() => ledger.acknowledgedCount >= goal);
  }

  /** Publishes nothing more; fulfils when everything has arrived, or nothing has come for a while. */
  async end() {
    const { ledger } = this.#surroundings;
    this.#calm = true;
    const startMs = performance.now();
    const quiet = () => performance.now() - Math.max(startMs, ledger.lastArrivalMs) > this.#patienceMs;
    const settled = () => this.#publishers.every((publisher) => publisher.settled);
    await this.#until(() => (settled() && ledger.complete) || quiet());
    if (!settled()) ledger.note('publishers that got no answer to the end');
    await this.#readRetained();
  }

  stop() {
    clearInterval(this.#ticking);
    this.#wills.stop();
    for (const client of [...this.#publishers, ...this.#subscribers]) client.leave(false);
  }

  get #allSubscribed() {
    return this.#subscribers.every((subscriber) => subscriber.accepted && subscriber.subscribed);
  }

  #readRetained() {
    const { port, ledger } = this.#surroundings;
    return readRetained(port, ledger, this.#retainedTopics, this.#patienceMs);
  }

  #tick() {
    const nowMs = performance.now();
    for (const subscriber of this.#subscribers) subscriber.tick(nowMs, this.#calm);
    if (this.#calm) return;
    this.#owed = Math.min(this.#owed + (this.#rate * TICK_MS) / 1000, PUBLISHERS * 8);
    for (; this.#owed >= 1; this.#owed--) this.#publishOne();
  }

  #publishOne() {
    const { random, ledger } = this.#surroundings;
    const i = random.below(PUBLISHERS);
    const publisher = this.#publishers[i];
    // Draws as many numbers whether it publishes or not: what one client suffers changes nothing for the others.
    const choice = random.below(10);
    const retainedAt = random.below(RETAINED_TOPICS / PUBLISHERS) * PUBLISHERS + i;
    const bytes = random.oneIn(40) ? random.between(5_000, 40_000) : random.between(16, 400);
    const ends = random.oneIn(5);
    if (publisher === undefined || !publisher.ready) return;
    const retained = this.#retainedTopics[retainedAt];
    const churned = this.#churner.topicName;
    if (choice === 0 && retained !== undefined) {
      publisher.publish(ledger.newMessage(retained, ends ? 0 : bytes));
    } else if (choice === 1 && churned !== undefined) {
      // One publisher per topic keeps its order.
      const owner = this.#publishers[Number(churned.slice('churn/'.length)) % PUBLISHERS];
      if (!owner?.ready) return;
      const message = ledger.newMessage(ledger.topic(churned, 1), bytes);
      this.#churner.onSending(message);
      owner.publish(message);
    } else if (choice < 5) {
      publisher.publish(ledger.newMessage(ledger.topic(`load/${i}/least`, 1), bytes));
    } else if (choice < 8) {
      publisher.publish(ledger.newMessage(ledger.topic(`load/${i}/exactly`, 2), bytes));
    } else {
      const qos = choice === 8 ? 1 : 2;
      publisher.publish(ledger.newMessage(ledger.topic(`jobs/${i}/${qos}`, qos), bytes));
    }
  }

  /**
   * Rejects when it takes too long.
   * @param {() => boolean} condition looked at once a tick
   * @returns {Promise<void>}
   */
  #until(condition) {
    const startMs = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        const isMet = condition();
        if (!isMet && performance.now() - startMs < STANDSTILL_MS) return;
        clearInterval(timer);
        if (isMet) resolve();
        else reject(new Error(`nothing goes on any more; the broker said: ${JSON.stringify(this.#notes)}`));
      }, TICK_MS);
    });
  }

  get #notes() {
    return this.#surroundings.ledger.notes;
  }
}
