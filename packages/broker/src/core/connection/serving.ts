/**
 * A connection whose client is connected: its packets dispatched, its keep alive watched, its end told to whom it
 * concerns. PUBLISH and acknowledgements in their short form go past the decoder.
 */

import type { ConnectPacket, DisconnectPacket, Packet, RemoteError } from '@martlet/protocol';
import {
  decodePacket,
  FrameResult,
  ProtocolError,
  ProtocolVersion,
  ReasonCode,
  reasonCodeText,
} from '@martlet/protocol';
import { logInternalError } from '../internal-error.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { Meter } from '../rates/meter.ts';
import { checkFilterCount } from '../session/filter-count.ts';
import type { Session, SessionHolder } from '../session/session.ts';
import { Leaving } from '../session/sessions.ts';
import { DropReason } from '../telling/drop-reason.ts';
import { describeClient } from '../telling/events.ts';
import type { Accepting } from './attempt.ts';
import { identifiedAnew } from './attempt.ts';
import { CREDENTIALS_EXPIRED } from './authentication.ts';
import type { ConnectionInput } from './connection-input.ts';
import { CredentialExpiry } from './credential-expiry.ts';
import type { Agreement, Refusal } from './handshake.ts';
import { keepAliveDueMs } from './keep-alive.ts';
import type { ConnectionHandle, CoreParts, MeteredPhase } from './phase.ts';
import { Reauthentication } from './reauthentication.ts';
import { Rights } from './rights.ts';
import { toldReasonCode, unkeptReasonCode } from './told-reason.ts';

const PUBLISH = 3;
/** First bytes of the acknowledgements, with the reserved flags they must have. */
const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBREL = 0x62;
const PUBCOMP = 0x70;
const PINGREQ = 0xc0;

export class Serving implements MeteredPhase, SessionHolder {
  readonly connectedAtMs: number;
  client: ClientIdentity;
  readonly #parts: CoreParts;
  readonly #connection: ConnectionHandle;
  readonly #input: ConnectionInput;
  readonly #session: Session;
  /** Null while what it was authenticated with never expires. */
  #expiry: CredentialExpiry | null;
  readonly #version: ProtocolVersion;
  /** Null if CONNECT named no authentication method. */
  readonly #reauthentication: Reauthentication | null;
  /** Ms within which a packet must come; 0: none. */
  readonly #keepAliveMs: number;
  /** CONNECT asked for a session that ends with the connection: DISCONNECT must not change that. */
  readonly #expiresAtOnce: boolean;

  constructor(
    parts: CoreParts,
    connection: ConnectionHandle,
    input: ConnectionInput,
    connect: ConnectPacket,
    client: ClientIdentity,
    agreement: Agreement,
  ) {
    this.connectedAtMs = parts.context.nowMs;
    this.#parts = parts;
    this.#connection = connection;
    this.#input = input;
    this.#session = input.session;
    this.client = client;
    this.#expiry = null;
    this.#version = connect.protocolVersion;
    const { authenticationMethod } = connect.properties;
    this.#reauthentication =
      authenticationMethod === undefined
        ? null
        : new Reauthentication(
            parts.deciders,
            authenticationMethod,
            client,
            connection,
            input.output,
            (answer) => this.#onReauthenticated(answer),
            (reasonCode, reasonString) => this.disconnect(reasonCode, reasonString),
          );
    this.#readOptions();
    this.#keepAliveMs = agreement.keepAlive * 1500; // [MQTT-3.1.2-22] [MQTT-3.2.2-22] [MQTT-3.1.2-24] 3.1.1
    this.#expiresAtOnce = (connect.properties.sessionExpiryInterval ?? 0) === 0;
    connection.setDeadline(
      this.#keepAliveMs === 0 ? Number.POSITIVE_INFINITY : parts.context.nowMs + this.#keepAliveMs,
    );
  }

  /** What the client was authenticated with is good until then; undefined: for ever. */
  expireAt(atWallMs: number | undefined): void {
    if (atWallMs === undefined && this.#expiry === null) return;
    this.#expiry ??= new CredentialExpiry(this.#parts.context, () =>
      this.#endFromOutside(ReasonCode.NotAuthorized, CREDENTIALS_EXPIRED),
    );
    this.#expiry.expireAt(atWallMs ?? Number.POSITIVE_INFINITY);
  }

