/**
 * One network connection to the server under test: sends packets and bytes as a check wants them, legal or not, and hands
 * out what comes back one by one.
 *
 * It is not the client library, which would never send what has to be refused, and would hide what has to be seen.
 */
import type { Transport, TransportListener } from '@martlet/client';
import type {
  ClientPacket,
  ConnackPacket,
  DisconnectPacket,
  ProtocolVersion,
  PublishPacket,
  ServerPacket,
} from '@martlet/protocol';
import { decodeServerPacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';
import { CheckFailure, CheckInconclusive } from './check-failure.ts';
import type { Exchange } from './exchange.ts';
import { packetText } from './packet-text.ts';
import { packetsText, waitText } from './packets-text.ts';
import type { Target } from './target.ts';

/** Nothing that a check provokes is longer, in bytes. */
const LONGEST_PACKET = 268_435_460;

const FIRST_BYTES = 16;

/** How the server ended a connection. */
export interface Closing {
  /** MQTT 5.0 servers may say why. */
  readonly disconnect: DisconnectPacket | undefined;
  /** What came before, DISCONNECT not counted. */
  readonly packets: readonly ServerPacket[];
}

export interface RawClientOptions {
  readonly open: Target['open'];
  readonly version: ProtocolVersion;
  /** Tells the connections of a check apart in what is shown. */
  readonly name: string;
  readonly exchange: Exchange;
  /** How long an answer may take, in ms. */
  readonly timeoutMs: number;
}

export class RawClient implements TransportListener {
  readonly version: ProtocolVersion;
  readonly name: string;
  /** Once the server has accepted CONNECT. */
  connack: ConnackPacket | undefined;
  readonly #exchange: Exchange;
  readonly #timeoutMs: number;
  readonly #stream: PacketStream;
  #transport: Transport | undefined;
  readonly #received: ServerPacket[] = [];
  /** Bytes that are no packet of a server. */
  #malformed: Error | undefined;
  #firstBytes: Uint8Array = new Uint8Array(0);
  #closed = false;
  #wake: (() => void) | undefined;
  #interruption: { readonly reason: unknown } | undefined;
  #packetId = 0;
  #largestPacket = 0;

  private constructor(options: RawClientOptions) {
    this.version = options.version;
    this.name = options.name;
    this.#exchange = options.exchange;
    this.#timeoutMs = options.timeoutMs;
    this.#stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => this.#onFrame(bytes, start, body, end),
      },
      LONGEST_PACKET,
    );
  }

  /** @throws {CheckInconclusive} if there is no connection to be had */
  static async open(options: RawClientOptions): Promise<RawClient> {
    const client = new RawClient(options);
    await client.#open(options);
    return client;
  }

  async #open({ open, timeoutMs }: RawClientOptions): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      this.#transport = await open(this, timeout);
    } catch (error) {
      if (timeout.aborted)
        throw new CheckInconclusive(`expected a network connection ${waitText(timeoutMs)}, got none`, {
          cause: error,
        });
      const got = error instanceof Error ? error.message : String(error);
      throw new CheckInconclusive(got, { cause: error });
    }
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  nextPacketId(): number {
    this.#packetId += 1;
    return this.#packetId;
  }

  /** Sends packets in one write, so that a server sees them together. */
  send(...packets: readonly ClientPacket[]): void {
    for (const packet of packets) this.#exchange.add(this.name, '→', packetText(packet));
    this.#write(joined(packets.map((packet) => encodePacket(packet, this.version))));
  }

  /** Sends what no client may, or in pieces that none would choose. */
  sendBytes(bytes: Uint8Array, what: string): void {
    this.#exchange.add(this.name, '→', `${what}: ${hexText(bytes)}`);
    this.#write(bytes);
  }

  /** Shows what was sent past this connection. */
  note(what: string): void {
    this.#exchange.add(this.name, '→', what);
  }

  #write(bytes: Uint8Array): void {
    // A server that has closed meanwhile shows when the answer is waited for.
    if (!this.#closed) this.#transport?.write(bytes);
  }

  /** Ends the network connection without a word: a network failure, to the server. */
  drop(): void {
    this.#exchange.add(this.name, '→', 'network connection dropped');
    this.#transport?.destroy();
  }

  /** What is waited for is rejected with this reason. */
  interrupt(reason: unknown): void {
    this.#interruption = { reason };
    this.#wake?.();
  }

  // ---- what comes back ---------------------------------------------------------------------------------------------

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The next packet, whatever it is.
   * @param expected for the message of the failure: `a SUBACK`
   * @throws {CheckFailure} if the server closes instead, is silent, or sends what is no packet
   */
  async next(expected: string, timeoutMs: number = this.#timeoutMs): Promise<ServerPacket> {
    const packet = await this.#nextOrEnd(timeoutMs);
    if (packet === 'silence')
      throw new CheckFailure(`expected ${expected} ${waitText(timeoutMs)}, got nothing`);
    if (packet === 'closed')
      throw new CheckFailure(`expected ${expected}, but the server closed the connection`);
    return packet;
  }

  /** The next packet, or that the server has closed: for checks that take either for an answer. */
  async nextOrClosed(expected: string): Promise<ServerPacket | 'closed'> {
    const packet = await this.#nextOrEnd();
    if (packet !== 'silence') return packet;
    throw new CheckFailure(`expected ${expected} ${waitText(this.#timeoutMs)}, got nothing`);
  }

  /** The next packet, or what there is instead of it. */
  nextOrSettled(): Promise<ServerPacket | 'closed' | 'silence'> {
    return this.#nextOrEnd();
  }

  /** Whether the server closes within this time, in ms; what it sends meanwhile is passed over. */
  async settles(timeoutMs: number = this.#timeoutMs): Promise<'closed' | 'silence'> {
    for (;;) {
      const packet = await this.#nextOrEnd(timeoutMs);
      if (packet === 'closed' || packet === 'silence') return packet;
    }
  }

  /** The next packet, which has to be of this type. */
  async expect<Type extends ServerPacket['type']>(
    type: Type,
    timeoutMs?: number,
  ): Promise<Extract<ServerPacket, { type: Type }>> {
    const expected = type.toUpperCase();
    const packet = await this.next(expected, timeoutMs);
    if (packet.type === type) return packet as Extract<ServerPacket, { type: Type }>;
    throw new CheckFailure(`expected ${expected}, got ${packetText(packet)}`);
  }

  /** The next packet of this type; PUBLISH packets that come before it stay to be taken, in their order. */
  async expectAfterMessages<Type extends Exclude<ServerPacket['type'], 'publish'>>(
    type: Type,
  ): Promise<Extract<ServerPacket, { type: Type }>> {
    const messages: PublishPacket[] = [];
    for (;;) {
      const packet = await this.next(type.toUpperCase());
      if (packet.type === 'publish') messages.push(packet);
      else if (packet.type === type) {
        this.#received.unshift(...messages);
        return packet as Extract<ServerPacket, { type: Type }>;
      } else throw new CheckFailure(`expected ${type.toUpperCase()}, got ${packetText(packet)}`);
    }
  }

  /** Everything that comes before the answer to a PINGREQ: what the server had to say up to now. */
  async untilPing(): Promise<readonly ServerPacket[]> {
    this.send({ type: 'pingreq' });
    const packets: ServerPacket[] = [];
    for (;;) {
      const packet = await this.next('PINGRESP');
      if (packet.type === 'pingresp') return packets;
      packets.push(packet);
    }
  }

  /**
   * The server has to close the connection.
   * @param because what it has to close for, for the message of the failure
   */
  async closes(because: string, timeoutMs: number = this.#timeoutMs): Promise<Closing> {
    const packets: ServerPacket[] = [];
    for (;;) {
      const packet = await this.#nextOrEnd(timeoutMs);
      if (packet === 'silence')
        throw new CheckFailure(
          `expected the server to close the connection ${waitText(timeoutMs)} because of ${because}, got ${packetsText(packets)}`,
        );
      if (packet === 'closed') {
        const last = packets.at(-1);
        if (packets.slice(0, -1).some(({ type }) => type === 'disconnect'))
          throw new CheckFailure(`expected nothing behind DISCONNECT, got ${packetsText(packets)}`);
        return last?.type === 'disconnect'
          ? { disconnect: last, packets: packets.slice(0, -1) }
          : { disconnect: undefined, packets };
      }
      packets.push(packet);
    }
  }

  /** As `closes`, where what comes before may be in the form of another version. */
  async ends(because: string): Promise<void> {
    try {
      await this.closes(because);
    } catch (error) {
      if (this.#malformed === undefined) throw error;
      if (!this.#closed) await this.#waitForNews(this.#timeoutMs);
      if (!this.#closed) throw error;
    }
  }

  /** The size of the largest packet that came, its fixed header included. */
  get largestPacket(): number {
    return this.#largestPacket;
  }

  /** The first bytes that came, at most 16. */
  get firstBytes(): Uint8Array {
    return this.#firstBytes;
  }

  async #nextOrEnd(timeoutMs = this.#timeoutMs): Promise<ServerPacket | 'closed' | 'silence'> {
    const until = performance.now() + timeoutMs;
    // What wakes it may be a piece of a packet.
    while (this.#isWaiting()) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return 'silence';
      await this.#waitForNews(leftMs);
    }
    if (this.#interruption !== undefined) throw this.#interruption.reason;
    const packet = this.#received.shift();
    if (packet !== undefined) return packet;
    if (this.#malformed !== undefined)
      throw new CheckFailure(`expected packets as the specification has them: ${this.#malformed.message}`);
    return 'closed';
  }

  #isWaiting(): boolean {
    const hasNews = this.#received.length > 0 || this.#closed || this.#malformed !== undefined;
    return !hasNews && this.#interruption === undefined;
  }

  async #waitForNews(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    const packet = decodeServerPacket(bytes.slice(start, end), 0, body - start, end - start, this.version);
    this.#exchange.add(this.name, '←', packetText(packet));
    this.#largestPacket = Math.max(this.#largestPacket, end - start);
    this.#received.push(packet);
    return FrameResult.Next;
  }

  // ---- of the transport --------------------------------------------------------------------------------------------

  onBytes(bytes: Uint8Array): void {
    if (this.#malformed !== undefined) return;
    if (this.#firstBytes.length === 0) this.#firstBytes = bytes.slice(0, FIRST_BYTES);
    try {
      this.#stream.receive(bytes, 0, bytes.length);
    } catch (error) {
      this.#malformed = error as Error;
      this.#exchange.add(
        this.name,
        '←',
        `no packet of a server: ${(error as Error).message}: ${hexText(bytes)}`,
      );
    }
    this.#wake?.();
  }

  onDrain(): void {}

  onClose(): void {
    if (!this.#closed) this.#exchange.add(this.name, '←', 'network connection closed');
    this.#closed = true;
    this.#wake?.();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const SHOWN_BYTES = 48;

export function hexText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(
    ' ',
  );
  return bytes.length > SHOWN_BYTES ? `${shown} … (${bytes.length} bytes)` : shown;
}
