/**
 * Messages of QoS 1 and 2 that have a packet identifier: the sending half of the delivery machine, with what of it is
 * written to the connection there is. They belong to the session and outlive the connection.
 *
 *     add ──record safe──▶ PUBLISH ──PUBACK────────────────────────────────────▶ over
 *                             └──────PUBREC──record safe──▶ PUBREL ──PUBCOMP──▶ over
 *
 * Where the session is kept, nothing is written before the record that it follows from is safe: otherwise a client that
 * crashed could give the identifier to another message, which the server would take for the first one.
 */
import type { AcknowledgementProperties, PubackPacket, PubcompPacket, PubrecPacket } from '@martlet/protocol';
import { ProtocolError, ReasonCode, reasonCodeName, Sender } from '@martlet/protocol';
import { ClientError } from '../ports/client-error.ts';
import type { MessageRecords } from './message-records.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';
import type { PublishWriter } from './publish-writer.ts';

/** What they need of their session. */
export interface InFlightSession {
  /** Null while nothing is kept. */
  readonly records: MessageRecords | null;
  /** Told of a message that has left the table. */
  readonly owner: { onPublicationFailed(message: OutgoingMessage, error: ClientError): void };
  /** Whether one more packet that the server answers may be under way. */
  mayAsk(): boolean;
}

/** In the table of packet identifiers: one that the server may hold for a message that was given up. */
const RESERVED_STATE = 6;

const SESSION_LOST =
  'expected the server to finish a message of QoS 2 that it had received, got a new session: it may have been delivered, or not';

export class InFlightMessages {
  readonly sender: Sender<OutgoingMessage> = new Sender();
  /** How many messages there are; the table has the identifiers of SUBSCRIBE and UNSUBSCRIBE as well. */
  size = 0;
  /** What they count against the limit of the queue. */
  bytes = 0;
  /** Exchanges of which something was written on this connection, and which have not ended. */
  unanswered = 0;
  readonly #session: InFlightSession;
  #writer: PublishWriter | null = null;
  /** Packet identifiers of messages that were given up, with the keys of their records. */
  readonly #reserved: Map<number, number> = new Map();

  constructor(session: InFlightSession) {
    this.#session = session;
  }

  /** In the order of first sending. */
  inOrder(): OutgoingMessage[] {
    const { inFlight } = this.sender;
    return inFlight
      .inOrder()
      .map((packetId) => inFlight.itemOf(packetId))
      .filter((message) => message !== null);
  }

  // ── the connection ──

