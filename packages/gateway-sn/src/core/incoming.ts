/**
 * What a client publishes, on its way to the broker: each exchange is the client's own with the broker, of which the gateway
 * keeps the two packet identifiers and how far it has come, so that repeated datagrams are answered and not published twice.
 */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';
import { shortTopicId } from './codec/encode-message.ts';
import type { Publish, TopicReference } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { returnCodeFor } from './return-code-for.ts';
import type { UpstreamIds } from './upstream-ids.ts';

/** An exchange of QoS 1 or 2 that has not ended. */
interface Exchange {
  readonly qos: 1 | 2;
  readonly upstreamId: number;
  /** As the client named the topic: PUBACK repeats it. */
  readonly topicId: number;
  /** The PUBLISH, until the broker has acknowledged it. */
  publish: ClientPacket | null;
  /** PUBREC has come, or PUBREL has been sent on. */
  stage: 'publishing' | 'received' | 'releasing';
}

export class Incoming {
  readonly #context: GatewayContext;
  readonly #line: ClientLine;
  readonly #ids: UpstreamIds;
  readonly #toBroker: (packet: ClientPacket) => void;
  /** By the client's packet identifiers. */
  readonly #exchanges = new Map<number, Exchange>();
  /** The client's packet identifiers, by the gateway's. */
  readonly #clientIds = new Map<number, number>();

  constructor(
    context: GatewayContext,
    line: ClientLine,
    ids: UpstreamIds,
    toBroker: (packet: ClientPacket) => void,
  ) {
    this.#context = context;
    this.#line = line;
    this.#ids = ids;
    this.#toBroker = toBroker;
  }

  /** @param topicName what the client means; undefined if nobody knows */
  onPublish(message: Publish, topicName: string | undefined): void {
    const { qos, packetId, retain, payload } = message;
    const topicId = idOf(message.topic);
    if (qos === 1 || qos === 2) {
      const known = this.#exchanges.get(packetId);
      if (known !== undefined) {
        this.#repeat(packetId, known);
        return;
      }
    }
    if (topicName === undefined) {
      // Regardless of the QoS, section 6.6.
      this.#line.toClient({ type: 'puback', topicId, packetId, returnCode: ReturnCode.InvalidTopicId });
      return;
    }
    this.#context.metrics.publishesReceived++;
    const packet = {
      type: 'publish',
      topicName,
      payload,
      retain,
      dup: false,
      properties: NO_PROPERTIES,
    } as const;
    if (qos !== 1 && qos !== 2) {
      this.#toBroker({ ...packet, qos: 0, packetId: 0 });
      return;
    }
    const { inFlightFromClient } = this.#context.options;
    const upstreamId = this.#exchanges.size < inFlightFromClient ? this.#ids.take() : null;
    if (upstreamId === null) {
      this.#line.toClient({ type: 'puback', topicId, packetId, returnCode: ReturnCode.Congestion });
      return;
    }
    // Kept beyond this datagram: it is sent again if the connection to the broker is made anew.
    const publish: ClientPacket = { ...packet, qos, packetId: upstreamId, payload: payload.slice() };
    this.#exchanges.set(packetId, { qos, upstreamId, topicId, publish, stage: 'publishing' });
    this.#clientIds.set(upstreamId, packetId);
    this.#toBroker(publish);
  }

  /** The client has not got the answer: it is given again if there is one, and comes by itself if not. */
  #repeat(packetId: number, exchange: Exchange): void {
    if (exchange.stage === 'received') this.#line.toClient({ type: 'pubrec', packetId });
  }

  onPubrel(packetId: number): void {
    const exchange = this.#exchanges.get(packetId);
    if (exchange === undefined || exchange.qos !== 2) {
      // It has ended: only PUBCOMP was lost.
      this.#line.toClient({ type: 'pubcomp', packetId });
      return;
    }
    if (exchange.stage === 'publishing') return;
    exchange.stage = 'releasing';
    this.#release(exchange);
  }

  #release({ upstreamId }: Exchange): void {
    this.#toBroker({
      type: 'pubrel',
      packetId: upstreamId,
      reasonCode: ReasonCode.Success,
      properties: NO_PROPERTIES,
    });
  }

  /** @returns whether the acknowledgement was for what this client published */
  onAcknowledgement(packet: ServerPacket & { readonly type: 'puback' | 'pubrec' | 'pubcomp' }): boolean {
    const packetId = this.#clientIds.get(packet.packetId);
    const exchange = packetId === undefined ? undefined : this.#exchanges.get(packetId);
    if (packetId === undefined || exchange === undefined) return false;
    const returnCode = returnCodeFor(packet.reasonCode);
    if (packet.type === 'pubrec' && returnCode === ReturnCode.Accepted) {
      exchange.publish = null;
      if (exchange.stage === 'publishing') exchange.stage = 'received';
      if (exchange.stage === 'received') this.#line.toClient({ type: 'pubrec', packetId });
      else this.#release(exchange);
      return true;
    }
    this.#end(packetId, exchange);
    if (packet.type === 'pubcomp') this.#line.toClient({ type: 'pubcomp', packetId });
    else {
      const { topicId } = exchange;
      this.#line.toClient({ type: 'puback', topicId, packetId, returnCode });
    }
    return true;
  }

  #end(packetId: number, { upstreamId }: Exchange): void {
    this.#exchanges.delete(packetId);
    this.#clientIds.delete(upstreamId);
    this.#ids.free(upstreamId);
  }

  /** The connection to the broker is a new one on the old session: what was not acknowledged is sent again. */
  onReconnected(): void {
    for (const exchange of this.#exchanges.values()) {
      if (exchange.publish?.type === 'publish') this.#toBroker({ ...exchange.publish, dup: true });
      else if (exchange.stage === 'releasing') this.#release(exchange);
    }
  }

  clear(): void {
    for (const [packetId, exchange] of this.#exchanges) this.#end(packetId, exchange);
  }
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
