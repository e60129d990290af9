/**
 * Messages to the server: the queue of those that wait, and the sending half of the delivery machine for those that are
 * under way. Both belong to the session and outlive the connection; what is written to it comes in with `online`.
 *
 *     Queued ──packet identifier──▶ InFlight ──written when safe──▶ acknowledged
 *
 * Where the session is kept, a message of QoS 1 or 2 is written only when its record, packet identifier included, is
 * safe: otherwise a client that crashed could give the identifier to another message, which the server would take for the
 * first one.
 */
import type { AcknowledgementProperties } from '@martlet/protocol';
import { DeliveryState, NO_PROPERTIES, ProtocolError, ReasonCode, Sender } from '@martlet/protocol';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import type { Keeper } from '../keeper.ts';
import { ClientError } from '../ports/client-error.ts';
import type { MakeMessage } from '../session-records.ts';
import {
  messageOfRecord,
  messageRecord,
  RELEASED_BYTES,
  recordPacketId,
  releasedRecord,
} from '../session-records.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';
import type { QueueLimits } from './outgoing-queue.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import type { PublishWriter } from './publish-writer.ts';

/** What messages are written to: made for each connection. */
export interface OutgoingConnection {
  readonly server: ServerCapabilities;
  readonly writer: PublishWriter;
  /** The transport asks us to hold back. */
  readonly isCongested: boolean;
  sendPubrel(packetId: number, reasonCode: ReasonCode): void;
  /** Whether one more thing may be under way, so that it is known what the server stumbles over. */
  mayAsk(): boolean;
}

/** What becomes of messages that nobody may be waiting for. */
export interface OutgoingOwner {
  wallMs(): number;
  onFailed(message: OutgoingMessage, error: ClientError): void;
  /** The queue has room again, or a packet is to be written. */
  requestTurn(): void;
}

export class Outgoing {
  readonly sender: Sender<OutgoingMessage> = new Sender();
  readonly #queue: OutgoingQueue;
  readonly #keeper: Keeper;
  readonly #owner: OutgoingOwner;
  /** In flight, and to be written for the first time when their records are safe; in order. */
  #unwritten: OutgoingMessage[] = [];
  /** PUBRELs that wait until the store knows of their PUBRECs. */
  #releases: { readonly packetId: number; readonly revision: number }[] = [];
  /** Messages whose record is on its way to the store; in order. */
  readonly #storing: OutgoingMessage[] = [];
  /** Written since the last flush. */
  #fresh: OutgoingMessage[] = [];
  #connection: OutgoingConnection | null = null;
  #nextKey = 1;
  /** Of messages that have a packet identifier. */
  #inFlightBytes = 0;
  #writtenUnanswered = 0;
  /** Identifiers of messages that were set aside: the server may still hold them. */
  readonly #reserved: Set<number> = new Set();

  constructor(keeper: Keeper, limits: QueueLimits, owner: OutgoingOwner) {
    this.#keeper = keeper;
    this.#queue = new OutgoingQueue(limits);
    this.#owner = owner;
  }

  get queuedMessages(): number {
    return this.#queue.size;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Messages of QoS 1 and 2 on this connection that the server has not answered. */
  get unanswered(): number {
    return this.#writtenUnanswered;
  }

  /** Whether everything given to `publish` has reached its end. */
  get isIdle(): boolean {
    return (
      this.#queue.size === 0 && this.sender.inFlight.size === this.#reserved.size && this.#fresh.length === 0
    );
  }

  /** @throws {ClientError} QUEUE_FULL when it can neither be sent nor wait. */
  publish(message: OutgoingMessage): void {
    const connection = this.#connection;
    const hasRoom = this.#inFlightBytes + message.bytes <= this.#queue.limits.bytes;
    if (connection !== null && hasRoom && this.#queue.size === 0 && this.#maySend(message, connection)) {
      this.#write(message, connection);
    } else if (this.#queue.makeRoom(message, this.#inFlightBytes, this.#drop)) {
      this.#queue.push(message);
      if (message.qos > 0) this.#keep(message);
    }
    this.#owner.requestTurn();
  }

  #maySend(message: OutgoingMessage, connection: OutgoingConnection): boolean {
    return !connection.isCongested && (message.qos === 0 || (this.sender.ready && connection.mayAsk()));
  }

