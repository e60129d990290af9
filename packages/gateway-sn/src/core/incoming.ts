/**
 * What a client publishes, on its way to the broker: each exchange is the client's own with the broker, under the packet
 * identifier that the client gave it. So the broker's session knows a repeated QoS 2 message, and what PUBREL is for, also
 * after the client, the gateway or the connection between gateway and broker has begun anew.
 */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode, utf8ByteLength } from '@martlet/protocol';
import { shortTopicId } from './codec/encode-message.ts';
import type { Publish, TopicReference } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { contentOf, RecentExchanges } from './recent-exchanges.ts';
import { returnCodeFor } from './return-code-for.ts';
import type { ServerLimits } from './server-limits.ts';
import { NO_LIMITS } from './server-limits.ts';

type PublishPacket = ClientPacket & { readonly type: 'publish' };

/** An exchange of QoS 1 or 2 that has not ended. */
interface Exchange {
  readonly qos: 1 | 2;
  /** As the client named the topic: PUBACK repeats it. */
  readonly topicId: number;
  readonly content: number;
  /** The PUBLISH, until the broker has acknowledged it. */
  publish: PublishPacket | null;
  /** It has left for the broker once. */
  sent: boolean;
  /** PUBREC has come, or PUBREL has been sent on. */
  stage: 'publishing' | 'received' | 'releasing';
}

/** Fixed header, lengths, packet identifier and properties of a PUBLISH, at most. */
const PUBLISH_OVERHEAD_BYTES = 12;

export class Incoming {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #toBroker: (packet: ClientPacket) => boolean;
  readonly #isTaken: (packetId: number) => boolean;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #recent: RecentExchanges;
  /** Of the broker. */
  limits: ServerLimits = NO_LIMITS;

  /**
   * @param toBroker false: it has not left now
   * @param isTaken whether SUBSCRIBE or UNSUBSCRIBE has this packet identifier on the connection to the broker
   */
  constructor(
    context: GatewayContext,
    line: ClientLine,
    toBroker: (packet: ClientPacket) => boolean,
    isTaken: (packetId: number) => boolean,
  ) {
    this.#context = context;
    this.#line = line;
    this.#toBroker = toBroker;
    this.#isTaken = isTaken;
    const { retryMs, retries } = context.options;
    this.#recent = new RecentExchanges(retryMs * (retries + 1));
  }

  /** Whether an exchange has this packet identifier. */
  has(packetId: number): boolean {
    return this.#exchanges.has(packetId);
  }