  connected(writer: PublishWriter): void {
    this.#writer = writer;
    const { sender } = this;
    // Nothing of theirs is under way, so that they cost no quota.
    for (const packetId of this.#reserved.keys()) sender.inFlight.free(packetId);
    sender.connected(writer.server.receiveMaximum);
    for (const packetId of this.#reserved.keys()) sender.inFlight.insert(packetId, RESERVED_STATE, null);
  }

  disconnected(): void {
    this.#writer = null;
    this.sender.disconnected();
    this.unanswered = 0;
    for (const message of this.inOrder()) message.written = false;
  }

  /** Sends again what earlier connections left behind, as far as the server takes it. */
  resend(writer: PublishWriter): void {
    const { sender } = this;
    while (!writer.connection.isCongested && this.#session.mayAsk()) {
      const packetId = sender.nextResend();
      if (packetId === 0) return;
      const message = sender.inFlight.itemOf(packetId);
      // It was withdrawn, and a SUBSCRIBE has its identifier now.
      if (message === null) continue;
      const refusal = sender.awaitsPubcomp(packetId) ? null : writer.refusal(message);
      if (refusal === null)
        this.#write(message); // [MQTT-4.3.3-7] [MQTT-4.4.0-1] [MQTT-4.4.0-1] 3.1.1
      else this.giveUp(message, refusal);
    }
  }

  /** Gives a packet identifier to a message and writes it; only when the sender is ready. */
  add(message: OutgoingMessage): void {
    message.packetId = this.sender.publish(message.qos as 1 | 2, message); // [MQTT-2.2.1-3] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-2.3.1-2] 3.1.1
    this.size++;
    this.bytes += message.bytes;
    this.#session.records?.keep(message);
    this.#write(message);
  }

  #write(message: OutgoingMessage): void {
    if (this.#session.records?.holdsBack(message) !== true) this.writeNow(message);
  }

  /** Writes PUBLISH or PUBREL, whichever is due, while online. */
  writeNow(message: OutgoingMessage): void {
    const writer = this.#writer!;
    if (!message.written) {
      message.written = true;
      this.unanswered++;
    }
    if (this.sender.awaitsPubcomp(message.packetId)) {
      writer.sendPubrel(message.packetId, ReasonCode.Success); // [MQTT-2.2.1-5] [MQTT-4.3.3-4] [MQTT-4.6.0-4] [MQTT-4.6.0-4] 3.1.1
    } else writer.write(message);
  }

  // ── the server answers ──

  /** @throws {ProtocolError} */
  onPuback({ packetId, reasonCode, properties }: PubackPacket): void {
    if (this.sender.awaitsPuback(packetId))
      this.#end(packetId, reasonCode, properties); // [MQTT-4.3.2-3] [MQTT-4.3.2-1] 3.1.1
    else this.#refuseOther(packetId);
  }

  /** @throws {ProtocolError} */
  onPubrec({ packetId, reasonCode, properties }: PubrecPacket): void {
    const { sender } = this;
    const writer = this.#writer!;
    const message = sender.inFlight.itemOf(packetId);
    if (sender.awaitsPubcomp(packetId)) {
      // It comes again. Where its PUBREL waits for the record, that one will do.
      if (this.#session.records?.isSafe(message!) !== false) writer.sendPubrel(packetId, ReasonCode.Success);
    } else if (!sender.awaitsPubrec(packetId)) {
      this.#refuseOther(packetId);
      if (reasonCode < 0x80) writer.sendPubrel(packetId, ReasonCode.PacketIdentifierNotFound);
    } else if (reasonCode >= 0x80) {
      this.#end(packetId, reasonCode, properties); // [MQTT-4.4.0-2]
    } else {
      sender.onPubrec(packetId); // [MQTT-4.3.3-3] [MQTT-4.3.3-6] [MQTT-4.3.3-1] 3.1.1
      message!.onReceived(reasonCode, properties);
      message!.suspicion = 0;
      this.#session.records?.keepReleased(message!);
      this.#write(message!);
    }
  }

  /** @throws {ProtocolError} */
  onPubcomp({ packetId, properties }: PubcompPacket): void {
    // That the server does not know it any more is no error: it had it.
    if (this.sender.awaitsPubcomp(packetId))
      this.#end(packetId, ReasonCode.Success, properties); // [MQTT-4.3.3-5]
    else this.#refuseOther(packetId);
  }

  /** An identifier that is not in use may be late; one of another exchange is a mistake. */
  #refuseOther(packetId: number): void {
    if (this.sender.inFlight.stateOf(packetId) === 0) return;
    throw new ProtocolError(`expected the acknowledgement that packet identifier ${packetId} awaits`);
  }

  #end(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    const message = this.sender.inFlight.itemOf(packetId)!;
    this.remove(message);
    this.#session.records?.unkeep(message);
    if (reasonCode < 0x80) {
      message.onAcknowledged(reasonCode, properties);
      return;
    }
    const why = properties.reasonString === undefined ? '' : `: ${properties.reasonString}`;
    const text = `expected the server to take a message to ${message.topicName}, got ${reasonCodeName(reasonCode)}${why}`;
    this.#session.owner.onPublicationFailed(message, new ClientError('REFUSED', text, undefined, reasonCode));
  }

  /** It has no packet identifier any more. */
  remove(message: OutgoingMessage): void {
    this.sender.release(message.packetId); // [MQTT-2.3.1-3] 3.1.1
    this.size--;
    this.bytes -= message.bytes;
    message.place = Place.None;
    if (!message.written) return;
    message.written = false;
    this.unanswered--;
  }

  // ── messages leave and come back ──

  /** Gives a message up. The server may hold the identifier of a QoS 2 message, so no other gets it in this session. */
  giveUp(message: OutgoingMessage, error: ClientError): void {
    const { packetId } = message;
    this.remove(message);
    if (message.qos === 2 && message.wasWritten) {
      this.#session.records?.keepReserved(message);
      this.reserve(packetId, message.key);
    } else this.#session.records?.unkeep(message);
    this.#session.owner.onPublicationFailed(message, error);
  }

  /** No other message gets this identifier. @param key of the record that says so; 0 where there is none */
  reserve(packetId: number, key: number): void {
    this.sender.inFlight.insert(packetId, RESERVED_STATE, null);
    this.#reserved.set(packetId, key);
  }

  /**
   * The server has no session [MQTT-3.2.2-5]. What it had accepted with PUBREC it may have delivered then, or not: that fails,
   * since sent again it could come twice. What it had not is given back, in the order of first sending, to be sent as new.
   */
  forgetSession(): OutgoingMessage[] {
    const { sender } = this;
    const unsent: OutgoingMessage[] = [];
    for (const message of this.inOrder()) {
      const isAccepted = sender.awaitsPubcomp(message.packetId);
      this.remove(message);
      message.packetId = 0;
      message.wasWritten = false;
      if (isAccepted) {
        this.#session.records?.unkeep(message);
        this.#session.owner.onPublicationFailed(message, new ClientError('SESSION_LOST', SESSION_LOST));
      } else unsent.push(message);
    }
    for (const [packetId, key] of this.#reserved) {
      sender.inFlight.free(packetId);
      this.#session.records?.unkeepKey(key);
    }
    this.#reserved.clear();
    return unsent;
  }
}
