/** QoS -1 (section 6.8): who has not connected publishes at QoS 0, by predefined and short topics, and is never answered. */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { checkTopicName, NO_PROPERTIES, ProtocolVersion } from '@martlet/protocol';
import type { Publish } from './codec/message.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Peer } from './ports/link.ts';
import type { Upstream, UpstreamHandler } from './ports/upstream.ts';
import { TokenBucket } from './token-bucket.ts';

export interface UnconnectedOptions {
  /** Of the one connection to the broker through which all of them publish: what rights are given to. */
  readonly clientId: string;
  /** Whether a peer may; such as those of some networks. */
  readonly accepts: (peer: Peer) => boolean;
  /** @default 100 */
  readonly perSecond?: number;
  /** Whether their messages may be retained. @default false */
  readonly retain?: boolean;
}

/** Messages that wait for the connection to the broker. */
const MOST_WAITING = 100;

export class UnconnectedPublisher implements UpstreamHandler {
  readonly #context: GatewayContext;
  readonly #options: UnconnectedOptions;
  readonly #bucket: TokenBucket;
  #upstream: Upstream | null = null;
  #connected = false;
  readonly #waiting: ClientPacket[] = [];

  constructor(context: GatewayContext, options: UnconnectedOptions) {
    this.#context = context;
    this.#options = options;
    this.#bucket = new TokenBucket(options.perSecond ?? 100, context.nowMs);
  }

  onPublish(peer: Peer, { topic, retain, payload }: Publish): void {
    const { metrics, predefined, nowMs } = this.#context;
    const topicName =
      topic.kind === 'predefined' ? predefined.topicName(topic.topicId, undefined) : nameIn(topic);
    const isValid = topicName !== undefined && checkTopicName(topicName) === null;
    if (!isValid || !this.#options.accepts(peer) || !this.#bucket.take(nowMs)) {
      metrics.unconnectedRefused++;
      return;
    }
    metrics.unconnectedPublishes++;
    this.#send(peer, {
      type: 'publish',
      topicName,
      payload: payload.slice(),
      qos: 0,
      retain: retain && this.#options.retain === true,
      dup: false,
      packetId: 0,
      properties: NO_PROPERTIES,
    });
  }

  #send(peer: Peer, packet: ClientPacket): void {
    if (this.#connected) {
      this.#upstream?.send(packet);
      return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#context.metrics.unconnectedRefused++;
      return;
    }
    this.#waiting.push(packet);
    if (this.#upstream === null) this.#open(peer);
  }

  #open(peer: Peer): void {
    this.#upstream = this.#context.upstreams.open(peer, this);
    this.#upstream?.send({
      type: 'connect',
      protocolVersion: ProtocolVersion.V5,
      clientId: this.#options.clientId,
      cleanStart: true,
      keepAlive: 0,
      properties: NO_PROPERTIES,
    });
    if (this.#upstream === null) this.#drop();
  }

  onPacket(packet: ServerPacket): void {
    if (packet.type === 'connack') {
      if (packet.reasonCode >= 0x80) {
        this.#upstream?.close();
        this.onClosed();
        return;
      }
      this.#connected = true;
      for (const waiting of this.#waiting.splice(0)) this.#upstream?.send(waiting);
    } else if (packet.type === 'disconnect') this.onClosed();
  }

  onClosed(): void {
    this.#upstream = null;
    this.#connected = false;
    this.#drop();
  }

  #drop(): void {
    this.#context.metrics.unconnectedRefused += this.#waiting.length;
    this.#waiting.length = 0;
  }

  shutDown(): void {
    this.#upstream?.close();
    this.#upstream = null;
  }
}

function nameIn(topic: Publish['topic']): string | undefined {
  return topic.kind === 'short' || topic.kind === 'name' ? topic.topicName : undefined;
}
