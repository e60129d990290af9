/**
 * A client that receives at QoS 1 and 2 with a session that is kept: it answers late and in order, goes away and comes
 * back, and remembers which QoS 2 packet identifiers it has already taken.
 */
import { DurableClient } from './durable-client.mjs';

/** @typedef {import('./wire.mjs').Packet} Packet */
/** @typedef {import('./ledger.mjs').Reader} Reader */

/** Answers at most this many packets in one tick, so that some are always unanswered. */
const ANSWERS_PER_TICK = 6;
const LONGEST_ABSENCE_MS = 300;

export class Subscriber extends DurableClient {
  /** @type {Set<number>} */
  #received = new Set();
  /** @type {Packet[]} */
  #answers = [];
  /** Filters that SUBACK has confirmed, or that wait for it. @type {Map<string, { packetId: number, confirmed: boolean }>} */
  #filters = new Map();
  #lastPacketId = 0;
  /** Monotonic ms; when it comes back. */
  #backAtMs = 0;

  /**
   * @param {import('./durable-client.mjs').Surroundings} surroundings
   * @param {string} clientId
   * @param {import('@martlet/protocol').ProtocolVersion} version
   * @param {{ reader: Reader, topicFilter?: string, qos: 1 | 2, leavesOneIn: number }} habits
   *   `leavesOneIn`: how seldom it goes away, in ticks
   */
  constructor(surroundings, clientId, version, { reader, topicFilter, qos, leavesOneIn }) {
    super(surroundings, clientId, version);
    this.reader = reader;
    this.qos = qos;
    this.leavesOneIn = leavesOneIn;
    if (topicFilter !== undefined) this.subscribe(topicFilter);
  }

  /** Every SUBACK has come. */
  get subscribed() {
    return [...this.#filters.values()].every(({ confirmed }) => confirmed);
  }

  /** @param {string} topicFilter */
  subscribe(topicFilter) {
    const packetId = this.#nextPacketId();
    this.#filters.set(topicFilter, { packetId, confirmed: false });
    this.#sendSubscribe(topicFilter, packetId);
  }

  /**
   * One of the rig's ticks: answers some, and may go away or come back.
   * @param {number} nowMs
   * @param {boolean} calm stays, and answers everything
   */
  tick(nowMs, calm) {
    if (!this.accepted) {
      if (calm || nowMs >= this.#backAtMs) this.open();
      return;
    }
    const count = calm ? this.#answers.length : this.random.below(ANSWERS_PER_TICK + 1);
    for (const answer of this.#answers.splice(0, count)) this.send(answer);
    if (calm || this.leavesOneIn === 0 || !this.random.oneIn(this.leavesOneIn)) return;
    this.#backAtMs = nowMs + this.random.below(LONGEST_ABSENCE_MS);
    this.leave(this.random.oneIn(2));
  }

  /** @override @param {boolean} sessionLost */
  onAccepted(sessionLost) {
    this.ledger.connected(this.reader);
    this.#answers = [];
    if (sessionLost) this.#received.clear();
    for (const [topicFilter, filter] of this.#filters) {
      if (sessionLost) filter.confirmed = false;
      if (!filter.confirmed) this.#sendSubscribe(topicFilter, filter.packetId);
    }
  }

  /** @override */
  onLost() {
    this.#answers = [];
  }

  /** @override @param {Packet} packet */
  onPacket(packet) {
    switch (packet.type) {
      case 'publish':
        this.#onPublish(packet);
        return;
      case 'pubrel':
        this.#received.delete(packet.packetId);
        this.#answers.push({ type: 'pubcomp', packetId: packet.packetId, reasonCode: 0, properties: {} });
        return;
      case 'suback':
        for (const filter of this.#filters.values())
          if (filter.packetId === packet.packetId) filter.confirmed = true;
        return;
    }
  }

  /** @param {import('@martlet/protocol').PublishPacket} packet */
  #onPublish({ topicName, payload, qos, packetId }) {
    if (qos === 1) this.#answers.push({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    if (qos === 2) {
      this.#answers.push({ type: 'pubrec', packetId, reasonCode: 0, properties: {} });
      if (this.#received.has(packetId)) return;
      this.#received.add(packetId);
    }
    this.ledger.arrived(this.reader, topicName, payload);
  }

  /** @param {string} topicFilter @param {number} packetId */
  #sendSubscribe(topicFilter, packetId) {
    const subscription = { topicFilter, qos: this.qos, noLocal: false, retainAsPublished: false };
    this.send({
      type: 'subscribe',
      packetId,
      subscriptions: [{ ...subscription, retainHandling: 2 }],
      properties: {},
    });
  }

  /** @protected */
  nextPacketId() {
    return this.#nextPacketId();
  }

  #nextPacketId() {
    this.#lastPacketId = (this.#lastPacketId % 65_535) + 1;
    return this.#lastPacketId;
  }
}
