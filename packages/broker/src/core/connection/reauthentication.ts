/**
 * A connected client authenticates again, by the method of its CONNECT. Between the steps its other packets pass; a
 * failure ends the connection. The user name stays; groups, permissions and the time that credentials are good for are those of the latest answer.
 */
import type { AuthPacket } from '@martlet/protocol';
import { ProtocolError, ProtocolVersion, packetLength, ReasonCode } from '@martlet/protocol';
import type { AuthenticationAnswer } from '../ports/authenticator.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { Accepting } from './attempt.ts';
import { AUTH_TOO_LARGE, AUTHENTICATION_CHANGED, Authentication, authPacket } from './authentication.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { ConnectionHandle, Deciders } from './phase.ts';

export class Reauthentication {
  readonly #deciders: Deciders;
  readonly #method: string;
  readonly #client: ClientIdentity;
  readonly #connection: ConnectionHandle;
  readonly #output: ConnectionOutput;
  readonly #onAccepted: (answer: Accepting) => void;
  readonly #onFailed: (reasonCode: ReasonCode, reasonString: string) => void;
  /** Null while none is under way. */
  #exchange: Authentication | null;

  /**
   * @param onAccepted takes what has changed
   * @param onFailed ends the connection
   */
  constructor(
    deciders: Deciders,
    method: string,
    client: ClientIdentity,
    connection: ConnectionHandle,
    output: ConnectionOutput,
    onAccepted: (answer: Accepting) => void,
    onFailed: (reasonCode: ReasonCode, reasonString: string) => void,
  ) {
    this.#deciders = deciders;
    this.#method = method;
    this.#client = client;
    this.#connection = connection;
    this.#output = output;
    this.#onAccepted = onAccepted;
    this.#onFailed = onFailed;
    this.#exchange = null;
  }

  onAuth(packet: AuthPacket): void {
    const { authenticationMethod, authenticationData } = packet.properties;
    if (authenticationMethod !== this.#method) {
      throw new ProtocolError('AUTH names another authentication method than CONNECT'); // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
    }
    if (packet.reasonCode === ReasonCode.ReAuthenticate) {
      this.#exchange = this.#begin();
    } else if (this.#exchange === null || packet.reasonCode !== ReasonCode.ContinueAuthentication) {
      throw new ProtocolError('AUTH continues an authentication that was not begun');
    }
    const exchange = this.#exchange;
    if (exchange === null) {
      this.#onFailed(
        ReasonCode.BadAuthenticationMethod,
        `the method ${this.#method} is not supported any more`,
      );
      return;
    }
    const answer = exchange.step(authenticationData?.slice(), (late) => {
      this.#connection.onAnswer(() => this.#onAnswer(late));
    });
    if (answer === undefined) this.#connection.closeGate();
    else this.#onAnswer(answer);
  }

  /** Clients are authenticated otherwise from now on: what is under way decides nothing any more. */
  onReconfigured(): void {
    if (this.#exchange === null) return;
    this.#exchange = null;
    this.#onFailed(ReasonCode.ServerBusy, AUTHENTICATION_CHANGED);
  }

  #begin(): Authentication | null {
    const { authenticator } = this.#deciders;
    if (authenticator === null) return null;
    const { clientId, username, protocolVersion, peer } = this.#client;
    return new Authentication(authenticator, {
      clientId,
      username,
      password: undefined,
      protocolVersion,
      origin: this.#connection.origin,
      peer,
      proxyPeer: this.#connection.proxyPeer,
      security: this.#connection.security,
      authenticationMethod: this.#method,
      authenticationData: undefined,
      reauthentication: true,
      state: undefined,
    });
  }

  #onAnswer(answer: AuthenticationAnswer): void {
    if (answer.kind === 'refuse') {
      this.#onFailed(answer.reasonCode, answer.reasonString ?? 're-authentication failed'); // [MQTT-4.12.1-2]
      return;
    }
    if (answer.kind === 'accept') this.#exchange = null;
    const packet = authPacket(this.#method, answer);
    if (packetLength(packet, ProtocolVersion.V5) > this.#output.maximumPacketSize) {
      this.#onFailed(ReasonCode.PacketTooLarge, AUTH_TOO_LARGE);
      return;
    }
    this.#output.send(packet);
    if (answer.kind === 'accept') this.#onAccepted(answer);
  }
}
