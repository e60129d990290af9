/** What belongs to a client's session at the gateway: the topics it knows, its exchanges, and its will, which outlives connections. */
import type { ClientPacket, Deadline } from '@martlet/protocol';
import { checkTopicName, utf8ByteLength } from '@martlet/protocol';
import type { Register, SnMessage } from './codec/message.ts';
import { ReturnCode } from './codec/return-code.ts';
import type { ClientLine, GatewayContext } from './gateway-context.ts';
import { Incoming } from './incoming.ts';
import { KnownTopics } from './known-topics.ts';
import { PacketIds } from './packet-ids.ts';
import { Subscribing } from './subscribing.ts';
import { TopicIds } from './topic-ids.ts';
import { UpstreamIds } from './upstream-ids.ts';
import type { SnWill } from './will-handshake.ts';

/** Topic identifiers that are new are remembered together, so long after the first. */
const SOON_MS = 1000;

export class KeptSession {
  readonly topics: KnownTopics;
  readonly packetIds: PacketIds;
  readonly incoming: Incoming;
  readonly subscribing: Subscribing;
  will: SnWill | null = null;
  readonly #context: GatewayContext;
  readonly #clientId: string;
  readonly #soon: Deadline;
  #cleanSession = true;
  /** The memory has been asked, or has nothing of this session. */
  #recalled = false;
  /** The broker has accepted it: who is refused is not remembered. */
  #accepted = false;

  constructor(context: GatewayContext, line: ClientLine, toBroker: (packet: ClientPacket) => boolean) {
    this.#context = context;
    this.#clientId = line.clientId;
    const { options, predefined, random } = context;
    const topicIds = new TopicIds(options.topicsPerClient, predefined.highestId, random());
    const upstreamIds = new UpstreamIds((packetId) => this.incoming.has(packetId));
    this.topics = new KnownTopics(line.clientId, predefined, topicIds);
    this.packetIds = new PacketIds(random);
    this.incoming = new Incoming(context, line, toBroker, (packetId) => upstreamIds.has(packetId));
    this.subscribing = new Subscribing(context, line, this.topics, upstreamIds, toBroker);
    this.#soon = { heapIndex: -1, onDue: () => this.#save() };
  }

  /** A connection begins on it, or on another one in its place. */
  begin(cleanSession: boolean): void {
    this.#cleanSession = cleanSession;
    if (cleanSession) {
      this.#context.memory.forget(this.#clientId);
      this.will = null;
      this.#beginAnew();
    } else if (!this.#recalled) this.#recall();
    this.#recalled = true;
    this.topics.onConnect();
  }

  /**
   * The broker has accepted the connection.
   * @param sessionPresent false: it knows nothing of what was before; the topic identifiers may stay as they are
   */
  onAccepted(sessionPresent: boolean): void {
    this.#accepted = true;
    if (!sessionPresent) this.#beginAnew();
    this.#save();
  }

  #beginAnew(): void {
    if (this.#cleanSession) this.topics.clear();
    else this.topics.clearSubscriptions();
    this.packetIds.newSession();
    this.incoming.clear();
    this.subscribing.clear();
  }

  /** The connection to the broker is a new one on the old session. */
  onReconnected(): void {
    this.incoming.onReconnected();
    this.subscribing.onReconnected();
  }

  /** @returns REGACK */
  register({ packetId, topicName }: Register): SnMessage {
    const { topicBytes } = this.#context.options;
    const isTopicName = utf8ByteLength(topicName) <= topicBytes && checkTopicName(topicName) === null;
    if (!isTopicName) return { type: 'regack', topicId: 0, packetId, returnCode: ReturnCode.NotSupported };
    if (!this.topics.ids.has(topicName)) this.rememberSoon();
    const topicId = this.topics.idOf(topicName);
    this.topics.confirm(topicName);
    return { type: 'regack', topicId, packetId, returnCode: ReturnCode.Accepted };
  }

  #recall(): void {
    const remembered = this.#context.memory.load(this.#clientId);
    if (remembered === undefined) return;
    this.topics.ids.restore(remembered.topicIds);
    this.topics.restoreSubscribedAs(remembered.subscribedAs);
    this.packetIds.restore(remembered.packetIdOffset);
    this.will = remembered.will;
  }

  /** Topic identifiers have changed. */
  rememberSoon(): void {
    const { deadlines, nowMs } = this.#context;
    if (!this.#cleanSession && this.#soon.heapIndex < 0) deadlines.set(this.#soon, nowMs + SOON_MS);
  }

  /** What must be there when the client comes back, whatever becomes of this process. */
  remember(): void {
    this.#save();
  }

  #save(): void {
    const { deadlines, memory, options } = this.#context;
    deadlines.clear(this.#soon);
    if (this.#cleanSession || !this.#accepted) return;
    const { ids, subscribedAs } = this.topics;
    const remembered = {
      topicIds: ids.entries(),
      subscribedAs,
      will: this.will,
      packetIdOffset: this.packetIds.offset,
    };
    memory.save(this.#clientId, remembered, options.sessionExpiryInterval);
  }

  /** The client has gone. @param isKept whether the broker keeps its session */
  end(isKept: boolean): void {
    if (isKept) this.#save();
    this.#context.deadlines.clear(this.#soon);
  }
}
