/**
 * One network connection, from CONNECT to its end: what is read and written on it, and what dies with it. The session's
 * parts are told what arrives; they outlive it.
 *
 *     Connecting ──CONNACK accepts──▶ Held ──the server has proved itself──▶ Online ──▶ Over
 *         │                             │ at once without authentication                 ▲
 *         └── refusal, timeout, failure ┴────────────────────────────────────────────────┘
 *
 * Bytes of a broken server end the connection here, and nothing more.
 */
import type {
  ClientPacketExceptPublish,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  ReasonCode,
  ServerPacketExceptPublish,
} from '@martlet/protocol';
import {
  decodeServerPacketExceptPublish,
  encodeClientPacketExceptPublish,
  FrameResult,
  PacketStream,
  ProtocolError,
  ProtocolVersion,
  ReasonCode as Reason,
  RemoteError,
  reasonCodeName,
} from '@martlet/protocol';
import type { ClientErrorCode } from '../ports/client-error.ts';
import { ClientError } from '../ports/client-error.ts';
import type { ConnectionEnd } from './connection-end.ts';
import type { ConnectionOwner, CoreTransport } from './connection-owner.ts';
import { KeepAlive, KeepAliveVerdict } from './keep-alive.ts';
import { Outbox } from './outbox.ts';
import { refuseProblemInformation } from './problem-information.ts';
import type { ServerCapabilities } from './server-capabilities.ts';
import { serverCapabilities } from './server-capabilities.ts';

const PUBLISH = 3;

/** Why nothing is read, as bits: the owner wants it, or the server does not read what acknowledges its messages. */
const BLOCKED = 1;
const CLOGGED = 2;
/** Acknowledgements, in bytes, that wait behind a congested transport before reading does too. */
const MOST_WAITING_BYTES = 65_536;
/** As many times that where reading cannot wait: no Receive Maximum allows so many messages. */
const TOLERANCE = 8;

export class Connection {
  readonly version: ProtocolVersion;
  readonly outbox: Outbox;
  /** Null until online. */
  server: ServerCapabilities | null;
  /** The transport asks us to hold back. */
  isCongested: boolean;
  isOver: boolean;
  /** Why nothing is read; 0 while something is. */
  #holds: number;
  /** Of acknowledgements that were written since the transport is congested. */
  #waitingBytes: number;
  /** What CONNACK has said, while the server has not proved itself. */
  #held: ServerCapabilities | null;
  readonly #connect: ConnectPacket;
  readonly #transport: CoreTransport;
  readonly #owner: ConnectionOwner;
  readonly #nowMs: () => number;
  readonly #stream: PacketStream;
  #keepAlive: KeepAlive;

  constructor(
    transport: CoreTransport,
    connect: ConnectPacket,
    owner: ConnectionOwner,
    nowMs: () => number,
    maximumPacketSize: number,
  ) {
    this.version = connect.protocolVersion;
    this.server = null;
    this.isCongested = false;
    this.isOver = false;
    this.#holds = 0;
    this.#waitingBytes = 0;
    this.#held = null;
    this.outbox = new Outbox((bytes) => {
      if (this.isOver) return;
      if (!this.isCongested) this.#keepAlive.sent(nowMs());
      if (!transport.write(bytes)) this.isCongested = true;
      if (this.isCongested) this.#keepAlive.waits(bytes.length);
    });
    this.#connect = connect;
    this.#transport = transport;
    this.#owner = owner;
    this.#nowMs = nowMs;
    this.#stream = new PacketStream(this, maximumPacketSize);
    this.#keepAlive = new KeepAlive(0, nowMs(), transport);
    this.send(connect); // [MQTT-3.1.0-1] [MQTT-3.1.0-1] 3.1.1
  }

  /**
   * Whether the messages of before go on: the server has the session. CONNACK of MQTT 3.1 does not say whether it has, so
   * it is taken to, which repeats no message where it has and costs nothing where not.
   */
  get mayResume(): boolean {
    const { protocolVersion, cleanStart } = this.#connect;
    return this.server!.sessionPresent || (protocolVersion === ProtocolVersion.V31 && !cleanStart);
  }

  /** Nothing more is read for now. */
  get isPaused(): boolean {
    return this.#holds !== 0;
  }

  /** Whether reading can be held back. */
  get canPause(): boolean {
    return this.#transport.pause !== undefined;
  }

  /** When `tick` is to be called; Infinity for never. */
  get nextDeadlineMs(): number {
    return this.#keepAlive.nextMs(this.#isDeaf, this.isCongested);
  }

