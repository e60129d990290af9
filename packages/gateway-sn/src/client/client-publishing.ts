/**
 * Publishing, with all that one message needs as one exchange, so that messages leave in the order in which they were given:
 *
 *   REGISTER, if its topic has no identifier ──REGACK──▶ PUBLISH ──PUBACK, or PUBREC ▶ PUBREL ──PUBCOMP──▶ done
 *       ▲                                                   │
 *       └──────── 0x02, once: the gateway has forgotten it ─┘        0x01: not again before T_WAIT (section 6.6)
 */
import type { Deadline } from '@martlet/protocol';
import type { Publish, SnMessage, TopicReference } from '../core/codec/message.ts';
import { ReturnCode } from '../core/codec/return-code.ts';
import type { ClientContext } from './client-context.ts';
import { askLater } from './client-context.ts';
import type { CongestedKind } from './congestion.ts';
import type { Request } from './one-request.ts';
import { tooLong } from './one-request.ts';
import { rejected } from './rejected.ts';
import { SnClientError } from './sn-client-error.ts';
import type { Settle, SnTopic } from './sn-client-options.ts';
import { referenceTo } from './topic-reference.ts';

/** Messages that wait for a gateway that has no room; one more is refused. */
const MOST_HELD = 1000;
/** Length in three octets, type, flags, topic, packet identifier. */
const PUBLISH_HEAD_BYTES = 9;
const SHORT_HEAD_BYTES = 7;
const SHORT_LENGTH = 255;

interface Publication {
  readonly topic: SnTopic;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly waits: boolean;
  readonly settle: Settle<void>;
  /** The gateway did not know the identifier, and was told the topic anew. */
  registeredAgain: boolean;
}

export class ClientPublishing {
  readonly #context: ClientContext;
  readonly #maximumMessageBytes: () => number;
  readonly #held: Publication[] = [];
  readonly #holdEnd: Deadline;

  constructor(context: ClientContext, maximumMessageBytes: () => number) {
    this.#context = context;
    this.#maximumMessageBytes = maximumMessageBytes;
    this.#holdEnd = { heapIndex: -1, onDue: (nowMs) => this.#onHoldEnd(nowMs) };
  }

  publish(
    topic: SnTopic,
    payload: Uint8Array,
    { qos, retain, waits }: { readonly qos: 0 | 1 | 2; readonly retain: boolean; readonly waits: boolean },
    settle: Settle<void>,
  ): void {
    const head = payload.length + SHORT_HEAD_BYTES > SHORT_LENGTH ? PUBLISH_HEAD_BYTES : SHORT_HEAD_BYTES;
    if (payload.length + head > this.#maximumMessageBytes()) settle(tooLong());
    else this.#ask({ topic, payload, qos, retain, waits, settle, registeredAgain: false });
  }

  /** Registers a topic that has no identifier yet. */
  register(topicName: string, settle: Settle<number>): void {
    const make = (): Request | null => {
      const known = this.#context.topics.idOf(topicName);
      if (known !== undefined) {
        settle(null, known);
        return null;
      }
      const refusal = this.#context.congestion.refusal('REGISTER', this.#context.nowMs);
      if (refusal === null) return this.#registering(topicName, settle);
      settle(refusal);
      return null;
    };
    askLater(this.#context, make, settle);
  }

  /** The connection is over: nothing is held for it any more. */
  fail(error: SnClientError): void {
    this.#context.deadlines.clear(this.#holdEnd);
    for (const { settle } of this.#held.splice(0)) settle(error);
  }

  // ---- one message -----------------------------------------------------------------------------------------------------

  #ask(publication: Publication): void {
    askLater(this.#context, () => this.#begin(publication), publication.settle);
  }

  #begin(publication: Publication): Request | null {
    const { topic } = publication;
    const { topics } = this.#context;
    const needsId = typeof topic === 'string' && topics.idOf(topic) === undefined;
    // What is held goes first.
    const isBehind = publication.waits && this.#held.length > 0;
    const refusal = this.#refusal('PUBLISH') ?? (needsId ? this.#refusal('REGISTER') : null);
    if (refusal !== null || isBehind) {
      this.#refuse(publication, refusal);
      return null;
    }
    if (typeof topic !== 'string') return this.#publishing(publication, referenceTo(topic));
    const topicId = topics.idOf(topic);
    if (topicId !== undefined) return this.#publishing(publication, { kind: 'normal', topicId });
    return this.#registeringFor(publication, topic);
  }

  #registeringFor(publication: Publication, topicName: string): Request {
    const registered: Settle<number> = (error) => {
      if (error?.code === 'CONGESTION') this.#refuse(publication, error);
      else if (error !== null) publication.settle(error);
    };
    return this.#registering(topicName, registered, (topicId) =>
      this.#publishing(publication, { kind: 'normal', topicId }),
    );
  }

