/**
 * A connection before its client is accepted: CONNECT, the authenticator's questions, the right to its will, the session,
 * CONNACK. Whatever fails is told as far as the client's version can be told, and closes the connection.
 */

import type { ConnackPacket, ConnectPacket, RemoteError } from '@martlet/protocol';
import {
  connectProtocolVersion,
  connectReturnCodeFor,
  decodePacket,
  encodePacket,
  FrameResult,
  fitPacket,
  NO_PROPERTIES,
  ProtocolError,
  ProtocolVersion,
  packetLength,
  ReasonCode,
  UnsupportedProtocolVersionError,
} from '@martlet/protocol';
import type { AuthenticationAnswer } from '../ports/authenticator.ts';
import type { Durability } from '../ports/durability.ts';
import { OutboundAliases } from '../publish/outbound-aliases.ts';
import type { Session } from '../session/session.ts';
import { willRecord } from '../session/wills.ts';
import { describeClient } from '../telling/events.ts';
import type { Attempt } from './attempt.ts';
import { attemptOf, authenticationAttempt, identityOf } from './attempt.ts';
import { AUTH_TOO_LARGE, AUTHENTICATION_CHANGED, Authentication, authPacket } from './authentication.ts';
import { ConnectionInput } from './connection-input.ts';
import { ConnectionOutput } from './connection-output.ts';
import type { Refusal } from './handshake.ts';
import { accepted, negotiate } from './handshake.ts';
import type { ConnectionHandle, CoreParts, Phase } from './phase.ts';
import { Rights } from './rights.ts';
import { Serving } from './serving.ts';
import { toldReasonCode, toldReasonString, unkeptReasonCode } from './told-reason.ts';

const CONNECT = 1;

export class Opening implements Phase {
  readonly #parts: CoreParts;
  readonly #connection: ConnectionHandle;
  /** What CONNECT names, however broken the rest of it is; undefined until then. */
  #version: ProtocolVersion | undefined;
  /** Bytes; the client's. */
  #maximumPacketSize: number;
  /** Null until CONNECT has come. */
  #attempt: Attempt | null;

  constructor(parts: CoreParts, connection: ConnectionHandle) {
    this.#parts = parts;
    this.#connection = connection;
    this.#version = undefined;
    this.#maximumPacketSize = Number.POSITIVE_INFINITY;
    this.#attempt = null;
    const { context } = parts;
    connection.setDeadline(context.nowMs + context.profile.limits.connectTimeoutMs);
  }

  onFrame(bytes: Uint8Array, start: number, body: number, end: number): FrameResult {
    this.#parts.context.metrics.messagesReceived++;
    const attempt = this.#attempt;
    if (attempt === null) {
      if (bytes[start]! >> 4 !== CONNECT) {
        throw new ProtocolError('the first packet is not CONNECT'); // [MQTT-3.1.0-1] [MQTT-3.1.0-1] 3.1.1
      }
      this.#version = connectProtocolVersion(bytes, body, end);
      // It outlives this call while the authenticator thinks.
      const own = bytes.slice(start, end);
      this.#onConnect(decodePacket(own, 0, body - start, end - start, ProtocolVersion.V5) as ConnectPacket);
    } else {
      this.#onAuth(attempt, bytes.slice(start, end), body - start);
    }
    return FrameResult.Next;
  }

  onReadEnd(): void {}

  onRemoteError(error: RemoteError): void {
    if (error instanceof UnsupportedProtocolVersionError) {
      const version = error.answerVersion;
      if (version !== undefined) this.#answer(version, error.reasonCode, error.message); // [MQTT-3.1.2-2] 3.1.1
    } else if (this.#version === ProtocolVersion.V5) {
      this.#answer(this.#version, error.reasonCode, error.message);
    }
    this.#close(error.reasonCode, error.message); // [MQTT-3.1.4-1] [MQTT-4.13.1-1] [MQTT-3.1.4-1] 3.1.1
  }

  onDeadline(): void {
    this.#parts.context.metrics.connectTimeouts++;
    const seconds = this.#parts.context.profile.limits.connectTimeoutMs / 1000;
    this.#close(undefined, `no client was accepted within ${seconds} s`);
  }

