/**
 * What was sent, what was acknowledged and what arrived where; and in the end, what that says about the broker.
 *
 * Each topic has one publisher and one QoS, and its messages are numbered, so order and repetitions show in the numbers.
 */

/**
 * @typedef {object} Topic
 * @property {string} name
 * @property {1 | 2} qos
 * @property {boolean} retained Its messages are published to be retained.
 * @property {Message[]} messages
 * @property {number} acknowledgedUpTo The latest acknowledged one, or -1.
 */
/**
 * @typedef {object} Message
 * @property {Topic} topic
 * @property {number} number In its topic, from 0 on.
 * @property {number} bytes Of its payload; 0 ends what is retained.
 * @property {number} sends
 * @property {boolean} acknowledged
 */
/**
 * Who must get everything of some topics: a client, a shared group's members together, or who looks for wills.
 * @typedef {object} Reader
 * @property {string} name
 * @property {'one' | 'group' | 'wills'} kind
 * @property {1 | 2} qos The highest of its subscription.
 * @property {(message: Message) => boolean} mustGet Whether an acknowledged message has to arrive.
 * @property {(message: Message) => boolean} mayGet
 * @property {Map<Topic, number[]>} arrivals How often each message has come, by number.
 * @property {Map<Topic, number>} highest The highest number that has come.
 * @property {Map<Message, number>} sinceConnected How often each came on this connection.
 */

const MOST_SAMPLES = 10;

const FAULTS = /** @type {const} */ ({
  lostQos1: 'QoS 1 messages acknowledged and never delivered',
  lostQos2: 'QoS 2 messages acknowledged and never delivered',
  doubledQos2: 'QoS 2 messages delivered more than once',
  repeatedQos1: 'QoS 1 messages repeated on one connection that were not sent again',
  disordered: 'messages that came before an older one of their topic',
  sharedLost: 'messages acknowledged that no member of the shared group got',
  sharedDoubled: 'QoS 2 messages that the shared group got more than once',
  sessionsLost: 'sessions gone although CONNACK had confirmed them',
  retainedWrong: 'retained messages older than the last acknowledged, or missing, or not ended',
  willsLost: 'wills of clients that did not come back, never published',
  willsWrong: 'wills published although their client was back in time',
  unsubscribedDelivered: 'messages for a subscription whose end was acknowledged',
  strange: 'messages that nobody sent, or with other bytes',
});

/** @typedef {keyof typeof FAULTS} Fault */
/** @typedef {Record<Fault, number>} FaultCounts */

export const FAULT_TEXTS = /** @type {Readonly<Record<Fault, string>>} */ (FAULTS);

/** @returns {FaultCounts} */
export function noFaults() {
  return /** @type {FaultCounts} */ (Object.fromEntries(Object.keys(FAULTS).map((fault) => [fault, 0])));
}

export class Ledger {
  /** @type {Map<string, Topic>} */
  #topics = new Map();
  /** @type {Reader[]} */
  #readers = [];
  /** @type {Map<string, number>} What was said that is no fault. */
  #notes = new Map();
  faults = noFaults();
  sent = 0;
  acknowledgedCount = 0;
  arrivedCount = 0;
  retainedChecked = 0;
  /** Some of what went wrong, in words. @type {string[]} */
  samples = [];
  /** Monotonic ms. */
  lastArrivalMs = 0;

