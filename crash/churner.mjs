/**
 * A subscriber whose subscriptions come and go, one topic each: those with even numbers stay, the others end soon. What
 * SUBACK and UNSUBACK have told must hold whatever happens to the broker.
 */
import { Subscriber } from './subscriber.mjs';

/** @typedef {import('./ledger.mjs').Message} Message */

const TOPICS = 60;

export class Churner extends Subscriber {
  /** What each number's filter is: asked for, told by SUBACK, asked to end, told by UNSUBACK. */
  #states = /** @type {('new' | 'subscribing' | 'subscribed' | 'ending' | 'ended')[]} */ (
    Array(TOPICS).fill('new')
  );
  /** @type {Map<number, number>} Packet identifier to number. */
  #asked = new Map();
  #next = 0;
  /** Messages sent while their subscription was confirmed, and after it had ended. */
  #must = new WeakSet();
  #mustNot = new WeakSet();

  /** @param {import('./durable-client.mjs').Surroundings} surroundings */
  constructor(surroundings) {
    const reader = surroundings.ledger.reader({
      name: 'churner',
      kind: 'one',
      qos: 2,
      mustGet: (message) => this.#must.has(message),
      mayGet: (message) => !this.#mustNot.has(message),
    });
    super(surroundings, 'churner', 5, { reader, qos: 2, leavesOneIn: 40 });
  }

  /** A topic that is being subscribed, or was lately; undefined at first. */
  get topicName() {
    if (this.#next === 0) return undefined;
    return `churn/${Math.max(0, this.#next - 1 - this.random.below(5))}`;
  }

  /**
   * To be told of each message for one of its topics before it is sent.
   * @param {Message} message
   */
  onSending(message) {
    const state = this.#states[Number(message.topic.name.slice('churn/'.length))];
    // A subscription that will end promises nothing of what it has not begun to deliver.
    if (state === 'subscribed' && this.#isLasting(message)) this.#must.add(message);
    if (state === 'ended') this.#mustNot.add(message);
  }

  /** @override @param {number} nowMs @param {boolean} calm */
  tick(nowMs, calm) {
    super.tick(nowMs, calm);
    if (calm || !this.accepted || this.#asked.size > 0 || !this.random.oneIn(10)) return;
    if (this.random.oneIn(2) && this.#next < TOPICS) this.#ask(this.#next++, 'subscribing');
    else {
      const ending = this.#states.findIndex((state, number) => number % 2 === 1 && state === 'subscribed');
      if (ending >= 0) this.#ask(ending, 'ending');
    }
  }

  /** @override @param {boolean} sessionLost */
  onAccepted(sessionLost) {
    super.onAccepted(sessionLost);
    this.#asked.clear();
    this.#states.forEach((state, number) => {
      const again = sessionLost
        ? state !== 'new' && state !== 'ended' && state !== 'ending'
        : state === 'subscribing';
      if (again) this.#ask(number, 'subscribing');
      else if (state === 'ending') this.#ask(number, 'ending');
    });
  }

  /** @override @param {import('./wire.mjs').Packet} packet */
  onPacket(packet) {
    if (packet.type === 'suback' || packet.type === 'unsuback') {
      const number = this.#asked.get(packet.packetId);
      if (number === undefined) return;
      this.#asked.delete(packet.packetId);
      this.#states[number] = packet.type === 'suback' ? 'subscribed' : 'ended';
      return;
    }
    super.onPacket(packet);
  }

  /** @param {Message} message */
  #isLasting({ topic }) {
    return Number(topic.name.slice('churn/'.length)) % 2 === 0;
  }

  /** @param {number} number @param {'subscribing' | 'ending'} state */
  #ask(number, state) {
    const packetId = this.nextPacketId();
    const topicFilter = `churn/${number}`;
    this.#states[number] = state;
    this.#asked.set(packetId, number);
    if (state === 'subscribing') {
      const subscription = { topicFilter, qos: this.qos, noLocal: false, retainAsPublished: false };
      const subscriptions = [{ ...subscription, retainHandling: /** @type {const} */ (2) }];
      this.send({ type: 'subscribe', packetId, subscriptions, properties: {} });
    } else {
      this.send({ type: 'unsubscribe', packetId, topicFilters: [topicFilter], properties: {} });
    }
  }
}