  /** The application does not want it sent any more. False when it may have been sent already. */
  withdraw(message: OutgoingMessage): boolean {
    if (message.place !== Place.Queued) return false;
    this.#queue.remove(message);
    this.#unkeep(message);
    return true;
  }

  online(connection: OutgoingConnection, sessionPresent: boolean): void {
    this.#connection = connection;
    if (!sessionPresent) this.#forgetSession();
    this.sender.connected(connection.server.receiveMaximum);
    this.send();
  }

  offline(): void {
    this.#connection = null;
    this.sender.disconnected();
    this.#releases = [];
    this.#writtenUnanswered = 0;
    this.#unwritten = [];
    for (const packetId of this.sender.inFlight.inOrder()) {
      const message = this.sender.inFlight.itemOf(packetId);
      if (message !== null) message.written = false;
    }
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const message of fresh) {
      if (message.qos === 0) this.fail(message, lost());
    }
  }

  /** Sends again what the session has in flight, then what waits, as far as the server takes it. */
  send(): void {
    const connection = this.#connection;
    if (connection === null) return;
    if (!this.#resend(connection)) return;
    for (let message = this.#queue.first; message !== null; message = this.#queue.first) {
      if (message.expiresMs <= this.#owner.wallMs()) {
        this.#queue.remove(message);
        this.fail(message, new ClientError('TIMEOUT', 'the message expired before it could be sent'));
        continue;
      }
      if (!this.#maySend(message, connection)) break;
      this.#queue.remove(message);
      this.#write(message, connection);
    }
  }

  /** False while something older still has to be sent again. */
  #resend(connection: OutgoingConnection): boolean {
    for (;;) {
      if (connection.isCongested || !connection.mayAsk()) return this.sender.sendable > 0;
      const packetId = this.sender.nextResend();
      if (packetId === 0) return true;
      const message = this.sender.inFlight.itemOf(packetId);
      if (message === null || this.sender.awaitsPubcomp(packetId)) {
        connection.sendPubrel(packetId, ReasonCode.Success); // [MQTT-4.4.0-1]
      } else if (!this.#reserved.has(packetId)) {
        message.transmissions = Math.max(1, message.transmissions);
        this.#unwritten.push(message);
        this.#writeSafe();
      }
    }
  }

  #write(message: OutgoingMessage, connection: OutgoingConnection): void {
    const { server } = connection;
    if (message.qos > server.maximumQos) {
      this.fail(message, unsupported(`QoS ${message.qos}`)); // [MQTT-3.2.2-11]
      return;
    }
    if (message.retain && !server.retainAvailable) {
      this.fail(message, unsupported('retained messages')); // [MQTT-3.2.2-14]
      return;
    }
    message.place = Place.InFlight;
    if (message.qos === 0) {
      if (connection.writer.write(message, this.#owner.wallMs())) this.#fresh.push(message);
      else this.fail(message, tooLarge(server));
      return;
    }
    message.packetId = this.sender.publish(message.qos, message);
    this.#inFlightBytes += message.bytes;
    this.#keep(message);
    this.#unwritten.push(message);
    this.#writeSafe();
  }

  /** Writes what has a packet identifier and a safe record, in order. */
  #writeSafe(): void {
    const connection = this.#connection;
    if (connection === null) return;
    let count = 0;
    for (const message of this.#unwritten) {
      if (!this.#keeper.isSafe(message.revision)) break;
      count++;
      if (!connection.writer.write(message, this.#owner.wallMs())) {
        this.#release(message);
        this.fail(message, tooLarge(connection.server));
        continue;
      }
      message.written = true;
      this.#writtenUnanswered++;
      this.#fresh.push(message);
    }
    if (count === this.#unwritten.length) this.#unwritten.length = 0;
    else this.#unwritten.splice(0, count);
  }

  /** Everything written has been handed to the transport. */
  onFlushed(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const message of fresh) {
      const isFirst = message.transmissions++ === 0 || message.qos === 0;
      if (isFirst) message.onSent();
      if (message.qos === 0) {
        message.place = Place.None;
        message.onAcknowledged(ReasonCode.Success, NO_PROPERTIES);
      }
    }
  }

  /** More of what was staged is safe. */
  onSafe(): void {
    const storing = this.#storing;
    let count = 0;
    while (count < storing.length && this.#keeper.isSafe(storing[count]!.revision)) {
      const message = storing[count++]!;
      if (message.place !== Place.None) message.onStored();
    }
    storing.splice(0, count);
    this.#writeSafe();
    while (this.#releases.length > 0 && this.#keeper.isSafe(this.#releases[0]!.revision)) {
      this.#connection?.sendPubrel(this.#releases.shift()!.packetId, ReasonCode.Success);
    }
    this.send();
  }

  /** @throws {ProtocolError} */
  onPuback(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    if (!this.sender.awaitsPuback(packetId)) throw unexpected('PUBACK', packetId);
    this.#onAnswered(packetId, reasonCode, properties);
  }

  /** @throws {ProtocolError} */
  onPubrec(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    const connection = this.#connection!;
    if (!this.sender.awaitsPubrec(packetId)) {
      if (this.sender.inFlight.stateOf(packetId) === 0 || this.sender.awaitsPubcomp(packetId)) {
        connection.sendPubrel(packetId, ReasonCode.PacketIdentifierNotFound);
        return;
      }
      throw unexpected('PUBREC', packetId);
    }
    if (reasonCode >= 0x80) {
      this.#onAnswered(packetId, reasonCode, properties); // [MQTT-4.3.3-4]
      return;
    }
    const message = this.sender.inFlight.itemOf(packetId)!;
    this.#answered(message);
    this.sender.onPubrec(packetId);
    const revision = message.key === 0 ? 0 : this.#keeper.keep(message.key, releasedRecord(packetId));
    if (this.#keeper.isSafe(revision)) connection.sendPubrel(packetId, ReasonCode.Success);
    else this.#releases.push({ packetId, revision });
  }

  /** @throws {ProtocolError} */
  onPubcomp(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    if (!this.sender.awaitsPubcomp(packetId)) throw unexpected('PUBCOMP', packetId);
    const known = reasonCode === ReasonCode.PacketIdentifierNotFound ? ReasonCode.Success : reasonCode;
    this.#onAnswered(packetId, known, properties);
  }

  #onAnswered(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    const message = this.sender.inFlight.itemOf(packetId)!;
    const wasSetAside = this.#reserved.delete(packetId);
    if (message.written && !this.sender.awaitsPubcomp(packetId)) this.#answered(message);
    this.#release(message);
    if (!wasSetAside) message.onAcknowledged(reasonCode, properties);
    if (this.#queue.size > 0 || this.#unwritten.length > 0) this.#owner.requestTurn();
  }

  /** The server has answered: it did not stumble over this one. */
  #answered(message: OutgoingMessage): void {
    if (!message.written) return;
    message.written = false;
    message.suspicion = 0;
    this.#writtenUnanswered--;
  }

  /** The messages that have been written on this connection and not been answered. */
  suspects(): OutgoingMessage[] {
    const { inFlight } = this.sender;
    return inFlight
      .inOrder()
      .map((packetId) => inFlight.itemOf(packetId)!)
      .filter((message) => message.written);
  }

  /** The server closes the connection whenever it gets this message: it is not sent any more. */
  setAside(message: OutgoingMessage, error: ClientError): void {
    // The server may hold the identifier of a QoS 2 message: it is not given to another one in this session.
    if (message.qos === 2) {
      this.#reserved.add(message.packetId);
      this.#unkeep(message);
      message.place = Place.None;
    } else this.#release(message);
    this.fail(message, error);
  }

  fail(message: OutgoingMessage, error: ClientError): void {
    message.place = Place.None;
    this.#unkeep(message);
    message.onFailed(error);
    this.#owner.onFailed(message, error);
  }

  /** Fails everything that has not been acknowledged; what the store keeps stays there. */
  close(error: ClientError): void {
    for (let message = this.#queue.first; message !== null; message = this.#queue.first) {
      this.#queue.remove(message);
      message.onFailed(error);
    }
    const { inFlight } = this.sender;
    for (const packetId of inFlight.inOrder()) {
      const message = inFlight.itemOf(packetId);
      if (message === null || message.place !== Place.InFlight) continue;
      message.place = Place.None;
      message.onFailed(error);
    }
  }

  /** Takes in a record of the store, in the order of keys. */
  restore(key: number, record: Uint8Array, make: MakeMessage): void {
    this.#nextKey = Math.max(this.#nextKey, key + 1);
    if (record.length === RELEASED_BYTES) {
      const released = make('', new Uint8Array(0), 2, false, NO_PROPERTIES, Number.POSITIVE_INFINITY);
      released.key = key;
      released.place = Place.InFlight;
      released.packetId = recordPacketId(record);
      this.#inFlightBytes += released.bytes;
      this.sender.inFlight.insert(released.packetId, DeliveryState.AwaitingPubcomp, released);
      return;
    }
    const message = messageOfRecord(record, make);
    message.key = key;
    if (message.packetId === 0) {
      this.#queue.push(message);
      return;
    }
    message.place = Place.InFlight;
    this.#inFlightBytes += message.bytes;
    const state = message.qos === 1 ? DeliveryState.AwaitingPuback : DeliveryState.AwaitingPubrec;
    this.sender.inFlight.insert(message.packetId, state, message);
  }

  readonly #drop = (message: OutgoingMessage, text: string): void => {
    this.fail(message, new ClientError('QUEUE_FULL', text));
  };

  #keep(message: OutgoingMessage): void {
    if (!this.#keeper.keeps) {
      if (message.revision === 0) {
        message.revision = -1;
        message.onStored();
      }
      return;
    }
    if (message.key === 0) message.key = this.#nextKey++;
    const wasStoring = message.revision > 0;
    message.revision = this.#keeper.keep(message.key, messageRecord(message));
    if (!wasStoring) this.#storing.push(message);
  }

  #unkeep(message: OutgoingMessage): void {
    if (message.key === 0) return;
    this.#keeper.keep(message.key, null);
    message.key = 0;
  }

  #release(message: OutgoingMessage): void {
    this.sender.release(message.packetId);
    this.#inFlightBytes -= message.bytes;
    this.#unkeep(message);
    message.place = Place.None;
  }

  /**
   * The server has no session. What it had not accepted goes back to the queue, in order, and is sent as new; what it had
   * accepted with PUBREC has been delivered. [MQTT-3.2.2-5]
   */
  #forgetSession(): void {
    const { inFlight } = this.sender;
    const packetIds = inFlight.inOrder();
    for (const packetId of packetIds.reverse()) {
      const message = inFlight.itemOf(packetId);
      const isAccepted = this.sender.awaitsPubcomp(packetId);
      inFlight.free(packetId);
      if (message === null) continue;
      if (this.#reserved.has(packetId)) {
        this.#inFlightBytes -= message.bytes;
        continue;
      }
      if (isAccepted) {
        this.#inFlightBytes -= message.bytes;
        this.#unkeep(message);
        message.place = Place.None;
        message.onAcknowledged(ReasonCode.Success, NO_PROPERTIES);
        continue;
      }
      message.packetId = 0;
      this.#inFlightBytes -= message.bytes;
      message.transmissions = 0;
      this.#queue.unshift(message);
      if (message.key !== 0) this.#keep(message);
    }
    this.#reserved.clear();
  }
}

function unexpected(packet: string, packetId: number): ProtocolError {
  return new ProtocolError(`expected a packet identifier under way in ${packet}, got ${packetId}`);
}

function unsupported(what: string): ClientError {
  return new ClientError('NOT_SUPPORTED_BY_SERVER', `expected a server with ${what}, got one without`);
}

function tooLarge(server: ServerCapabilities): ClientError {
  return new ClientError(
    'PACKET_TOO_LARGE',
    `expected a packet of at most ${server.maximumPacketSize} bytes, which the server takes, got a longer one`,
  );
}

function lost(): ClientError {
  return new ClientError('CONNECTION_LOST', 'the connection was lost before the message had left');
}