  /**
   * @param {string} name
   * @param {1 | 2} qos
   * @param {boolean} retained
   * @returns {Topic}
   */
  topic(name, qos, retained = false) {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { name, qos, retained, messages: [], acknowledgedUpTo: -1 };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  /**
   * @param {Topic} topic
   * @param {number} bytes
   * @returns {Message}
   */
  newMessage(topic, bytes) {
    const message = { topic, number: topic.messages.length, bytes, sends: 0, acknowledged: false };
    topic.messages.push(message);
    this.sent++;
    return message;
  }

  /** @param {Message} message */
  payloadOf({ topic, number, bytes }) {
    if (bytes === 0) return new Uint8Array(0);
    const payload = Buffer.alloc(bytes, `${topic.name}/${number}.`);
    payload.write(`${number}:`);
    return payload;
  }

  /** @param {Message} message */
  acknowledged(message) {
    if (message.acknowledged) return;
    message.acknowledged = true;
    message.topic.acknowledgedUpTo = Math.max(message.topic.acknowledgedUpTo, message.number);
    this.acknowledgedCount++;
  }

  /** @param {Pick<Reader, 'name' | 'kind' | 'qos' | 'mustGet'> & Partial<Pick<Reader, 'mayGet'>>} description */
  reader(description) {
    /** @type {Reader} */
    const reader = {
      mayGet: () => true,
      ...description,
      arrivals: new Map(),
      highest: new Map(),
      sinceConnected: new Map(),
    };
    this.#readers.push(reader);
    return reader;
  }

  /** @param {Reader} reader whose client has a new connection */
  connected(reader) {
    reader.sinceConnected.clear();
  }

  /**
   * @param {Reader} reader
   * @param {string} topicName
   * @param {Uint8Array} payload
   */
  arrived(reader, topicName, payload) {
    this.arrivedCount++;
    this.lastArrivalMs = performance.now();
    const message = this.#messageOf(topicName, payload);
    if (message === null) {
      this.faults.strange++;
      return;
    }
    const { topic, number } = message;
    if (!reader.mayGet(message)) {
      this.faults[reader.kind === 'wills' ? 'willsWrong' : 'unsubscribedDelivered']++;
    }
    let counts = reader.arrivals.get(topic);
    if (counts === undefined) reader.arrivals.set(topic, (counts = []));
    const before = counts[number] ?? 0;
    counts[number] = before + 1;
    if (reader.kind === 'one') this.#checkOrder(reader, message, before === 0);
    const exactlyOnce = Math.min(topic.qos, reader.qos) === 2;
    if (exactlyOnce && before > 0) {
      this.faults[reader.kind === 'one' ? 'doubledQos2' : 'sharedDoubled']++;
      this.#sample(`${reader.name} got again`, message);
    }
    if (!exactlyOnce && reader.kind === 'one') {
      const here = (reader.sinceConnected.get(message) ?? 0) + 1;
      reader.sinceConnected.set(message, here);
      if (here > message.sends) this.faults.repeatedQos1++;
    }
  }

  sessionLost() {
    this.faults.sessionsLost++;
  }

  /** @param {string} text */
  note(text) {
    this.#notes.set(text, (this.#notes.get(text) ?? 0) + 1);
  }

  get notes() {
    return Object.fromEntries(this.#notes);
  }

  /** @param {string} topicName @param {Uint8Array} payload */
  retainedMessageOf(topicName, payload) {
    return this.#messageOf(topicName, payload);
  }

  /** Everything acknowledged has arrived wherever it must. */
  get complete() {
    return this.#missing().next().done === true;
  }

  /** Counts what is missing now; to be called once, when nothing more is to come. */
  close() {
    for (const { reader, message } of this.#missing()) {
      this.#sample(`${reader.name} has not got`, message);
      if (reader.kind === 'one') this.faults[message.topic.qos === 1 ? 'lostQos1' : 'lostQos2']++;
      else this.faults[reader.kind === 'group' ? 'sharedLost' : 'willsLost']++;
    }
  }

  /** @param {string} text @param {Message} message */
  #sample(text, { number, topic }) {
    if (this.samples.length < MOST_SAMPLES) this.samples.push(`${text} number ${number} of ${topic.name}`);
  }

  *#missing() {
    for (const reader of this.#readers) {
      for (const topic of this.#topics.values()) {
        const counts = reader.arrivals.get(topic);
        for (const message of topic.messages) {
          if (!message.acknowledged || (counts?.[message.number] ?? 0) > 0) continue;
          if (reader.mustGet(message)) yield { reader, message };
        }
      }
    }
  }

  /** @param {Reader} reader @param {Message} message @param {boolean} first */
  #checkOrder(reader, message, first) {
    const { topic, number } = message;
    const highest = reader.highest.get(topic) ?? -1;
    if (first && number < highest) {
      this.faults.disordered++;
      this.#sample(`${reader.name} got, after number ${highest},`, message);
    }
    if (number > highest) reader.highest.set(topic, number);
  }

  /** @param {string} topicName @param {Uint8Array} payload */
  #messageOf(topicName, payload) {
    const number = Number.parseInt(
      Buffer.from(payload.buffer, payload.byteOffset, 12).toString('latin1'),
      10,
    );
    const message = this.#topics.get(topicName)?.messages[number];
    if (message === undefined || message.sends === 0) return null;
    return Buffer.compare(this.payloadOf(message), payload) === 0 ? message : null;
  }
}
