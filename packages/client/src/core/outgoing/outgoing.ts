/**
 * Messages to the server: those that wait, and those that are under way. Both belong to the session and outlive the
 * connection; what is written to it comes in with `online`.
 *
 *     publish ──▶ Queued ──the server and the network take it──▶ InFlight ──▶ acknowledged
 *        └──────────────── nothing waits ───────────────────────────▲
 */
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';
import type { Keeper } from '../keeper.ts';
import { ClientError } from '../ports/client-error.ts';
import type { MakeMessage, SessionRecords } from '../session-records.ts';
import { RecordKind } from '../session-records.ts';
import type { OutgoingConnection } from './in-flight-messages.ts';
import { InFlightMessages } from './in-flight-messages.ts';
import type { Clocks } from './message-records.ts';
import { MessageRecords } from './message-records.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';
import type { QueueLimits } from './outgoing-queue.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import { TopicNames } from './topic-names.ts';

export interface OutgoingOwner extends Clocks {
  /** A message will not be delivered, or not by this client. Told once or more: the first time counts. */
  onPublicationFailed(message: OutgoingMessage, error: ClientError): void;
  /** Something is to be written, or to be kept. */
  requestTurn(): void;
}

export class Outgoing {
  readonly queue: OutgoingQueue;
  readonly inFlight: InFlightMessages;
  readonly names: TopicNames = new TopicNames();
  /** Messages of QoS 0 were written and the server has answered nothing since. */
  hasUnproven = false;
  readonly #records: MessageRecords;
  readonly #owner: OutgoingOwner;
  #connection: OutgoingConnection | null = null;

  constructor(keeper: Keeper, limits: QueueLimits, owner: OutgoingOwner) {
    this.#owner = owner;
    this.#records = new MessageRecords(keeper, owner);
    this.queue = new OutgoingQueue(limits);
    this.inFlight = new InFlightMessages(this.#records, (message, error) =>
      owner.onPublicationFailed(message, error),
    );
  }

  /** Whether everything given to `publish` has reached its end. */
  get isIdle(): boolean {
    return (
      this.queue.size === 0 &&
      this.inFlight.size === 0 &&
      (this.#connection?.writer.written.length ?? 0) === 0
    );
  }

  /** @throws {ClientError} QUEUE_FULL; NOT_SUPPORTED_BY_SERVER and PACKET_TOO_LARGE as far as is known now */
  publish(message: OutgoingMessage): void {
    const connection = this.#connection;
    if (connection !== null) {
      const refusal = connection.writer.refusal(message);
      if (refusal !== null) throw refusal;
    }
    const { queue, inFlight } = this;
    if (
      connection !== null &&
      queue.size === 0 &&
      inFlight.bytes + message.bytes <= queue.limits.bytes &&
      this.#maySend(message, connection)
    ) {
      this.#write(message, connection);
    } else if (queue.makeRoom(message, inFlight.bytes, this.#fail)) {
      queue.push(message);
      this.#records.keep(message);
    }
    this.#owner.requestTurn();
  }

  /** At QoS 1 and 2 as far as the Receive Maximum goes. [MQTT-3.3.4-7] [MQTT-4.9.0-2] */
  #maySend(message: OutgoingMessage, connection: OutgoingConnection): boolean {
    return (
      !connection.isCongested && (message.qos === 0 || this.inFlight.sender.ready) && connection.mayAsk()
    );
  }

  #write(message: OutgoingMessage, connection: OutgoingConnection): void {
    if (message.qos > 0) {
      this.inFlight.add(message, connection);
      return;
    }
    message.place = Place.InFlight;
    this.hasUnproven = true;
    connection.writer.write(message);
  }

  /** The application does not want it sent any more; nothing happens when something of it has been written. */
  withdraw(message: OutgoingMessage): void {
    if (message.wasWritten) return;
    if (message.place === Place.InFlight) this.inFlight.withdraw(message);
    else if (message.place === Place.Queued) {
      this.queue.remove(message);
      this.#records.unkeep(message);
    }
    this.#owner.requestTurn();
  }

  /** There is a connection; `send` is to be called. */
  online(connection: OutgoingConnection, sessionPresent: boolean): void {
    this.#connection = connection;
    this.hasUnproven = false;
    if (!sessionPresent) {
      for (const message of this.inFlight.forgetSession().reverse()) {
        this.queue.unshift(message);
        this.#records.keep(message);
      }
    }
    this.inFlight.connected(connection);
  }

