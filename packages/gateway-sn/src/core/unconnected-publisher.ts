/** QoS -1 (section 6.8): who has not connected publishes at QoS 0, by predefined and short topics, and is never answered. */
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { checkTopicName, NO_PROPERTIES } from '@martlet/protocol';
import type { Publish } from './codec/message.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Peer } from './ports/link.ts';
import type { UpstreamHandler } from './ports/upstream.ts';
import { TokenBucket } from './token-bucket.ts';
import { UpstreamLine } from './upstream-line.ts';

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

export class UnconnectedPublisher implements UpstreamHandler {
  readonly #context: GatewayContext;
  readonly #options: UnconnectedOptions;
  readonly #bucket: TokenBucket;
  readonly #upstream: UpstreamLine;
  #isOpen = false;

  constructor(context: GatewayContext, options: UnconnectedOptions) {
    this.#context = context;
    this.#options = options;
    this.#upstream = new UpstreamLine(context, this);
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
    if (!this.#isOpen) this.#open(peer);
    if (this.#isOpen) this.#upstream.send(packet);
    else this.#context.metrics.unconnectedRefused++;
  }

  #open(peer: Peer): void {
    const { clientId } = this.#options;
    this.#isOpen = this.#upstream.open(peer, {
      clientId,
      cleanStart: true,
      sessionExpiryInterval: 0,
      will: null,
    });
  }

  onPacket(packet: ServerPacket): void {
    switch (packet.type) {
      case 'connack':
        if (packet.reasonCode >= 0x80) this.shutDown();
        else {
          this.#upstream.onConnected(packet);
          this.#upstream.sendHeld();
        }
        return;
      case 'pingresp':
        this.#upstream.onAnswer();
        return;
      case 'disconnect':
        this.onClosed();
        return;
      default:
    }
  }

  /** What waited is lost, as messages of QoS 0 may be; the next one opens it anew. */
  onClosed(): void {
    this.#isOpen = false;
    this.#upstream.onClosed();
  }

  shutDown(): void {
    this.#isOpen = false;
    this.#upstream.close(true);
  }
}

function nameIn(topic: Publish['topic']): string | undefined {
  return topic.kind === 'short' || topic.kind === 'name' ? topic.topicName : undefined;
}