  /** Whether the broker has not answered yet for a message to this topic. */
  awaitsBroker(topicName: string): boolean {
    if (this.#exchanges.size === 0) return false;
    for (const { publish } of this.#exchanges.values()) if (publish?.topicName === topicName) return true;
    return false;
  }

  /** @param topicName what the client means; undefined if nobody knows, or no such topic can be */
  onPublish(message: Publish, topicName: string | undefined): void {
    const { qos, packetId, payload } = message;
    const topicId = idOf(message.topic);
    if (qos !== 1 && qos !== 2) {
      this.#onQos0(message, topicId, topicName);
      return;
    }
    const content = contentOf(topicId, qos | (message.retain ? 4 : 0), payload);
    if (this.#isRepeated(packetId, qos, content, topicId)) return;
    const refusal = this.#refusalOf(message, topicName);
    if (refusal !== ReturnCode.Accepted || topicName === undefined) {
      this.#line.toClient({ type: 'puback', topicId, packetId, returnCode: refusal });
      return;
    }
    // The identifier is in use for a request of ours: the client's retry finds it free.
    if (this.#isTaken(packetId)) return;
    this.#context.metrics.publishesReceived++;
    // Kept beyond this datagram: it is sent again if the connection to the broker is made anew.
    const publish = packetOf(message, qos, topicName, packetId, payload.slice());
    const exchange: Exchange = { qos, topicId, content, publish, sent: false, stage: 'publishing' };
    this.#exchanges.set(packetId, exchange);
    exchange.sent = this.#toBroker(publish);
  }

  #onQos0(message: Publish, topicId: number, topicName: string | undefined): void {
    const refusal = this.#refusalOf(message, topicName);
    if (refusal !== ReturnCode.Accepted || topicName === undefined) {
      // Regardless of the QoS, section 6.6; with the packet identifier that came, though QoS 0 has none.
      this.#line.toClient({ type: 'puback', topicId, packetId: message.packetId, returnCode: refusal });
      return;
    }
    this.#context.metrics.publishesReceived++;
    this.#toBroker(packetOf(message, 0, topicName, 0, message.payload));
  }

  /** What the gateway itself has to say against a message; whether the client may publish it, the broker says. */
  #refusalOf({ qos, retain, payload }: Publish, topicName: string | undefined): number {
    if (topicName === undefined) return ReturnCode.InvalidTopicId;
    const { maximumQos, retainAvailable, receiveMaximum, maximumPacketBytes } = this.limits;
    if (qos > maximumQos || (retain && !retainAvailable)) return ReturnCode.NotSupported;
    const bytes = PUBLISH_OVERHEAD_BYTES + utf8ByteLength(topicName) + payload.length;
    if (bytes > maximumPacketBytes) return ReturnCode.NotSupported;
    const most = Math.min(this.#context.options.inFlightFromClient, receiveMaximum);
    return qos > 0 && this.#exchanges.size >= most ? ReturnCode.Congestion : ReturnCode.Accepted;
  }

  /** Whether it is no new message: then its answer is given again if there is one, and comes by itself if not. */
  #isRepeated(packetId: number, qos: 1 | 2, content: number, topicId: number): boolean {
    const known = this.#exchanges.get(packetId);
    if (known !== undefined) {
      const isSame = known.qos === qos && known.content === content;
      if (isSame && known.stage === 'received') this.#line.toClient({ type: 'pubrec', packetId });
      if (isSame || known.stage === 'publishing') return true;
      // The client has forgotten the exchange, and begins another one: the broker lets go of the old one first.
      this.#exchanges.delete(packetId);
      this.#release(packetId);
      return false;
    }
    if (!this.#recent.has(packetId, content, this.#context.nowMs)) return false;
    if (qos === 1)
      this.#line.toClient({ type: 'puback', topicId, packetId, returnCode: ReturnCode.Accepted });
    return true;
  }

  onPubrel(packetId: number): void {
    const exchange = this.#exchanges.get(packetId);
    if (exchange?.qos === 2) {
      if (exchange.stage === 'publishing') return;
      exchange.stage = 'releasing';
      this.#release(packetId);
      return;
    }
    const isOver = exchange !== undefined || this.#recent.hasId(packetId, this.#context.nowMs);
    if (
      isOver ||
      this.#isTaken(packetId) ||
      this.#exchanges.size >= this.#context.options.inFlightFromClient
    ) {
      this.#line.toClient({ type: 'pubcomp', packetId });
      return;
    }
    // Of a connection before this one: the broker's session knows it, and holds its identifier until it is released.
    this.#exchanges.set(packetId, {
      qos: 2,
      topicId: 0,
      content: 0,
      publish: null,
      sent: true,
      stage: 'releasing',
    });
    this.#release(packetId);
  }

  #release(packetId: number): void {
    this.#toBroker({
      type: 'pubrel',
      packetId,
      reasonCode: ReasonCode.Success,
      properties: NO_PROPERTIES,
    });
  }

  onAcknowledgement({
    type,
    packetId,
    reasonCode,
  }: ServerPacket & { readonly type: 'puback' | 'pubrec' | 'pubcomp' }): void {
    const exchange = this.#exchanges.get(packetId);
    if (exchange === undefined) return;
    const returnCode = returnCodeFor(reasonCode);
    const { qos, topicId, stage } = exchange;
    switch (type) {
      case 'puback':
        if (qos !== 1) return;
        this.#end(packetId, exchange, returnCode === ReturnCode.Accepted);
        this.#line.toClient({ type: 'puback', topicId, packetId, returnCode });
        return;
      case 'pubrec':
        if (qos !== 2 || stage === 'releasing') return;
        exchange.publish = null;
        if (returnCode === ReturnCode.Accepted) {
          exchange.stage = 'received';
          this.#line.toClient({ type: 'pubrec', packetId });
          return;
        }
        this.#end(packetId, exchange, false);
        this.#line.toClient({ type: 'puback', topicId, packetId, returnCode });
        return;
      case 'pubcomp':
        if (stage !== 'releasing') return;
        this.#end(packetId, exchange, true);
        this.#line.toClient({ type: 'pubcomp', packetId });
    }
  }

  #end(packetId: number, { content }: Exchange, accepted: boolean): void {
    this.#exchanges.delete(packetId);
    if (accepted) this.#recent.add(packetId, content, this.#context.nowMs);
  }

  /** The connection to the broker is a new one on the old session: what was not acknowledged is sent again. */
  onReconnected(): void {
    for (const [packetId, exchange] of this.#exchanges) {
      const { publish, sent, stage } = exchange;
      if (publish !== null) exchange.sent = this.#toBroker({ ...publish, dup: sent });
      else if (stage === 'releasing') this.#release(packetId);
    }
  }

  clear(): void {
    this.#exchanges.clear();
    this.#recent.clear();
  }
}

function packetOf(
  { retain }: Publish,
  qos: 0 | 1 | 2,
  topicName: string,
  packetId: number,
  payload: Uint8Array,
): PublishPacket {
  return {
    type: 'publish',
    topicName,
    payload,
    qos,
    retain,
    dup: false,
    packetId,
    properties: NO_PROPERTIES,
  };
}

/** What stands in the field of the topic identifier. */
export function idOf(topic: TopicReference): number {
  switch (topic.kind) {
    case 'normal':
    case 'predefined':
      return topic.topicId;
    case 'short':
      return shortTopicId(topic.topicName);
    case 'name':
      return 0;
  }
}