  offline(): void {
    const written = this.#connection?.writer.written ?? [];
    this.#connection = null;
    this.inFlight.disconnected();
    for (const message of written) {
      if (message.qos === 0) this.#fail(message, lost());
    }
  }

  /** Sends again what the session has in flight, then what waits, as far as the server takes it. */
  send(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.inFlight.resend(connection);
    const { queue } = this;
    if (queue.nextExpiryMs !== Number.POSITIVE_INFINITY) this.expire(this.#owner.nowMs());
    for (let message = queue.first; message !== null; message = queue.first) {
      const refusal = connection.writer.refusal(message);
      if (refusal === null && !this.#maySend(message, connection)) break;
      queue.remove(message);
      if (refusal === null) this.#write(message, connection);
      else this.#fail(message, refusal);
    }
  }

  /** Fails what has waited for longer than its expiry interval. */
  expire(nowMs: number): void {
    this.queue.expire(nowMs, this.#fail);
  }

  /** Everything written has been handed to the transport. */
  onFlushed(): void {
    const written = this.#connection?.writer.written;
    if (written === undefined || written.length === 0) return;
    for (const message of written) {
      if (message.qos > 0) message.onSent();
      else {
        message.place = Place.None;
        message.onAcknowledged(ReasonCode.Success, NO_PROPERTIES);
      }
    }
    written.length = 0;
  }

  /** More of what was staged is safe. */
  onSafe(): void {
    this.#records.onSafe();
    this.inFlight.onSafe();
  }

  /** Messages of which something was written on this connection, and whose exchange has not ended. */
  suspects(): OutgoingMessage[] {
    return this.inFlight.inOrder().filter((message) => message.written);
  }

  /** Fails everything that has not been acknowledged; what the store keeps stays there. */
  close(error: ClientError): void {
    const messages = this.inFlight.inOrder();
    for (let message = this.queue.first; message !== null; message = message.next) messages.push(message);
    for (const message of messages) this.#owner.onPublicationFailed(message, error);
  }

  /**
   * Takes in the messages that the store kept, in the order of their keys. What was published before the store was open
   * comes behind them, and is kept from now on.
   * @throws {RangeError | RemoteError} when a record is damaged
   */
  restore(
    kept: Iterable<readonly [key: number, record: Uint8Array]>,
    records: SessionRecords,
    make: MakeMessage,
  ): void {
    const { queue } = this;
    const newer: OutgoingMessage[] = [];
    for (let message = queue.first; message !== null; message = queue.first) {
      queue.remove(message);
      newer.push(message);
    }
    try {
      for (const [key, record] of kept) this.#restore(key, record, records, make);
    } finally {
      for (const message of newer) queue.push(message);
    }
    this.#records.open(records);
    for (const message of newer) this.#records.keep(message);
  }

  #restore(
    key: number,
    record: Uint8Array,
    { readMessageRecord, readPacketIdRecord }: SessionRecords,
    make: MakeMessage,
  ): void {
    this.#records.nextKey = key + 1;
    const { inFlight } = this;
    const only = readPacketIdRecord(record);
    const message =
      only === undefined
        ? readMessageRecord(record, this.#records.aheadMs, make)
        : make('', new Uint8Array(0), 2, false, NO_PROPERTIES, Number.POSITIVE_INFINITY);
    message.key = key;
    if (only !== undefined) message.packetId = only.packetId;
    if (inFlight.sender.inFlight.stateOf(message.packetId) !== 0) {
      throw new RangeError(`expected packet identifier ${message.packetId} once, got it again`);
    }
    if (message.packetId === 0) this.queue.push(message);
    else if (only?.kind === RecordKind.Reserved) inFlight.reserve(message.packetId, key);
    else inFlight.restore(message, only !== undefined);
  }

  readonly #fail = (message: OutgoingMessage, error: ClientError): void => {
    message.place = Place.None;
    this.#records.unkeep(message);
    this.#owner.onPublicationFailed(message, error);
  };
}

function lost(): ClientError {
  return new ClientError('CONNECTION_LOST', 'the connection was lost before the message had left');
}
