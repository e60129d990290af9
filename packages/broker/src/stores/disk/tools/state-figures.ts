import { ByteSink } from '../bytes/byte-sink.ts';
import { RecordWriter } from '../records/record-writer.ts';
import type { StoreState } from './state/store-state.ts';

/** A sink is emptied above this; what was in it has been counted. */
const COUNTING_BYTES = 1 << 20;

export interface StateFigures {
  sessions: number;
  /** Clients that were connected when the store was read, or when their broker ended without a clean stop. */
  connectedSessions: number;
  wills: number;
  subscriptions: number;
  receivedPacketIds: number;
  sharedGroups: number;
  retained: number;
  /** Entries that wait, and those in flight: a message counts once for each session. */
  queued: number;
  inFlight: number;
  /** Each counted once, however many wait for it. */
  messages: number;
  payloadBytes: number;
  /** About what the state takes in files when nothing else is in them: messages and records. */
  liveBytes: number;
}

/**
 * Counts what a state holds, and how many bytes it takes: by writing every record of it, and counting. References of the
 * messages are counted on the way, so that those nobody waits for any more are known.
 */
export function figuresOf(state: StoreState): StateFigures {
  const count = new StateCount(state);
  count.owners();
  count.retained();
  count.messages();
  return count.figures;
}

class StateCount {
  readonly figures: StateFigures;
  readonly #state: StoreState;
  readonly #sink: ByteSink;
  readonly #writer: RecordWriter;

  constructor(state: StoreState) {
    this.figures = {
      sessions: 0,
      connectedSessions: 0,
      wills: 0,
      subscriptions: 0,
      receivedPacketIds: 0,
      sharedGroups: 0,
      retained: 0,
      queued: 0,
      inFlight: 0,
      messages: 0,
      payloadBytes: 0,
      liveBytes: 0,
    };
    this.#state = state;
    this.#sink = new ByteSink();
    this.#writer = new RecordWriter(this.#sink);
    state.messages.forgetReferences();
  }

  owners(): void {
    const { figures } = this;
    const writer = this.#writer;
    for (const owner of this.#state.ownersInOrder()) {
      const { ownerId, session } = owner;
      if (session !== null) {
        writer.session(ownerId, session);
        figures.sessions++;
        if (session.disconnectedAtWallMs === undefined) figures.connectedSessions++;
        if (session.will !== undefined) figures.wills++;
      } else if (owner.share !== null && owner.head !== 0) {
        writer.share(ownerId, owner.share);
        figures.sharedGroups++;
      }
      for (const subscription of owner.subscriptions?.values() ?? [])
        writer.subscription(ownerId, subscription);
      for (const packetId of owner.received ?? []) writer.received(ownerId, packetId);
      figures.subscriptions += owner.subscriptions?.size ?? 0;
      figures.receivedPacketIds += owner.received?.size ?? 0;
      this.#entries(ownerId, owner.head);
      this.#countSink();
    }
    // What belongs to nobody known is waited for all the same: a salvage shows it.
    for (const { ownerId, head } of this.#state.ownersWithoutRecord()) this.#entries(ownerId, head);
  }

  retained(): void {
    const { messages, retainedIds } = this.#state;
    for (const [topicName, messageId] of retainedIds) {
      this.#writer.retained(messageId, topicName);
      this.figures.retained++;
      this.#refer(messages.find(messageId));
      this.#countSink();
    }
  }

  /** After the others, which refer to them. */
  messages(): void {
    const { messages } = this.#state;
    const { figures } = this;
    for (let row = 0; row < messages.top; row++) {
      if (messages.references(row) === 0) continue;
      const place = messages.place(row);
      figures.messages++;
      figures.payloadBytes += place.payloadLength;
      figures.liveBytes += place.length;
      this.#writer.message(
        place.messageId,
        place.position,
        place.length,
        place.crc,
        place.payloadLength,
        place.costBytes,
        place.qos,
        place.retain,
        place.expiresAtWallMs,
      );
      this.#countSink();
    }
    this.figures.liveBytes += this.#sink.length;
    this.#sink.clear();
  }

  #entries(ownerId: number, head: number): void {
    const { entries, messages } = this.#state;
    const writer = this.#writer;
    for (let at = head; at !== 0; at = entries.next(at - 1)) {
      const entry = entries.entry(at - 1);
      const { key, messageId, qos, retain, subscriptionIdentifiers, share } = entry;
      writer.push(ownerId, key, messageId, qos, retain, subscriptionIdentifiers, share);
      if (entry.isInFlight) {
        writer.sent(ownerId, key, key, entry.packetId, entry.state);
        this.figures.inFlight++;
      } else {
        this.figures.queued++;
      }
      this.#refer(messages.find(messageId));
      this.#countSink();
    }
  }

  #refer(row: number): void {
    if (row >= 0) this.#state.messages.addReference(row);
  }

  #countSink(): void {
    if (this.#sink.length < COUNTING_BYTES) return;
    this.figures.liveBytes += this.#sink.length;
    this.#sink.clear();
    this.#writer.begin(this.#sink);
  }
}
