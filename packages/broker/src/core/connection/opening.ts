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
import { grantsOf } from '../options/listener-policy.ts';
import type { AuthenticationAnswer } from '../ports/authenticator.ts';
import type { RuleReference } from '../ports/authorizer.ts';
import { accept } from './accepting.ts';
import type { Attempt } from './attempt.ts';
import { attemptOf, authenticationAttempt, identityOf, withWillUnder } from './attempt.ts';
import { AUTH_TOO_LARGE, AUTHENTICATION_CHANGED, Authentication, authPacket } from './authentication.ts';
import type { Refusal } from './handshake.ts';
import { identifiedByUsername, negotiate } from './handshake.ts';
import type { ConnectionHandle, CoreParts, Phase } from './phase.ts';
import { Rights } from './rights.ts';
import { toldReasonCode, toldReasonString } from './told-reason.ts';

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
    this.#begin(withWillUnder(this.#connection.origin.policy?.mountPoint ?? '', connect));
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
    const grants = grantsOf(this.#connection.origin.policy, context.profile.limits);
    if (grants.protocolVersions?.includes(connect.protocolVersion) === false) {
      const reasonString = `this version of MQTT (${connect.protocolVersion}) is not allowed here`;
      this.#refuse(connect, { reasonCode: ReasonCode.UnsupportedProtocolVersion, reasonString });
      return;
    }
    const agreement = negotiate(connect, context.profile, grants, (prefix) => sessions.newClientId(prefix));
    if ('reasonString' in agreement) {
      this.#refuse(connect, agreement);
      return;
    }
    const excess = this.#connection.admitAtDoor(agreement.clientId);
    if (excess !== null) {
      context.metrics.connectsBeyondRate++;
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
          rule: answer.rule,
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
    if (this.#connection.origin.policy?.useUsernameAsClientId === true) {
      const { connect, accepted, agreement } = attempt;
      const identified = identifiedByUsername(agreement, accepted.username ?? connect.username);
      if ('reasonString' in identified) {
        this.#refuse(connect, identified);
        return;
      }
      attempt.agreement = identified;
    }
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
          rule: answer.rule,
        });
        return;
      }
      rights.packetDone();
    }
    const refusal = accept(this.#parts, this.#connection, attempt);
    if (refusal !== null) this.#refuse(connect, refusal);
  }

  // ---- ends --------------------------------------------------------------------------------------------------------

  #refuse(connect: ConnectPacket, refusal: Refusal): void {
    this.#answer(connect.protocolVersion, refusal.reasonCode, refusal.reasonString);
    // [MQTT-3.1.3-8] [MQTT-3.1.4-2] [MQTT-3.2.2-7] [MQTT-4.12.0-4] [MQTT-3.1.3-9] 3.1.1 [MQTT-3.2.2-5] 3.1.1
    this.#close(refusal.reasonCode, refusal.reasonString, connect, refusal.rule);
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
      properties:
        v5 && this.#parts.context.profile.tellReasons
          ? { reasonString: toldReasonString(reasonString) }
          : NO_PROPERTIES,
    };
    const fitting = fitPacket(connack, version, this.#maximumPacketSize); // [MQTT-3.1.2-24]
    if (fitting !== undefined) this.#append(encodePacket(fitting, version));
  }

  #append(bytes: Uint8Array): void {
    this.#parts.context.metrics.messagesSent++;
    this.#connection.outbox.append(bytes, 0, bytes.length);
  }

  #close(
    reasonCode: ReasonCode | undefined,
    reason: string,
    connect?: ConnectPacket,
    rule?: RuleReference,
  ): void {
    this.#tellRefused(reasonCode, reason, connect, rule);
    this.#connection.end(); // [MQTT-4.13.2-1]
  }

  #tellRefused(
    reasonCode: ReasonCode | undefined,
    reason: string,
    connect: ConnectPacket | undefined = this.#attempt?.connect,
    rule?: RuleReference,
  ): void {
    const { context, events, logPeer } = this.#parts;
    context.metrics.connectsRefused++;
    const { peer, origin } = this.#connection;
    const id = connect?.clientId;
    const username = connect?.username;
    const clientId = id ?? '';
    context.refusals.add({
      action: 'connect',
      clientId,
      username,
      peer,
      topic: '',
      reasonCode,
      reason,
      rule,
    });
    events.emit('connectionRefused', { peer, listener: origin.listener, clientId: id, reasonCode, reason });
    logPeer(
      'connection-refused',
      `${peer}${id === undefined ? '' : ` (client ${JSON.stringify(id)})`}: ${reason}`,
    );
  }
}
