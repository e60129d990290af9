/**
 * One network connection, from CONNECT to its end: what is read and written on it, and what dies with it. The session's
 * parts are told what arrives; they outlive it.
 *
 *     Connecting ──CONNACK accepts──▶ Online ──▶ Over
 *         └── refusal, timeout, AUTH fails ───────▲
 *
 * Bytes of a broken server end the connection here, and nothing more.
 */
import type {
  AuthPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  DisconnectPacket,
  Packet,
  ReasonCode,
} from '@martlet/protocol';
import {
  decodeServerPacket,
  encodeClientPacket,
  FrameResult,
  PacketStream,
  ProtocolError,
  ProtocolVersion,
  ReasonCode as Reason,
  RemoteError,
  reasonCodeName,
} from '@martlet/protocol';
import { ClientError } from '../ports/client-error.ts';
import type { ConnectionEnd } from './connection-end.ts';
import { KeepAlive, KeepAliveVerdict } from './keep-alive.ts';
import { Outbox } from './outbox.ts';
import type { ServerCapabilities } from './server-capabilities.ts';
import { serverCapabilities } from './server-capabilities.ts';

/** What a connection writes to. */
export interface CoreTransport {
  /** False when so much waits to leave that we should hold back. */
  write(bytes: Uint8Array): boolean;
  pause?(): void;
  resume?(): void;
}

/** What a connection tells its client. Nothing after `onOver`. */
export interface ConnectionOwner {
  onConnack(connection: Connection, connack: ConnackPacket): void;
  onAuth(packet: AuthPacket): void;
  /** A PUBLISH, where it lies; the bytes are never written to again. */
  onPublish(bytes: Uint8Array, start: number, body: number, end: number): void;
  onPacket(packet: Packet): void;
  /** The transport is to be ended: at once unless something is still to be said. */
  onOver(end: ConnectionEnd, abrupt: boolean): void;
}

const PUBLISH = 3;

