/**
 * Will messages: published when a connection ends other than by DISCONNECT with reason code 0, after the Will Delay
 * Interval or when the session ends, whichever is first, and not at all if the client is back before.
 */

import type { Will } from '@martlet/protocol';
import { encodeForwardableProperties } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { WillRecord } from '../ports/store.ts';
import { NO_BYTES } from '../publish/message.ts';
import type { Publication } from '../publish/publication.ts';
import type { Router } from '../publish/router.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { Session } from './session.ts';

export class Wills {
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #router: Router;
  readonly #retaining: Retaining;
  readonly #publication: Publication;
  /** Of clients whose connections a restart ended, while they have their wills. */
  readonly #lostByRestart: Set<Session>;
  /** Monotonic ms. */
  #graceEndsMs: number;

  constructor(
    context: CoreContext,
    topics: TopicTable,
    router: Router,
    retaining: Retaining,
    publication: Publication,
  ) {
    this.#context = context;
    this.#topics = topics;
    this.#router = router;
    this.#retaining = retaining;
    this.#publication = publication;
    this.#lostByRestart = new Set();
    this.#graceEndsMs = 0;
  }

  /**
   * The broker has started again. The connection was lost `passedMs` ago, or by the restart itself: then its client may
   * return within the grace, and there is no will, whatever it asks for its session.
   */
  onRestart(session: Session, lostByRestart: boolean, passedMs: number, graceMs: number): void {
    if (lostByRestart && session.will !== null) this.#lostByRestart.add(session);
    this.#graceEndsMs = this.#context.nowMs + graceMs;
    this.onConnectionLost(session, passedMs, graceMs);
  }

  /** The client is back and its session may end: that causes its will, but not within the grace. */
  onReturn(session: Session): void {
    const withinGrace = this.#lostByRestart.has(session) && this.#context.nowMs < this.#graceEndsMs;
    // A session without expiry that is still here is a will's, within the grace.
    if (withinGrace || session.sessionExpiryInterval === 0) this.cancel(session);
  }

  /** The connection was lost `passedMs` ago: the will is due after its delay, and at least `graceMs` from now. */
  onConnectionLost(session: Session, passedMs = 0, graceMs = 0): void {
    const { will, sessionExpiryInterval } = session;
    if (will === null) return;
    const delayMs = Math.max(
      Math.min(will.willDelayInterval, sessionExpiryInterval) * 1000 - passedMs,
      graceMs,
    );
    if (delayMs === 0) {
      this.publish(session); // [MQTT-3.1.2-8] [MQTT-3.1.2-8] 3.1.1
      return;
    }
    session.willDue ??= { heapIndex: -1, onDue: () => this.publish(session) };
    this.#context.deadlines.set(session.willDue, this.#context.nowMs + delayMs);
  }

  /** The client is back, or has said goodbye: no will. */
  cancel(session: Session): void {
    session.will = null; // [MQTT-3.1.2-10] [MQTT-3.1.2-10] 3.1.1
    if (session.willDue !== null) this.#context.deadlines.clear(session.willDue); // [MQTT-3.1.3-9]
    session.willDue = null;
    this.#lostByRestart.delete(session);
  }

  /** Publishes the will, if there is still one, and forgets it. */
  publish(session: Session): void {
    const { will } = session;
    this.cancel(session);
    if (will === null) return; // [MQTT-3.1.2-12] 3.1.1
    const topic = this.#topics.internName(will.topicName);
    if (topic === null) return;
    this.#context.metrics.willsPublished++;
    const publication = this.#publication;
    publication.begin(topic, will.qos, will.retain, session, session.clientId, this.#context.nowMs);
    publication.setPayload(will.payload, 0, will.payload.length, true);
    publication.properties = will.properties; // [MQTT-3.1.3-10]
    publication.expirySeconds = will.messageExpiryInterval ?? -1;
    if (will.retain) this.#retaining.retain(publication); // [MQTT-3.1.2-15] [MQTT-3.1.2-17] 3.1.1
    this.#router.route(publication); // [MQTT-3.1.2-14] [MQTT-3.1.2-16] 3.1.1
    if (session.kept && !session.ended) this.onPublished(session);
  }

  /** Set by the owner of the sessions: notes in the store that the will is gone. */
  onPublished: (session: Session) => void = () => {};
}

/** A will as it is kept: its own copies. */
export function willRecord(will: Will): WillRecord {
  const { willDelayInterval, messageExpiryInterval, ...forwardable } = will.properties;
  const encoded = encodeForwardableProperties(forwardable);
  return {
    topicName: will.topicName,
    payload: will.payload.slice(),
    qos: will.qos,
    retain: will.retain,
    properties: encoded.length === 0 ? NO_BYTES : encoded,
    messageExpiryInterval,
    willDelayInterval: willDelayInterval ?? 0,
  };
}