  onLost(cause: string | null): void {
    if (this.#attempt === null && cause === null) return; // a probe of the port: nobody was refused
    this.#tellRefused(undefined, cause ?? 'closed by the peer before CONNECT was accepted');
  }

  onHandedOver(): void {}

  onRoom(): void {}

  onUnsent(): void {}

  onShutDown(reasonCode: ReasonCode, reasonString: string): void {
    if (this.#attempt !== null) this.#answer(this.#attempt.connect.protocolVersion, reasonCode, reasonString);
    this.#close(reasonCode, reasonString);
  }

  forgetRights(): void {
    const attempt = this.#attempt;
    if (attempt?.rights?.forget() === true) this.#connection.onAnswer(() => this.#onRights(attempt));
  }

  onReconfigured(reauthenticates: boolean): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    const { connect, identity } = attempt;
    if (reauthenticates) this.#connection.onAnswer(() => this.#beginAgain(connect));
    else if (identity !== null) this.#connection.onAnswer(() => this.#authenticated(attempt));
  }

  #onConnect(connect: ConnectPacket): void {
    this.#parts.context.metrics.connectsReceived++;
    this.#maximumPacketSize = connect.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.#begin(connect);
  }

  /** The authenticator is another one. What was agreed on in AUTH packets cannot be repeated for it. */
  #beginAgain(connect: ConnectPacket): void {
    if (connect.properties.authenticationMethod === undefined) {
      this.#begin(connect);
      return;
    }
    const { ServerBusy } = ReasonCode;
    this.#refuse(connect, { reasonCode: ServerBusy, reasonString: AUTHENTICATION_CHANGED });
  }

  #begin(connect: ConnectPacket): void {
    const { context, deciders, sessions } = this.#parts;
    const { authenticator } = deciders;
    const agreement = negotiate(connect, context.profile, () => sessions.newClientId());
    if ('reasonString' in agreement) {
      this.#refuse(connect, agreement);
      return;
    }
    const excess = this.#connection.admitAtDoor(agreement.clientId);
    if (excess !== null) {
      this.#refuse(connect, excess);
      return;
    }
    const method = connect.properties.authenticationMethod;
    if (authenticator === null && method !== undefined) {
      // [MQTT-4.12.0-1]
      this.#refuse(connect, {
        reasonCode: ReasonCode.BadAuthenticationMethod,
        reasonString: `the authentication method ${method} is not supported`,
      });
      return;
    }
    const authentication =
      authenticator === null
        ? null
        : new Authentication(authenticator, authenticationAttempt(connect, agreement, this.#connection));
    const attempt = attemptOf(connect, agreement, authentication);
    this.#attempt = attempt;
    if (attempt.authentication === null) this.#authenticated(attempt);
    else this.#ask(attempt, connect.properties.authenticationData);
  }

  #ask(attempt: Attempt, data: Uint8Array | undefined): void {
    const answer = attempt.authentication!.step(data, (late) => {
      if (this.#attempt === attempt) this.#connection.onAnswer(() => this.#onAnswer(attempt, late));
    });
    if (answer === undefined) this.#connection.closeGate();
    else this.#onAnswer(attempt, answer);
  }

  #onAnswer(attempt: Attempt, answer: AuthenticationAnswer): void {
    switch (answer.kind) {
      case 'accept':
        attempt.accepted = answer;
        this.#authenticated(attempt);
        break;
      case 'refuse':
        this.#refuse(attempt.connect, {
          reasonCode: answer.reasonCode,
          reasonString: answer.reasonString ?? 'authentication failed',
        });
        break;
      case 'continue':
        this.#challenge(attempt, answer);
        break;
    }
  }

  /** The authenticator wants to know more. */
  #challenge(attempt: Attempt, answer: AuthenticationAnswer & { readonly kind: 'continue' }): void {
    const method = attempt.authentication!.method;
    if (method === undefined) {
      // [MQTT-4.12.0-6]
      this.#refuse(attempt.connect, {
        reasonCode: ReasonCode.NotAuthorized,
        reasonString: 'a CONNECT without Authentication Method is not enough here',
      });
      return;
    }
    const packet = authPacket(method, answer);
    if (packetLength(packet, ProtocolVersion.V5) > this.#maximumPacketSize) {
      this.#refuse(attempt.connect, { reasonCode: ReasonCode.PacketTooLarge, reasonString: AUTH_TOO_LARGE });
      return;
    }
    this.#append(encodePacket(packet, ProtocolVersion.V5));
  }

  #onAuth(attempt: Attempt, bytes: Uint8Array, body: number): void {
    const { connect, authentication } = attempt;
    const packet = decodePacket(bytes, 0, body, bytes.length, connect.protocolVersion, { from: 'client' });
    if (packet.type === 'disconnect') {
      this.#close(packet.reasonCode, 'the client gave up being authenticated'); // [MQTT-3.1.2-30]
      return;
    }
    if (packet.type !== 'auth' || authentication === null) {
      throw new ProtocolError(`${packet.type} came while the client was being authenticated`); // [MQTT-3.1.2-30]
    }
    if (packet.reasonCode !== ReasonCode.ContinueAuthentication) {
      throw new ProtocolError('AUTH came without reason code 0x18 while the client was being authenticated'); // [MQTT-4.12.0-3]
    }
    if (packet.properties.authenticationMethod !== authentication.method) {
      throw new ProtocolError('AUTH names another authentication method than CONNECT'); // [MQTT-4.12.0-5]
    }
    this.#ask(attempt, packet.properties.authenticationData);
  }

  /** The client is who it says: may it leave that will? */
  #authenticated(attempt: Attempt): void {
    const { deciders, context } = this.#parts;
    const { authorizer } = deciders;
    attempt.identity = identityOf(attempt, this.#connection);
    attempt.rights?.forget();
    attempt.rights =
      authorizer === null
        ? null
        : new Rights(authorizer, attempt.identity, context, () => {
            this.#connection.onAnswer(() => this.#onRights(attempt));
          });
    this.#onRights(attempt);
  }

  #onRights(attempt: Attempt): void {
    const { connect, rights } = attempt;
    if (rights !== null && connect.will !== undefined) {
      const { topicName, qos, retain } = connect.will;
      const answer = rights.ask('will', topicName, qos, retain);
      if (answer === undefined) {
        this.#connection.closeGate();
        return;
      }
      if (!answer.allowed) {
        this.#refuse(connect, {
          reasonCode: answer.reasonCode ?? ReasonCode.NotAuthorized,
          reasonString: answer.reasonString ?? `not authorized to leave a will on ${topicName}`,
        });
        return;
      }
      rights.packetDone();
    }
    this.#accept(attempt);
  }

  #accept(attempt: Attempt): void {
    const { context, sessions, events } = this.#parts;
    const { connect, agreement } = attempt;
    if (!sessions.hasRoomFor(agreement.clientId)) {
      this.#refuse(connect, {
        reasonCode: ReasonCode.QuotaExceeded,
        reasonString: `the broker keeps ${context.profile.limits.sessions} sessions, as many as it may`,
      });
      return;
    }
    const refusal = context.keeping.entryRefusal;
    if (refusal !== null && sessions.mustBeKept(agreement, connect.will !== undefined)) {
      this.#refuse(connect, { ...refusal, reasonCode: unkeptReasonCode(refusal.reasonCode) });
      return;
    }
    const durability = context.levels.ofListener(this.#connection.origin.durability);
    const connack = accepted(
      connect,
      agreement,
      context.profile,
      context.levels.promised(durability),
      attempt.accepted.authenticationData,
    );
    if (fitPacket(connack, connect.protocolVersion, this.#maximumPacketSize) === undefined) {
      this.#refuse(connect, {
        reasonCode: ReasonCode.PacketTooLarge,
        reasonString: 'CONNACK is larger than the Maximum Packet Size',
      });
      return;
    }
    const excess = this.#connection.admit(agreement.clientId, attempt.identity!.username);
    if (excess !== null) {
      this.#refuse(connect, excess);
      return;
    }
    const { outbox } = this.#connection;
    const before = context.stagings;
    const { session, present } = sessions.open(
      agreement.clientId,
      connect.cleanStart,
      agreement.sessionExpiryInterval,
    );
    const output = new ConnectionOutput(
      agreement,
      outbox,
      connect.protocolVersion,
      agreement.outboundTopicAliases === 0 ? null : new OutboundAliases(agreement.outboundTopicAliases),
      connect.properties.requestProblemInformation ?? true,
      durability,
      context.metrics,
    );
    const client = attempt.identity!;
    const input = new ConnectionInput(session, output, this.#connection);
    const serving = new Serving(this.#parts, this.#connection, input, connect, client, agreement);
    session.connected(output, serving);
    session.will = connect.will === undefined ? null : willRecord(connect.will); // [MQTT-3.1.2-7]
    sessions.connect(session);
    input.countSubscriptions();
    // [MQTT-3.2.0-1] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.4-5] [MQTT-3.2.0-1] 3.1.1 [MQTT-3.2.2-1] 3.1.1 [MQTT-3.2.2-2] 3.1.1
    // [MQTT-3.2.2-3] 3.1.1 [MQTT-3.1.4-4] 3.1.1
    output.send({ ...connack, sessionPresent: present });
    outbox.notBefore(this.#commitOf(session, context.stagings !== before, durability));
    this.#connection.become(serving, context.profile.limits.maximumPacketSize); // [MQTT-3.2.0-2]
    events.emit('clientConnected', {
      ...describeClient(client),
      sessionPresent: present,
      keepAlive: agreement.keepAlive,
    });
    this.#parts.outgoing.pump(session);
  }

  /** The commit that makes CONNACK true, and what is sent again behind it. */
  #commitOf(session: Session, staged: boolean, durability: Durability): number {
    const { context, sessions } = this.#parts;
    if (!staged) return sessions.forgotten.commitFor(session.clientId, durability);
    return context.commits.awaited(session.senderIfUsed === null ? durability : context.levels.ofIdentifiers);
  }

  // ---- ends --------------------------------------------------------------------------------------------------------

  #refuse(connect: ConnectPacket, refusal: Refusal): void {
    this.#answer(connect.protocolVersion, refusal.reasonCode, refusal.reasonString);
    // [MQTT-3.1.3-8] [MQTT-3.1.4-2] [MQTT-3.2.2-7] [MQTT-4.12.0-4] [MQTT-3.1.3-9] 3.1.1 [MQTT-3.2.2-5] 3.1.1
    this.#close(refusal.reasonCode, refusal.reasonString, connect.clientId);
  }

  /** CONNACK with the reason, where the version has one. */
  #answer(version: ProtocolVersion, reasonCode: ReasonCode, reasonString: string): void {
    const v5 = version === ProtocolVersion.V5;
    const told = toldReasonCode('connack', reasonCode); // [MQTT-3.2.2-8]
    if (!v5 && connectReturnCodeFor(told) === undefined) return; // [MQTT-3.2.2-6] 3.1.1
    const connack: ConnackPacket = {
      type: 'connack',
      sessionPresent: false,
      reasonCode: told,
      properties: v5 ? { reasonString: toldReasonString(reasonString) } : NO_PROPERTIES,
    };
    const fitting = fitPacket(connack, version, this.#maximumPacketSize); // [MQTT-3.1.2-24]
    if (fitting !== undefined) this.#append(encodePacket(fitting, version));
  }

  #append(bytes: Uint8Array): void {
    this.#parts.context.metrics.messagesSent++;
    this.#connection.outbox.append(bytes, 0, bytes.length);
  }

  #close(reasonCode: ReasonCode | undefined, reason: string, clientId?: string): void {
    this.#tellRefused(reasonCode, reason, clientId);
    this.#connection.end(); // [MQTT-4.13.2-1]
  }

  #tellRefused(reasonCode: ReasonCode | undefined, reason: string, clientId?: string): void {
    const { context, events, logPeer } = this.#parts;
    context.metrics.connectsRefused++;
    const { peer, origin } = this.#connection;
    const id = clientId ?? this.#attempt?.connect.clientId;
    events.emit('connectionRefused', { peer, listener: origin.listener, clientId: id, reasonCode, reason });
    logPeer(
      'connection-refused',
      `${peer}${id === undefined ? '' : ` (client ${JSON.stringify(id)})`}: ${reason}`,
    );
  }
}