  /** Its name stays; its groups and permissions, and until when it may stay, are those of the latest authentication. */
  #onReauthenticated(answer: Accepting): void {
    this.expireAt(answer.expiresAtWallMs);
    const client = identifiedAnew(this.client, answer);
    if (client === this.client) return;
    this.client = client;
    this.#parts.sessions.identify(this.#session, this.client);
    this.onReconfigured(false);
  }

  // ---- inputs ------------------------------------------------------------------------------------------------------

  onFrame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): FrameResult {
    const { context, incoming, exchanges, outgoing } = this.#parts;
    context.metrics.messagesReceived++;
    const firstByte = bytes[start]!;
    if (firstByte >> 4 === PUBLISH) return this.#onPublish(bytes, start, body, end, owned);
    incoming.flush();
    const packetId = end - body === 2 ? (bytes[body]! << 8) | bytes[body + 1]! : 0;
    if (packetId !== 0) {
      const session = this.#session;
      switch (firstByte) {
        case PUBACK:
          if (exchanges.onPuback(session, packetId, 0)) outgoing.pump(session);
          return FrameResult.Next;
        case PUBREC:
          if (exchanges.onPubrec(session, packetId, 0)) outgoing.pump(session);
          return FrameResult.Next;
        case PUBREL:
          this.#onPubrel(packetId);
          return FrameResult.Next;
        case PUBCOMP:
          if (exchanges.onPubcomp(session, packetId)) outgoing.pump(session);
          return FrameResult.Next;
      }
    }
    if (firstByte === PINGREQ && end === body) {
      this.#input.output.send({ type: 'pingresp' }); // [MQTT-3.12.4-1] [MQTT-3.12.4-1] 3.1.1
      return FrameResult.Next;
    }
    checkFilterCount(bytes, start, body, end, this.#version, context.profile.limits.filtersPerPacket);
    return this.#onPacket(decodePacket(bytes, start, body, end, this.#version));
  }

  #onPublish(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): FrameResult {
    const result = this.#parts.incoming.onPublish(this.#input, bytes, start, body, end, owned);
    return result === FrameResult.Again ? this.#waitForRights() : result;
  }

  onExcess(
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
    refusal: Refusal,
  ): FrameResult {
    const { context, incoming } = this.#parts;
    context.metrics.messagesReceived++;
    const result = incoming.onExcess(this.#input, bytes, start, body, end, owned, refusal);
    return result === FrameResult.Again ? this.#waitForRights() : result;
  }

  goOnWith(meter: Meter): void {
    const { clientId, username } = this.client;
    meter.goOn(clientId, username, this.#parts.context.nowMs);
    meter.countSubscriptions(this.#session.subscriptionCount);
  }

  /** The packet is shown again, and counted then. */
  #waitForRights(): FrameResult {
    this.#connection.closeGate();
    this.#parts.context.metrics.messagesReceived--;
    return FrameResult.Again;
  }

  onReadEnd(): void {
    this.#parts.incoming.flush();
  }

  onRemoteError(error: RemoteError): void {
    this.disconnect(error.reasonCode, error.message); // [MQTT-4.13.1-1] [MQTT-4.8.0-1] 3.1.1
    this.#parts.context.metrics.protocolErrors++;
    this.#parts.logPeer(
      'protocol-error',
      `${this.client.peer} (client ${JSON.stringify(this.client.clientId)}): ${error.message}`,
    );
  }

  onDeadline(nowMs: number): void {
    const dueMs = keepAliveDueMs(this.#connection, this.#keepAliveMs, nowMs);
    if (nowMs < dueMs) {
      this.#connection.setDeadline(dueMs);
      return;
    }
    this.#parts.context.metrics.keepAliveTimeouts++;
    const seconds = this.#keepAliveMs / 1000;
    const text = `nothing came for ${seconds} s, one and a half times the keep alive`;
    this.disconnect(ReasonCode.KeepAliveTimeout, text); // [MQTT-3.1.2-22] [MQTT-3.1.2-24] 3.1.1
  }

  onLost(cause: string | null): void {
    this.#leave(Leaving.Lost, ReasonCode.UnspecifiedError, cause ?? 'the network connection was closed');
  }

  onHandedOver(acknowledgements: number, qos0Messages: number): void {
    if (acknowledgements > 0) this.#session.receiverIfUsed?.acknowledged(acknowledgements);
    this.#parts.context.outcomes.delivered(qos0Messages);
  }

  onRoom(): void {
    this.#parts.outgoing.pump(this.#session);
    this.#parts.showMore();
  }

  onShutDown(reasonCode: ReasonCode, reasonString: string): void {
    this.disconnect(reasonCode, reasonString);
  }

  onTakenOver(): void {
    this.#parts.context.metrics.sessionsTakenOver++;
    this.#endFromOutside(
      ReasonCode.SessionTakenOver,
      'another connection has come with the same client identifier',
    );
  }

  onDisconnectAsked(reasonCode: ReasonCode, reasonString: string): void {
    this.#endFromOutside(reasonCode, reasonString);
  }

  onSessionEnded(): void {
    this.#endFromOutside(ReasonCode.AdministrativeAction, 'the session was ended by the broker');
  }

  onFailed(error: unknown): void {
    this.#connection.fail(error);
  }

  forgetRights(): void {
    if (this.#input.forgetRights()) this.#onRightsAnswered();
  }

  onReconfigured(reauthenticates: boolean): void {
    if (reauthenticates) this.#reauthentication?.onReconfigured();
    if (this.#connection.closed) return;
    const waited = this.#input.forgetRights();
    this.#readOptions();
    if (waited) this.#onRightsAnswered();
    this.#parts.outgoing.pump(this.#session);
  }

  /** How large its messages may be, and who decides about them, from now on. */
  #readOptions(): void {
    const { context, deciders } = this.#parts;
    this.#input.messageSize = context.profile.limits.messageSize;
    const { authorizer } = deciders;
    const onAnswered = (): void => this.#onRightsAnswered();
    this.#input.rights =
      authorizer === null ? null : new Rights(authorizer, this.client, context, onAnswered);
  }

  /** The authoriser has answered: what waited is looked at again. */
  #onRightsAnswered(): void {
    this.#connection.onAnswer(() => {});
  }

  // ---- packets -----------------------------------------------------------------------------------------------------

  #onPacket(packet: Packet): FrameResult {
    const { exchanges, outgoing, subscribing } = this.#parts;
    const session = this.#session;
    switch (packet.type) {
      case 'puback':
        if (exchanges.onPuback(session, packet.packetId, packet.reasonCode)) outgoing.pump(session);
        break;
      case 'pubrec':
        if (exchanges.onPubrec(session, packet.packetId, packet.reasonCode)) outgoing.pump(session);
        break;
      case 'pubrel':
        this.#onPubrel(packet.packetId);
        break;
      case 'pubcomp':
        if (exchanges.onPubcomp(session, packet.packetId)) outgoing.pump(session);
        break;
      case 'subscribe':
        if (!subscribing.onSubscribe(this.#input, packet)) return this.#waitForRights();
        outgoing.pump(session); // it may have joined a group in which messages wait
        break;
      case 'unsubscribe':
        if (!subscribing.onUnsubscribe(this.#input, packet)) return this.#waitForRights();
        break;
      case 'pingreq':
        this.#input.output.send({ type: 'pingresp' });
        break;
      case 'disconnect':
        this.#onDisconnect(packet);
        break;
      case 'auth':
        if (this.#reauthentication === null) {
          throw new ProtocolError('AUTH came, but CONNECT named no authentication method'); // [MQTT-4.12.0-7]
        }
        this.#reauthentication.onAuth(packet);
        break;
      case 'connect':
        throw new ProtocolError('a second CONNECT came'); // [MQTT-3.1.0-2] [MQTT-3.1.0-2] 3.1.1
      default:
        throw new ProtocolError(`${packet.type} came from a client`);
    }
    return FrameResult.Next;
  }

  /** What cannot be forgotten now is not answered: PUBCOMP has no reason code for that. */
  #onPubrel(packetId: number): void {
    if (this.#parts.exchanges.onPubrel(this.#session, packetId)) return;
    const { reasonCode, reasonString } = this.#parts.context.keeping.refusal!;
    this.disconnect(reasonCode, reasonString);
  }

  #onDisconnect(packet: DisconnectPacket): void {
    const { sessionExpiryInterval } = packet.properties;
    if (sessionExpiryInterval !== undefined) {
      if (this.#expiresAtOnce && sessionExpiryInterval > 0) {
        throw new ProtocolError('DISCONNECT has a Session Expiry Interval, but CONNECT had 0'); // section 3.14.2.2.2
      }
      const maximum = this.#parts.context.profile.limits.maximumSessionExpiryInterval;
      this.#session.sessionExpiryInterval = Math.min(sessionExpiryInterval, maximum);
    }
    const goodbye = packet.reasonCode === ReasonCode.NormalDisconnection; // [MQTT-3.14.4-3] [MQTT-3.14.4-3] 3.1.1
    const reason = packet.properties.reasonString ?? reasonCodeText(packet.reasonCode, 'disconnect');
    this.#leave(goodbye ? Leaving.Goodbye : Leaving.Lost, packet.reasonCode, reason);
    this.#connection.end(); // [MQTT-3.14.4-1] 3.1.1 [MQTT-3.14.4-2] 3.1.1
  }

  // ---- ends --------------------------------------------------------------------------------------------------------

  /** Ends the connection from our side; MQTT 5 clients are told why. */
  disconnect(reasonCode: ReasonCode, reasonString: string): void {
    if (this.#connection.closed) return;
    this.#parts.incoming.flush();
    if (this.#connection.outbox.connackDropped) {
      this.#refuseLate(unkeptReasonCode(reasonCode), reasonString); // [MQTT-3.14.0-1]
      return;
    }
    if (this.#version === ProtocolVersion.V5) {
      this.#input.output.send({
        type: 'disconnect',
        reasonCode: toldReasonCode('disconnect', reasonCode), // [MQTT-3.14.2-1]
        properties: { reasonString },
      });
    }
    this.#leave(Leaving.Lost, reasonCode, reasonString);
    this.#connection.end(); // [MQTT-4.13.2-1] [MQTT-3.14.4-1] [MQTT-3.14.4-2]
  }

  /** What goes wrong with our end is no concern of who asked for it. */
  #endFromOutside(reasonCode: ReasonCode, reasonString: string): void {
    try {
      this.disconnect(reasonCode, reasonString);
    } catch (error) {
      this.#connection.fail(error);
    }
  }

  /** The session could not be kept: to its client the CONNECT is refused, and a refused CONNECT leaves no will. */
  #refuseLate(reasonCode: ReasonCode, reasonString: string): void {
    const properties = this.#version === ProtocolVersion.V5 ? { reasonString } : {};
    this.#input.output.send({ type: 'connack', sessionPresent: false, reasonCode, properties });
    this.#leave(Leaving.Goodbye, reasonCode, reasonString);
    this.#connection.end();
  }

  #leave(leaving: Leaving, reasonCode: ReasonCode, reason: string): void {
    this.#expiry?.stop();
    const session = this.#session;
    if (session.holder !== this) return;
    const { context, events, incoming, sessions } = this.#parts;
    incoming.flush();
    try {
      sessions.leave(session, leaving);
    } catch (error) {
      // The session's own end: the connection's goes on as it has begun, with one DISCONNECT and one event.
      logInternalError(context.errorLog, this.client.peer, error);
    }
    context.refusals.addEnd(this.client, reasonCode, reason);
    events.emit('clientDisconnected', { ...describeClient(this.client), reasonCode, reason });
  }

  onUnsent(count: number): void {
    if (count > 0) {
      this.#parts.context.outcomes.dropped(DropReason.ConnectionClosed, this.client.clientId, '', count);
    }
  }
}
