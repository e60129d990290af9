/** SUBSCRIBE and UNSUBSCRIBE of one client: one packet identifier of the broker's connection each, until they are answered. */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import {
  checkTopicFilter,
  isSharedFilter,
  NO_PROPERTIES,
  parseSharedFilter,
  utf8ByteLength,
} from '@martlet/protocol';
import type { SnMessage, Suback, Subscribe, TopicReference, Unsubscribe } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { idOf } from './incoming.ts';
import type { KnownTopics } from './known-topics.ts';
import { returnCodeFor } from './return-code-for.ts';
import type { UpstreamIds } from './upstream-ids.ts';

interface Asked {
  /** The client's. */
  readonly packetId: number;
  readonly topic: TopicReference;
  readonly topicFilter: string;
  readonly packet: ClientPacket & { readonly type: 'subscribe' | 'unsubscribe' };
}

/** Answers that a client may not have got; it has one request open at a time, and may repeat the last ones. */
const REMEMBERED_ANSWERS = 4;

export class Subscribing {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #topics: KnownTopics;
  readonly #ids: UpstreamIds;
  readonly #toBroker: (packet: ClientPacket) => void;
  /** By the gateway's packet identifiers. */
  readonly #asked = new Map<number, Asked>();
  readonly #answers: SnMessage[] = [];

  constructor(
    context: GatewayContext,
    line: ClientLine,
    topics: KnownTopics,
    ids: UpstreamIds,
    toBroker: (packet: ClientPacket) => void,
  ) {
    this.#context = context;
    this.#line = line;
    this.#topics = topics;
    this.#ids = ids;
    this.#toBroker = toBroker;
  }

  onSubscribe(message: Subscribe): void {
    const { packetId, topic, qos, dup } = message;
    if (this.#isRepeated(packetId, 'suback', dup)) return;
    const topicFilter = this.#topics.nameOf(topic);
    if (topicFilter === undefined) {
      this.#refuse(message, ReturnCode.InvalidTopicId);
      return;
    }
    if (!this.#isFilter(topicFilter)) {
      this.#refuse(message, ReturnCode.NotSupported);
      return;
    }
    const upstreamId = this.#ids.take();
    if (upstreamId === null) {
      this.#refuse(message, ReturnCode.Congestion);
      return;
    }
    const subscription = {
      topicFilter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    this.#ask(upstreamId, {
      packetId,
      topic,
      topicFilter,
      packet: {
        type: 'subscribe',
        packetId: upstreamId,
        subscriptions: [subscription],
        properties: NO_PROPERTIES,
      },
    });
  }

  onUnsubscribe(message: Unsubscribe): void {
    const { packetId, topic } = message;
    if (this.#isRepeated(packetId, 'unsuback', false)) return;
    const topicFilter = this.#topics.nameOf(topic);
    // UNSUBACK has no return code: what cannot have been subscribed to is not subscribed to any more.
    const upstreamId = topicFilter === undefined || !this.#isFilter(topicFilter) ? null : this.#ids.take();
    if (topicFilter === undefined || upstreamId === null) {
      this.#line.toClient({ type: 'unsuback', packetId });
      return;
    }
    this.#ask(upstreamId, {
      packetId,
      topic,
      topicFilter,
      packet: {
        type: 'unsubscribe',
        packetId: upstreamId,
        topicFilters: [topicFilter],
        properties: NO_PROPERTIES,
      },
    });
  }

  /** @returns whether it was for this client's requests */
  onAnswer(answer: ServerPacket & { readonly type: 'suback' | 'unsuback' }): boolean {
    const asked = this.#asked.get(answer.packetId);
    if (asked === undefined) return false;
    this.#asked.delete(answer.packetId);
    this.#ids.free(answer.packetId);
    const { packetId, topic, topicFilter } = asked;
    if (answer.type === 'unsuback') {
      this.#topics.unsubscribed(topicFilter);
      this.#answer({ type: 'unsuback', packetId });
      return true;
    }
    const reasonCode = answer.reasonCodes[0] ?? 0x80;
    const returnCode = returnCodeFor(reasonCode);
    if (returnCode === ReturnCode.Accepted) this.#topics.subscribed(topicFilter, topic);
    const suback: Suback = {
      type: 'suback',
      qos: reasonCode <= 2 ? (reasonCode as 0 | 1 | 2) : 0,
      topicId: returnCode === ReturnCode.Accepted ? this.#topicIdFor(topic, topicFilter) : idOf(topic),
      packetId,
      returnCode,
    };
    this.#answer(suback);
    return true;
  }

  /** A name without wildcards is given an identifier at once; one with wildcards has none (section 5.4.16). */
  #topicIdFor(topic: TopicReference, topicFilter: string): number {
    if (topic.kind !== 'name') return idOf(topic);
    if (/[+#]/u.test(topicFilter) || isSharedFilter(topicFilter)) return 0;
    const topicId = this.#topics.idOf(topicFilter);
    this.#topics.confirm(topicFilter);
    return topicId;
  }

  #isFilter(topicFilter: string): boolean {
    if (utf8ByteLength(topicFilter) > this.#context.options.topicBytes) return false;
    if (isSharedFilter(topicFilter)) return typeof parseSharedFilter(topicFilter) === 'object';
    return checkTopicFilter(topicFilter) === null;
  }

  #ask(upstreamId: number, asked: Asked): void {
    this.#asked.set(upstreamId, asked);
    this.#toBroker(asked.packet);
  }

  #isRepeated(packetId: number, type: 'suback' | 'unsuback', dup: boolean): boolean {
    for (const asked of this.#asked.values()) if (asked.packetId === packetId) return true;
    if (!dup) return false;
    const given = this.#answers.find(
      (answer) => answer.type === type && 'packetId' in answer && answer.packetId === packetId,
    );
    if (given === undefined) return false;
    this.#line.toClient(given);
    return true;
  }

  #refuse({ topic, packetId }: Subscribe, returnCode: number): void {
    this.#line.toClient({ type: 'suback', qos: 0, topicId: idOf(topic), packetId, returnCode });
  }

  #answer(message: SnMessage): void {
    this.#answers.push(message);
    if (this.#answers.length > REMEMBERED_ANSWERS) this.#answers.shift();
    this.#line.toClient(message);
  }

  /** The connection to the broker is a new one on the old session. */
  onReconnected(): void {
    for (const { packet } of this.#asked.values()) this.#toBroker(packet);
  }

  clear(): void {
    for (const upstreamId of this.#asked.keys()) this.#ids.free(upstreamId);
    this.#asked.clear();
    this.#answers.length = 0;
  }
}
