/**
 * Clients with wills that are connected when the broker dies. Half of them never come back: their wills must be
 * published. The other half comes back within the Will Delay Interval: theirs must not.
 */
import { DurableClient } from './durable-client.mjs';
import { Subscriber } from './subscriber.mjs';

/** @typedef {import('./durable-client.mjs').Surroundings} Surroundings */
/** @typedef {import('./ledger.mjs').Message} Message */

/** Longer than any run. */
const LONG_DELAY_S = 86_400;

class WillOwner extends DurableClient {
  #wasLost = false;
  #message;
  #returns;

  /** @param {Surroundings} surroundings @param {Message} message @param {boolean} returns */
  constructor(surroundings, message, returns) {
    const { topic } = message;
    super(surroundings, `owner-${topic.name}`, 5, {
      topicName: topic.name,
      payload: surroundings.ledger.payloadOf(message),
      qos: topic.qos,
      retain: false,
      properties: returns ? { willDelayInterval: LONG_DELAY_S } : {},
    });
    this.#message = message;
    this.#returns = returns;
    message.sends = 1;
  }

  /** @override */
  onAccepted() {
    if (this.#wasLost) this.leave(true);
  }

  /** @override @param {boolean} wasAccepted */
  onLost(wasAccepted) {
    if (!wasAccepted) return;
    this.#wasLost = true;
    if (this.#returns) return;
    // CONNACK told that the will is kept: it is as good as an acknowledged message.
    this.ledger.acknowledged(this.#message);
    this.leave(false);
  }
}

export class WillOwners {
  #surroundings;
  #count = 0;
  /** @type {WillOwner[]} */
  #owners = [];
  /** @type {WeakSet<Message>} */
  #mustNotCome = new WeakSet();

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#surroundings = surroundings;
    const reader = surroundings.ledger.reader({
      name: 'will-reader',
      kind: 'wills',
      qos: 1,
      mustGet: ({ topic }) => topic.name.startsWith('wills/'),
      mayGet: (message) => !this.#mustNotCome.has(message),
    });
    const habits = { reader, topicFilter: 'wills/#', qos: /** @type {const} */ (1), leavesOneIn: 0 };
    this.subscriber = new Subscriber(surroundings, 'will-reader', 5, habits);
  }

  /** Two more connect: one that will come back when the broker has died, and one that will not. */
  connect() {
    for (const returns of [true, false]) {
      const { ledger } = this.#surroundings;
      const message = ledger.newMessage(ledger.topic(`wills/${this.#count++}`, 1), 40);
      if (returns) this.#mustNotCome.add(message);
      const owner = new WillOwner(this.#surroundings, message, returns);
      this.#owners.push(owner);
      owner.open();
    }
  }

  stop() {
    for (const owner of this.#owners) owner.leave(false);
  }
}