  /** @throws {TypeError | RangeError} for a packet that this version forbids */
  send(packet: ClientPacketExceptPublish): void {
    this.outbox.push(encodeClientPacketExceptPublish(packet, this.version));
  }

  /**
   * PUBACK, PUBREC, PUBREL or PUBCOMP without properties, which fits whatever the server takes.
   * [MQTT-3.4.2-2] [MQTT-3.4.2-3] [MQTT-3.5.2-2] [MQTT-3.5.2-3] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2]
   * [MQTT-3.7.2-3] [MQTT-2.2.1-5] [MQTT-2.3.1-6] 3.1.1
   */
  sendAcknowledgement(
    type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
    packetId: number,
    reasonCode: ReasonCode,
  ): void {
    if (this.isCongested) {
      this.#waitingBytes += 4;
      if (this.#waitingBytes > MOST_WAITING_BYTES) this.#hold(CLOGGED);
    }
    if (reasonCode !== Reason.Success) {
      this.send({ type, packetId, reasonCode, properties: {} });
      return;
    }
    const bytes = this.outbox.reserve(4);
    const at = this.outbox.end;
    bytes[at] = type === 'puback' ? 0x40 : type === 'pubrec' ? 0x50 : type === 'pubrel' ? 0x62 : 0x70;
    bytes[at + 1] = 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
    this.outbox.advance(at + 4);
  }

  /** The transport takes more. */
  onDrain(): void {
    this.isCongested = false;
    this.#waitingBytes = 0;
    this.#keepAlive.drained(this.#nowMs());
    this.#release(CLOGGED);
  }

  receive(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.#keepAlive.received(this.#nowMs());
    try {
      // A `Buffer` of Node.js would make one of every payload.
      const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#stream.receive(view, 0, view.length);
      // Not every transport can hold the server back, and this one has proved nothing yet.
      if (this.#held !== null && this.#stream.keptBytes > this.#stream.maximumPacketSize) {
        throw new ProtocolError('expected less before the server has proved itself');
      }
      if (this.#waitingBytes > MOST_WAITING_BYTES * TOLERANCE) {
        const text = 'expected the server to read acknowledgements, got only more messages';
        throw new ProtocolError(text, Reason.ReceiveMaximumExceeded);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The server has proved itself: what it sent since CONNACK is read. */
  accept(): void {
    const server = this.#held;
    if (server === null || this.isOver) return;
    this.#held = null;
    this.#goOnline(server);
    if (!this.isPaused) this.#goOn();
  }

  /** The application does not keep up: what has arrived waits, and the server is held back. */
  pause(): void {
    this.#hold(BLOCKED);
  }

  resume(): void {
    this.#release(BLOCKED);
  }

  #hold(reason: number): void {
    if (!this.canPause) return;
    if (this.#holds === 0) this.#transport.pause!();
    this.#holds |= reason;
  }

  #release(reason: number): void {
    if ((this.#holds & reason) === 0) return;
    this.#holds &= ~reason;
    if (this.#holds === 0) this.#goOn();
  }

  /** A server that does not read is judged all the same. */
  get #isDeaf(): boolean {
    return (this.#holds & BLOCKED) !== 0;
  }

  #goOn(): void {
    this.#keepAlive.received(this.#nowMs());
    try {
      this.#stream.resume();
    } catch (error) {
      this.#fail(error);
    }
    if (!this.isPaused && !this.isOver) this.#transport.resume?.();
  }

  tick(nowMs: number): void {
    if (this.isOver) return;
    const verdict = this.#keepAlive.look(nowMs, this.#isDeaf, this.isCongested);
    if (verdict === KeepAliveVerdict.Ping) this.#ping(nowMs);
    if (verdict !== KeepAliveVerdict.Dead) return;
    const text = 'expected a sign of life from the server in time, got none';
    this.end('network', new ClientError('CONNECTION_LOST', text, undefined, Reason.KeepAliveTimeout), true);
  }

  /** Asks the server for a sign of life, which must come within so many milliseconds: as many as always, unless said. */
  probe(withinMs?: number): void {
    if (this.server === null || this.isOver || this.isPaused) return;
    this.#ping(this.#nowMs(), withinMs);
  }

  /** Ends it from this side, with DISCONNECT. Before CONNACK too: the server may have accepted already. */
  disconnect(packet: DisconnectPacket, error: ClientError): void {
    if (this.isOver) return;
    // Before MQTT 5.0 DISCONNECT has no reason: it says that all is well, and the server throws the will away.
    if (this.version === ProtocolVersion.V5 || packet.reasonCode === Reason.NormalDisconnection)
      this.send(packet);
    this.outbox.flush();
    this.end('client', error, false); // [MQTT-3.14.4-1] [MQTT-3.14.4-2] [MQTT-3.14.4-1] 3.1.1 [MQTT-3.14.4-2] 3.1.1
  }

  end(by: ConnectionEnd['by'], error: ClientError, abrupt: boolean, serverReference?: string): void {
    if (this.isOver) return;
    this.isOver = true; // [MQTT-4.13.2-1] [MQTT-4.8.0-1] 3.1.1
    this.#stream.close();
    this.#owner.onOver({ by, error, serverReference, wasOnline: this.server !== null }, abrupt);
  }

  /** Called by the packet stream with one whole packet. */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    if (bytes[start]! >> 4 === PUBLISH) {
      if (this.server === null) throw new ProtocolError('expected CONNACK first, got PUBLISH'); // [MQTT-3.2.0-1]
      this.#owner.onPublish(bytes, start, body, end);
    } else {
      this.#onPacket(decodeServerPacketExceptPublish(bytes, start, body, end, this.version));
    }
    return this.isPaused || this.#held !== null || this.isOver ? FrameResult.Stop : FrameResult.Next;
  }

  onShown(): void {}

  #ping(nowMs: number, withinMs?: number): void {
    this.send({ type: 'pingreq' });
    this.outbox.flush();
    this.#keepAlive.pinged(nowMs, withinMs);
  }

  #onPacket(packet: ServerPacketExceptPublish): void {
    const { type } = packet;
    if (this.#connect.properties.requestProblemInformation === false) refuseProblemInformation(packet);
    if (type === 'connack') this.#onConnack(packet);
    else if (type === 'auth') {
      const { authentication } = this.#owner;
      if (authentication === undefined) throw new ProtocolError('expected no AUTH, got one'); // [MQTT-4.12.0-6]
      authentication.onAuth(packet);
    } else if (type === 'disconnect') {
      const isTakenOver = packet.reasonCode === Reason.SessionTakenOver;
      this.#endedByServer(packet, isTakenOver ? 'SESSION_TAKEN_OVER' : 'CONNECTION_LOST', 'stay');
    } else if (this.server === null) {
      throw new ProtocolError(`expected CONNACK first, got ${type}`); // [MQTT-3.2.0-1]
    } else this.#owner.onPacket(packet);
  }

  #onConnack(connack: ConnackPacket): void {
    if (this.server !== null) throw new ProtocolError('expected CONNACK once, got it again'); // [MQTT-3.2.0-2]
    if (connack.reasonCode !== Reason.Success) {
      this.#endedByServer(connack, 'REFUSED', 'accept the connection');
      return;
    }
    const server = serverCapabilities(connack, this.#connect);
    if (this.#owner.authentication === undefined) {
      this.#goOnline(server);
      return;
    }
    this.#held = server;
    this.#transport.pause?.();
    this.#owner.authentication.onProof(connack.properties.authenticationData);
  }

  /** Until now nothing was sent but AUTH. [MQTT-3.1.2-30] */
  #goOnline(server: ServerCapabilities): void {
    this.server = server;
    this.#keepAlive = new KeepAlive(server.keepAlive, this.#nowMs(), this.#transport);
    this.#owner.onOnline(server);
  }

  /** @param what we expected it to do instead */
  #endedByServer(
    { reasonCode, properties }: ConnackPacket | DisconnectPacket,
    code: ClientErrorCode,
    what: string,
  ): void {
    const { reasonString, serverReference } = properties;
    let text = `expected the server to ${what}, got ${reasonCodeName(reasonCode)}`;
    if (reasonString !== undefined) text += `: ${reasonString}`;
    if (serverReference !== undefined) text += `; it names ${serverReference}`;
    this.end('server', new ClientError(code, text, undefined, reasonCode), true, serverReference);
  }

  /** The server broke the protocol: it is told in MQTT 5.0, and the connection ends. */
  #fail(error: unknown): void {
    if (!(error instanceof RemoteError)) throw error;
    if (this.isOver) return;
    const { reasonCode } = error;
    if (this.version === ProtocolVersion.V5) {
      this.send({ type: 'disconnect', reasonCode, properties: {} });
      this.outbox.flush();
    }
    const text = `the server broke the protocol: ${error.message}`;
    this.end('network', new ClientError('PROTOCOL_BROKEN', text, error, reasonCode), false);
  }
}
