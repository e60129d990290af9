/** One client of a `World`: encodes what it sends, decodes what it gets, and is its own transport. */
import type {
  ConnackPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  Qos,
  ReasonCode,
  Subscription,
} from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import type { Store } from '../../src/core/ports/store.ts';
import type { Transport, TransportSink } from '../../src/core/ports/transport.ts';
import type { World } from './world.ts';
import { bytesOf } from './world.ts';

export class TestClient implements Transport {
  readonly peer: string;
  readonly version: ProtocolVersion;
  connack: ConnackPacket | undefined;
  /** The broker has closed the connection. */
  closed = false;
  paused = false;
  /** Every chunk that was written, as it came. */
  readonly writes: Uint8Array[] = [];
  /** While true, what is written stays in the transport, as with a peer that does not read. */
  stalled = false;
  readonly #world: World<Store>;
  readonly #sink: TransportSink;
  readonly #stream: PacketStream;
  #received: Packet[] = [];
  #pending: Uint8Array[] = [];
  /** What the next read goes to. */
  #lent: Uint8Array | null = null;
  #packetId = 0;
  #gone = false;

  constructor(world: World<Store>, version: ProtocolVersion) {
    this.#world = world;
    this.peer = world.peer;
    this.version = version;
    this.#stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          this.#received.push(
            decodePacket(bytes.slice(start, end), 0, body - start, end - start, version, { from: 'server' }),
          );
          return FrameResult.Next;
        },
      },
      268_435_460,
    );
    const sink = world.core.attach(this, {
      listener: world.listener,
      kind: 'stream',
      durability: world.listenerDurability,
      policy: world.listenerPolicy,
    });
    if (sink === null) {
      this.closed = true;
      this.#gone = true;
      this.#sink = { receive() {}, onDrained() {}, onClosed() {} };
    } else {
      this.#sink = sink;
    }
  }

  // ---- what a test does --------------------------------------------------------------------------------------------

  /** Sends packets as one chunk of bytes, and lets the broker's turn end. */
  send(...packets: Packet[]): void {
    const encoded = packets.map((packet) => encodePacket(packet, this.version));
    const bytes = new Uint8Array(encoded.reduce((sum, each) => sum + each.length, 0));
    let at = 0;
    for (const each of encoded) {
      bytes.set(each, at);
      at += each.length;
    }
    this.sendBytes(bytes);
  }

  /** As a socket does it: into the buffer that all share, or into memory that the broker has lent for this read. */
  sendBytes(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#gone) {
      const into = this.#lent ?? this.#world.readBuffer(bytes.length - at);
      const count = Math.min(into.length, bytes.length - at);
      into.set(bytes.subarray(at, at + count));
      at += count;
      this.#sink.receive(into, 0, count);
      // The broker must not look at it any more: the memory of a read is used again.
      if (this.#lent === null) into.fill(0xee, 0, count);
      const lent = this.closed ? null : (this.#sink.readInto?.() ?? null);
      this.#lent = lent === null || lent.length === 0 ? null : lent;
    }
    this.#world.turn();
  }

  /** The kernel writes into the memory that a read was told to go to, whatever has become of the connection. */
  scribble(): void {
    this.#lent?.fill(0x66);
  }

  publish(topicName: string, payload: string | Uint8Array, options: Partial<PublishPacket> = {}): number {
    const qos = options.qos ?? 0;
    const packetId = qos === 0 ? 0 : (options.packetId ?? this.nextPacketId());
    this.send({
      type: 'publish',
      topicName,
      payload: typeof payload === 'string' ? bytesOf(payload) : payload,
      qos,
      retain: false,
      dup: false,
      properties: {},
      ...options,
      packetId,
    });
    return packetId;
  }

  /** Subscribes and takes the SUBACK; further packets stay to be taken. Returns its reason codes. */
  subscribe(
    topicFilter: string | readonly (Partial<Subscription> & { readonly topicFilter: string })[],
    qos: Qos = 0,
    subscriptionIdentifier?: number,
  ): readonly ReasonCode[] {
    const wanted = typeof topicFilter === 'string' ? [{ topicFilter }] : topicFilter;
    this.send({
      type: 'subscribe',
      packetId: this.nextPacketId(),
      subscriptions: wanted.map((each) => ({
        qos,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        ...each,
      })),
      properties: subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier },
    });
    const suback = this.takeOne('suback');
    return suback.reasonCodes;
  }

  unsubscribe(...topicFilters: string[]): readonly ReasonCode[] {
    this.send({ type: 'unsubscribe', packetId: this.nextPacketId(), topicFilters, properties: {} });
    return this.takeOne('unsuback').reasonCodes;
  }

  /** Says goodbye: no will. */
  disconnect(reasonCode: ReasonCode = 0, properties: { sessionExpiryInterval?: number } = {}): void {
    this.send({ type: 'disconnect', reasonCode, properties });
  }

  /** The network breaks. */
  drop(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#sink.onClosed(null);
    this.#world.turn();
  }

  /** Everything received since the last call. */
  take(): Packet[] {
    return this.#received.splice(0);
  }

  /** The only packet of a type among what was received; it is taken out. */
  takeOne<Type extends Packet['type']>(type: Type): Extract<Packet, { type: Type }> {
    const found = this.#received.filter((packet) => packet.type === type);
    if (found.length !== 1) {
      throw new Error(
        `expected one ${type}, got ${JSON.stringify(this.#received)}${this.closed ? ' (closed)' : ''}`,
      );
    }
    this.#received = this.#received.filter((packet) => packet !== found[0]);
    return found[0] as Extract<Packet, { type: Type }>;
  }

  /** The PUBLISH packets received; other packets stay. */
  takePublishes(): PublishPacket[] {
    const found = this.#received.filter((packet) => packet.type === 'publish');
    this.#received = this.#received.filter((packet) => packet.type !== 'publish');
    return found;
  }

  /** Their payloads as text. */
  takeTexts(): string[] {
    return this.takePublishes().map((packet) => new TextDecoder().decode(packet.payload));
  }

  /** Acknowledges PUBLISH packets as their QoS asks, PUBREL included. Returns them. */
  takeAndAcknowledge(): PublishPacket[] {
    const taken = this.takePublishes();
    for (const { qos, packetId } of taken) {
      if (qos === 1) this.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
      if (qos === 2) {
        this.send({ type: 'pubrec', packetId, reasonCode: 0, properties: {} });
        this.takeOne('pubrel');
        this.send({ type: 'pubcomp', packetId, reasonCode: 0, properties: {} });
      }
    }
    return taken;
  }

  nextPacketId(): number {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return this.#packetId;
  }

  /** Reads again after `stalled`: what had been written arrives. */
  unstall(): void {
    this.stalled = false;
    const pending = this.#pending;
    this.#pending = [];
    for (const bytes of pending) this.#deliver(bytes);
    if (pending.length > 0) this.#sink.onDrained();
    this.#world.turn();
  }

  // ---- Transport ---------------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): boolean {
    if (this.closed) throw new Error('the broker wrote to a connection that it had closed');
    if (this.#pending.length > 0) throw new Error('the broker wrote before the transport had drained');
    if (this.stalled) {
      this.#pending.push(bytes);
      return false;
    }
    this.#deliver(bytes);
    return true;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.stalled) {
      for (const piece of pieces) this.#pending.push(piece);
      return false;
    }
    for (const piece of pieces) this.#deliver(piece);
    return true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.scribble();
    this.closed = true;
    this.#world.closing(this);
  }

  destroy(): void {
    this.closed = true;
    this.#world.closing(this);
  }

  #deliver(bytes: Uint8Array): void {
    const copy = bytes.slice();
    this.writes.push(copy);
    this.#stream.receive(copy, 0, copy.length);
  }

  /** A transport that was ended reports its close after the call. */
  settle(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#sink.onClosed(null);
  }
}
