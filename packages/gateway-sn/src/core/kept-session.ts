/** What belongs to a client's session at the gateway: the topics it knows, its exchanges, and its will, which outlives connections. */
import type { ClientPacket } from '@martlet/protocol';
import type { Register, SnMessage } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { Incoming } from './incoming.ts';
import { KnownTopics } from './known-topics.ts';
import { Subscribing } from './subscribing.ts';
import { TopicIds } from './topic-ids.ts';
import { UpstreamIds } from './upstream-ids.ts';
import type { SnWill } from './will-handshake.ts';

export class KeptSession {
  readonly topics: KnownTopics;
  readonly incoming: Incoming;
  readonly subscribing: Subscribing;
  will: SnWill | null = null;
  readonly #context: GatewayContext;
  readonly #clientId: string;
  #cleanSession = true;

  constructor(context: GatewayContext, line: ClientLine, toBroker: (packet: ClientPacket) => void) {
    this.#context = context;
    this.#clientId = line.clientId;
    const { options, predefined } = context;
    const topicIds = new TopicIds(options.topicsPerClient, predefined.highestId, context.random());
    const packetIds = new UpstreamIds();
    this.topics = new KnownTopics(line.clientId, predefined, topicIds);
    this.incoming = new Incoming(context, line, packetIds, toBroker);
    this.subscribing = new Subscribing(context, line, this.topics, packetIds, toBroker);
  }

  /** A connection begins on it, or on another one in its place. */
  begin(cleanSession: boolean): void {
    this.#cleanSession = cleanSession;
    if (cleanSession) {
      this.#context.memory.forget(this.#clientId);
      this.topics.clear();
      this.clearExchanges();
      this.will = null;
    } else if (this.topics.ids.size === 0 && this.will === null) this.#recall();
    this.topics.ids.doubtAll();
  }

  /** The broker knows nothing of what was under way. */
  clearExchanges(): void {
    this.incoming.clear();
    this.subscribing.clear();
  }

  /** The connection to the broker is a new one on the old session. */
  onReconnected(): void {
    this.incoming.onReconnected();
    this.subscribing.onReconnected();
  }

  /** @returns REGACK */
  register({ packetId, topicName }: Register, isValid: boolean): SnMessage {
    if (!isValid) return { type: 'regack', topicId: 0, packetId, returnCode: ReturnCode.NotSupported };
    const topicId = this.topics.idOf(topicName);
    this.topics.confirm(topicName);
    this.remember();
    return { type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted };
  }

  #recall(): void {
    const remembered = this.#context.memory.load(this.#clientId);
    if (remembered === undefined) return;
    this.topics.ids.restore(remembered.topicIds);
    this.will = remembered.will;
  }

  /** What must be there when the client comes back, whatever becomes of this process. */
  remember(): void {
    if (this.#cleanSession) return;
    this.#context.memory.save(this.#clientId, { topicIds: this.topics.ids.entries(), will: this.will });
  }
}
