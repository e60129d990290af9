/**
 * Messages to the server: those that wait, and those that are under way. Both belong to the session and outlive the
 * connection; what is written to it comes in with `online`.
 *
 *     publish ──▶ Queued ──the server and the network take it──▶ InFlight ──▶ acknowledged
 *        └──────────────── nothing waits ───────────────────────────▲
 */
import { NO_PROPERTIES, ReasonCode } from '@martlet/protocol';
import { ClientError } from '../ports/client-error.ts';
import { InFlightMessages } from './in-flight-messages.ts';
import type { Clocks, MessageRecords } from './message-records.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';
import type { QueueLimits } from './outgoing-queue.ts';
import { OutgoingQueue } from './outgoing-queue.ts';
import type { PublishWriter } from './publish-writer.ts';
import { TopicNames } from './topic-names.ts';

export interface OutgoingOwner extends Clocks {
  /** A message will not be delivered, or not by this client. Told once or more: the first time counts. */
  onPublicationFailed(message: OutgoingMessage, error: ClientError): void;
  /** Something is to be written, or to be kept. */
  requestTurn(): void;
}

/** The key of a message that was given before the store was open. */
const KEY_TO_COME = -1;

export class Outgoing {
  /** Null where there is no store, and before what it kept has been taken in. */
  records: MessageRecords | null = null;
  readonly owner: OutgoingOwner;
  readonly mayAsk: () => boolean;
  readonly queue: OutgoingQueue;
  readonly inFlight: InFlightMessages;
  readonly names: TopicNames = new TopicNames();
  /** Messages of QoS 0 were written and the server has answered nothing since. */
  hasUnproven = false;
  readonly #keeps: boolean;
  #writer: PublishWriter | null = null;

  /**
   * @param keeps whether there is a store, which may not be open yet
   * @param mayAsk whether one more packet that the server answers may be under way
   */
  constructor(keeps: boolean, limits: QueueLimits, owner: OutgoingOwner, mayAsk: () => boolean) {
    this.owner = owner;
    this.mayAsk = mayAsk;
    this.#keeps = keeps;
    this.queue = new OutgoingQueue(limits);
    this.inFlight = new InFlightMessages(this);
  }

  /** Whether everything given to `publish` has reached its end. */
  get isIdle(): boolean {
    return this.queue.size === 0 && this.inFlight.size === 0 && (this.#writer?.written.length ?? 0) === 0;
  }

  /** @throws {ClientError} QUEUE_FULL; NOT_SUPPORTED_BY_SERVER and PACKET_TOO_LARGE as far as is known now */
  publish(message: OutgoingMessage): void {
    const writer = this.#writer;
    const refusal = writer === null ? null : writer.refusal(message);
    if (refusal !== null) throw refusal;
    const { queue, inFlight } = this;
    if (
      writer !== null &&
      queue.size === 0 &&
      inFlight.bytes + message.bytes <= queue.limits.bytes &&
      this.#maySend(message, writer)
    ) {
      this.#write(message, writer);
    } else if (queue.makeRoom(message, inFlight.bytes, this.#fail)) {
      queue.push(message);
      if (this.records !== null) this.records.keep(message);
      else if (this.#keeps && message.qos > 0) message.key = KEY_TO_COME;
    }
    this.owner.requestTurn();
  }

  /** At QoS 1 and 2 as far as the Receive Maximum goes. [MQTT-3.3.4-7] [MQTT-4.9.0-2] */
  #maySend(message: OutgoingMessage, { connection }: PublishWriter): boolean {
    return !connection.isCongested && (message.qos === 0 || this.inFlight.sender.ready) && this.mayAsk();
  }

  #write(message: OutgoingMessage, writer: PublishWriter): void {
    message.place = Place.InFlight;
    if (message.qos > 0) this.inFlight.add(message);
    else {
      this.hasUnproven = true;
      writer.write(message);
    }
  }

  /** The application does not want it sent any more; nothing happens when something of it has been written. */
  withdraw(message: OutgoingMessage): void {
    const { place } = message;
    if (message.wasWritten || place === Place.None) return;
    (place === Place.Queued ? this.queue : this.inFlight).remove(message);
    this.records?.unkeep(message);
    this.owner.requestTurn();
  }

  /** There is a connection; `send` is to be called. */
  online(writer: PublishWriter, sessionPresent: boolean): void {
    this.#writer = writer;
    this.hasUnproven = false;
    if (!sessionPresent) {
      for (const message of this.inFlight.forgetSession().reverse()) {
        this.queue.unshift(message);
        this.records?.keep(message);
      }
    }
    this.inFlight.connected(writer);
  }

  offline(): void {
    const written = this.#writer?.written ?? [];
    this.#writer = null;
    this.inFlight.disconnected();
    this.records?.offline();
    for (const message of written) {
      if (message.qos === 0) this.#fail(message, lost());
    }
  }

  /** Sends again what the session has in flight, then what waits, as far as the server takes it. */
  send(): void {
    const writer = this.#writer;
    if (writer === null) return;
    this.inFlight.resend(writer);
    const { queue } = this;
    if (queue.nextExpiryMs !== Number.POSITIVE_INFINITY) this.expire(this.owner.nowMs());
    for (let message = queue.first; message !== null; message = queue.first) {
      const refusal = writer.refusal(message);
      if (refusal === null && !this.#maySend(message, writer)) break;
      queue.remove(message);
      if (refusal === null) this.#write(message, writer);
      else this.#fail(message, refusal);
    }
  }

  /** Fails what has waited for longer than its expiry interval. */
  expire(nowMs: number): void {
    this.queue.expire(nowMs, this.#fail);
  }

  /** Everything written has been handed to the transport. */
  onFlushed(): void {
    const written = this.#writer?.written;
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

  /** Messages of which something was written on this connection, and whose exchange has not ended. */
  suspects(): OutgoingMessage[] {
    return this.inFlight.inOrder().filter((message) => message.written);
  }

  /** Fails everything that has not been acknowledged; what the store keeps stays there. */
  close(error: ClientError): void {
    const messages = this.inFlight.inOrder();
    for (let message = this.queue.first; message !== null; message = message.next) messages.push(message);
    for (const message of messages) this.owner.onPublicationFailed(message, error);
  }

  readonly #fail = (message: OutgoingMessage, error: ClientError): void => {
    message.place = Place.None;
    this.records?.unkeep(message);
    this.owner.onPublicationFailed(message, error);
  };
}

function lost(): ClientError {
  return new ClientError('CONNECTION_LOST', 'the connection was lost before the message had left');
}
