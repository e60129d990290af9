/** SUBSCRIBE and UNSUBSCRIBE of one client: one packet identifier of the broker's connection each, until they are answered. */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import {
  checkTopicFilter,
  checkTopicName,
  isSharedFilter,
  NO_PROPERTIES,
  parseSharedFilter,
  utf8ByteLength,
} from '@martlet/protocol';
import type { Suback, Subscribe, TopicReference, Unsubscribe } from './codec/message.ts';
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

/** SUBSCRIBE and UNSUBSCRIBE that the broker has not answered; the specification has 1 of each. */
const MOST_ASKED = 16;

/** The last SUBACK, for a client that did not get it. */
interface Answered {
  readonly suback: Suback;
  readonly topicFilter: string;
}

export class Subscribing {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #topics: KnownTopics;
  readonly #ids: UpstreamIds;
  readonly #toBroker: (packet: ClientPacket) => boolean;
  /** By the gateway's packet identifiers. */
  readonly #asked = new Map<number, Asked>();
  #answered: Answered | null = null;

  constructor(
    context: GatewayContext,
    line: ClientLine,
    topics: KnownTopics,
    ids: UpstreamIds,
    toBroker: (packet: ClientPacket) => boolean,
  ) {
    this.#context = context;
    this.#line = line;
    this.#topics = topics;
    this.#ids = ids;
    this.#toBroker = toBroker;
  }

  onSubscribe(message: Subscribe): void {
    const { packetId, topic, qos, dup } = message;
    const topicFilter = this.#topics.nameOf(topic);
    if (topicFilter === undefined) {
      this.#refuse(message, ReturnCode.InvalidTopicId);
      return;
    }
    if (!this.#isFilter(topicFilter, topic)) {
      this.#refuse(message, ReturnCode.NotSupported);
      return;
    }
    if (this.#isAsked('subscribe', packetId, topicFilter)) return;
    const answered = this.#answered;
    if (dup && answered?.suback.packetId === packetId && answered.topicFilter === topicFilter) {
      // Only SUBACK was lost: to subscribe again would bring the retained messages again.
      this.#line.toClient(answered.suback);
      return;
    }
    const upstreamId = this.#ids.take(MOST_ASKED);
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
    const topicFilter = this.#topics.nameOf(topic);
    if (topicFilter === undefined || !this.#isFilter(topicFilter, topic)) {
      // UNSUBACK has no return code: what cannot have been subscribed to is not subscribed to any more.
      this.#line.toClient({ type: 'unsuback', packetId });
      return;
    }
    if (this.#isAsked('unsubscribe', packetId, topicFilter)) return;
    const upstreamId = this.#ids.take(MOST_ASKED);
    // Nor can it say that there is no room: the client asks again.
    if (upstreamId === null) return;
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

  onAnswer(answer: ServerPacket & { readonly type: 'suback' | 'unsuback' }): void {
    const asked = this.#asked.get(answer.packetId);
    if (asked === undefined || (answer.type === 'suback') !== (asked.packet.type === 'subscribe')) return;
    this.#asked.delete(answer.packetId);
    this.#ids.free(answer.packetId);
    const { packetId, topic, topicFilter } = asked;
    if (answer.type === 'unsuback') {
      this.#topics.unsubscribed(topicFilter);
      if (this.#answered?.topicFilter === topicFilter) this.#answered = null;
      this.#line.toClient({ type: 'unsuback', packetId });
      return;
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
    this.#answered = { suback, topicFilter };
    this.#line.toClient(suback);
  }

  /** A name without wildcards is given an identifier at once; one with wildcards has none (section 5.4.16). */
  #topicIdFor(topic: TopicReference, topicFilter: string): number {
    if (topic.kind !== 'name') return idOf(topic);
    if (/[+#]/u.test(topicFilter) || isSharedFilter(topicFilter)) return 0;
    const topicId = this.#topics.idOf(topicFilter);
    this.#topics.confirm(topicFilter);
    return topicId;
  }

  #isFilter(topicFilter: string, { kind }: TopicReference): boolean {
    // Short topic names and predefined topics are names (sections 3 and 5.3.4): wildcards are for filters in full.
    if (kind !== 'name') return checkTopicName(topicFilter) === null;
    if (utf8ByteLength(topicFilter) > this.#context.options.topicBytes) return false;
    if (isSharedFilter(topicFilter)) return typeof parseSharedFilter(topicFilter) === 'object';
    return checkTopicFilter(topicFilter) === null;
  }

  #ask(upstreamId: number, asked: Asked): void {
    this.#asked.set(upstreamId, asked);
    this.#toBroker(asked.packet);
  }

  /** Whether the broker is being asked exactly this: the answer comes by itself. */
  #isAsked(type: 'subscribe' | 'unsubscribe', packetId: number, topicFilter: string): boolean {
    for (const asked of this.#asked.values()) {
      const isSame = asked.packetId === packetId && asked.topicFilter === topicFilter;
      if (isSame && asked.packet.type === type) return true;
    }
    return false;
  }

  /** Whether the client waits for SUBACK. */
  get awaitsSuback(): boolean {
    for (const { packet } of this.#asked.values()) if (packet.type === 'subscribe') return true;
    return false;
  }

  #refuse({ topic, packetId }: Subscribe, returnCode: number): void {
    this.#line.toClient({ type: 'suback', qos: 0, topicId: idOf(topic), packetId, returnCode });
  }

  /** The connection to the broker is a new one on the old session. */
  onReconnected(): void {
    for (const { packet } of this.#asked.values()) this.#toBroker(packet);
  }

  clear(): void {
    for (const upstreamId of this.#asked.keys()) this.#ids.free(upstreamId);
    this.#asked.clear();
    this.#answered = null;
  }
}