  /** @param next what follows it; none if the identifier was all that was wanted */
  #registering(
    topicName: string,
    settle: Settle<number>,
    next?: (topicId: number) => Request | null,
  ): Request {
    const packetId = this.#context.packetIds.next();
    return {
      message: () => ({ type: 'register', topicId: 0, packetId, topicName }),
      onAnswer: (answer) => {
        if (answer.type !== 'regack' || answer.packetId !== packetId) return undefined;
        const { returnCode, topicId } = answer;
        if (returnCode === ReturnCode.Accepted) {
          this.#context.topics.know(topicName, topicId);
          settle(null, topicId);
          return next?.(topicId) ?? 'done';
        }
        if (returnCode === ReturnCode.Congestion) {
          settle(this.#context.congestion.begin('REGISTER', this.#context.nowMs));
        } else settle(rejected(`REGISTER of ${topicName}`, returnCode));
        return 'done';
      },
      onFailed: settle,
    };
  }

  /** @returns null if it was all: at QoS 0 there is no answer */
  #publishing(publication: Publication, topic: TopicReference): Request | null {
    const { qos, retain, payload, settle } = publication;
    if (qos === 0) {
      const sent = this.#context.send({
        type: 'publish',
        dup: false,
        qos,
        retain,
        topic,
        packetId: 0,
        payload,
      });
      settle(sent ? null : tooLong());
      return null;
    }
    const packetId = this.#context.packetIds.next();
    return {
      message: (dup): Publish => ({ type: 'publish', dup, qos, retain, topic, packetId, payload }),
      onAnswer: (answer) => {
        if (qos === 2 && answer.type === 'pubrec' && answer.packetId === packetId) {
          return this.#releasing(packetId, settle);
        }
        if (answer.type !== 'puback' || answer.packetId !== packetId) return undefined;
        // At QoS 2 a PUBACK says only what was wrong (section 6.6).
        if (qos === 2 && answer.returnCode === ReturnCode.Accepted) return undefined;
        return this.#onPuback(publication, answer.returnCode);
      },
      onFailed: settle,
    };
  }

  #onPuback(publication: Publication, returnCode: number): 'done' | Request {
    const { topic, settle } = publication;
    switch (returnCode) {
      case ReturnCode.Accepted:
        settle(null);
        return 'done';
      case ReturnCode.Congestion:
        this.#refuse(publication, this.#context.congestion.begin('PUBLISH', this.#context.nowMs));
        return 'done';
      case ReturnCode.InvalidTopicId:
        if (typeof topic === 'string') {
          // The gateway has forgotten it, after a restart or for want of room.
          this.#context.topics.forget(topic);
          if (!publication.registeredAgain) {
            publication.registeredAgain = true;
            return this.#begin(publication) ?? 'done';
          }
        }
    }
    settle(rejected('PUBLISH', returnCode));
    return 'done';
  }

  #releasing(packetId: number, settle: Settle<void>): Request {
    return {
      message: (): SnMessage => ({ type: 'pubrel', packetId }),
      onAnswer: (answer) => {
        if (answer.type !== 'pubcomp' || answer.packetId !== packetId) return undefined;
        settle(null);
        return 'done';
      },
      onFailed: settle,
    };
  }

  // ---- congestion ------------------------------------------------------------------------------------------------------

  #refusal(kind: CongestedKind): SnClientError | null {
    return this.#context.congestion.refusal(kind, this.#context.nowMs);
  }

  /** @param error null if it is to wait behind others that wait */
  #refuse(publication: Publication, error: SnClientError | null): void {
    if (!publication.waits) {
      publication.settle(error!);
      return;
    }
    if (this.#held.length >= MOST_HELD) {
      const text = `expected at most ${MOST_HELD} messages that wait for a gateway without room`;
      publication.settle(new SnClientError('QUEUE_FULL', text, error ?? undefined));
      return;
    }
    this.#held.push(publication);
    if (error !== null) this.#holdUntil();
  }

  #holdUntil(): void {
    const { congestion, deadlines, nowMs } = this.#context;
    const leftMs = Math.max(congestion.leftMs('PUBLISH', nowMs), congestion.leftMs('REGISTER', nowMs));
    deadlines.set(this.#holdEnd, nowMs + leftMs);
  }

  #onHoldEnd(nowMs: number): void {
    this.#context.nowMs = nowMs;
    for (const publication of this.#held.splice(0)) this.#ask(publication);
  }
}