export class Connection {
  readonly version: ProtocolVersion;
  readonly outbox: Outbox;
  /** Null until CONNACK has accepted. */
  server: ServerCapabilities | null;
  /** The transport asks us to hold back. */
  isCongested: boolean;
  isOver: boolean;
  readonly #connect: ConnectPacket;
  readonly #transport: CoreTransport;
  readonly #owner: ConnectionOwner;
  readonly #nowMs: () => number;
  readonly #stream: PacketStream;
  #keepAlive: KeepAlive;
  /** More is read only after `resume`. */
  #isPaused: boolean;

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
    this.outbox = new Outbox((bytes) => {
      if (!this.isOver && !transport.write(bytes)) this.isCongested = true;
    });
    this.#connect = connect;
    this.#transport = transport;
    this.#owner = owner;
    this.#nowMs = nowMs;
    this.#stream = new PacketStream(this, maximumPacketSize);
    this.#keepAlive = new KeepAlive(0, nowMs());
    this.#isPaused = false;
    this.send(connect); // [MQTT-3.1.0-1]
  }

  /** Whether reading can be held back. */
  get canPause(): boolean {
    return this.#transport.pause !== undefined;
  }

  /** When `tick` is to be called; Infinity for never. */
  get nextDeadlineMs(): number {
    return this.#isPaused || this.isOver ? Number.POSITIVE_INFINITY : this.#keepAlive.nextMs;
  }

  send(packet: ClientPacket): void {
    this.outbox.push(encodeClientPacket(packet, this.version));
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP without properties. */
  sendAcknowledgement(
    type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
    packetId: number,
    reasonCode: ReasonCode,
  ): void {
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

  /** Hands everything to the transport. */
  flush(): void {
    if (this.outbox.isEmpty) return;
    this.#keepAlive.sent(this.#nowMs());
    this.outbox.flush();
  }

  receive(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.#keepAlive.received(this.#nowMs());
    try {
      this.#stream.receive(bytes, 0, bytes.length);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The application does not keep up: what has arrived waits, and the server is held back. */
  pause(): void {
    if (this.#isPaused || !this.canPause) return;
    this.#isPaused = true;
    this.#transport.pause!();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#keepAlive.received(this.#nowMs());
    try {
      this.#stream.resume();
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#isPaused && !this.isOver) this.#transport.resume?.();
  }

  tick(nowMs: number): void {
    if (this.isOver || this.#isPaused) return;
    const verdict = this.#keepAlive.look(nowMs);
    if (verdict === KeepAliveVerdict.Ping) this.#ping(nowMs);
    if (verdict !== KeepAliveVerdict.Dead) return;
    const text = `expected an answer from the server within ${this.server?.keepAlive ?? 0} s, got none`;
    this.end('network', new ClientError('CONNECTION_LOST', text, undefined, Reason.KeepAliveTimeout), true);
  }

  /** Asks the server for a sign of life, which must come within so many milliseconds. */
  probe(withinMs: number): void {
    if (this.server === null || this.isOver || this.#isPaused) return;
    this.#ping(this.#nowMs(), withinMs);
  }

  /** Ends it from this side, with DISCONNECT. */
  disconnect(packet: DisconnectPacket, error: ClientError): void {
    if (this.isOver) return;
    if (this.server !== null) this.send(packet);
    this.flush();
    this.end('client', error, false, packet.reasonCode);
  }

  end(
    by: ConnectionEnd['by'],
    error: ClientError,
    abrupt: boolean,
    reasonCode?: ReasonCode,
    serverReference?: string,
  ): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#stream.close();
    this.#owner.onOver({ by, error, reasonCode, serverReference, wasOnline: this.server !== null }, abrupt);
  }

  /** Called by the packet stream with one whole packet. */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    if (bytes[start]! >> 4 === PUBLISH) {
      if (this.server === null) throw new ProtocolError('expected CONNACK first, got PUBLISH'); // [MQTT-3.2.0-1]
      this.#owner.onPublish(bytes, start, body, end);
    } else {
      this.#onPacket(decodeServerPacket(bytes, start, body, end, this.version));
    }
    return this.#isPaused || this.isOver ? FrameResult.Stop : FrameResult.Next;
  }

  onShown(): void {}

  #ping(nowMs: number, withinMs?: number): void {
    this.send({ type: 'pingreq' });
    this.flush();
    this.#keepAlive.pinged(nowMs, withinMs);
  }

  #onPacket(packet: Packet): void {
    switch (packet.type) {
      case 'connack':
        this.#onConnack(packet);
        return;
      case 'auth':
        this.#owner.onAuth(packet);
        return;
      case 'disconnect': {
        const { reasonCode, properties } = packet;
        const why = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`;
        const code = reasonCode === Reason.SessionTakenOver ? 'SESSION_TAKEN_OVER' : 'CONNECTION_LOST';
        const text = `the server ended the connection: ${reasonCodeName(reasonCode)}${why}`;
        this.end(
          'server',
          new ClientError(code, text, undefined, reasonCode),
          true,
          reasonCode,
          properties.serverReference,
        );
        return;
      }
      case 'pingresp':
        return;
      default:
        if (this.server === null) throw new ProtocolError(`expected CONNACK first, got ${packet.type}`); // [MQTT-3.2.0-1]
        this.#owner.onPacket(packet);
    }
  }

  #onConnack(connack: ConnackPacket): void {
    if (this.server !== null) throw new ProtocolError('expected CONNACK once, got it again'); // [MQTT-3.2.0-2]
    const { reasonCode, properties } = connack;
    if (reasonCode !== Reason.Success) {
      const why = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`;
      const text = `expected the server to accept the connection, got ${reasonCodeName(reasonCode)}${why}`;
      this.end(
        'server',
        new ClientError('REFUSED', text, undefined, reasonCode),
        true,
        reasonCode,
        properties.serverReference,
      );
      return;
    }
    const { clientId, keepAlive, cleanStart } = this.#connect;
    if (connack.sessionPresent && cleanStart) {
      throw new ProtocolError('expected no session after a clean start, got one'); // [MQTT-3.2.2-2]
    }
    const sessionExpiryInterval = this.#connect.properties.sessionExpiryInterval ?? 0;
    this.server = serverCapabilities(connack, this.version, { clientId, keepAlive, sessionExpiryInterval });
    this.#keepAlive = new KeepAlive(this.server.keepAlive, this.#nowMs());
    this.#owner.onConnack(this, connack);
  }

  /** The server broke the protocol: it is told in MQTT 5.0, and the connection ends. */
  #fail(error: unknown): void {
    if (!(error instanceof RemoteError)) throw error;
    const { reasonCode } = error;
    if (this.server !== null && this.version === ProtocolVersion.V5) {
      this.send({ type: 'disconnect', reasonCode, properties: {} });
      this.flush();
    }
    const text = `the server broke the protocol: ${error.message}`;
    this.end('network', new ClientError('PROTOCOL_BROKEN', text, error, reasonCode), false, reasonCode);
  }
}
