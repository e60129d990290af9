/**
 * A connected client authenticates again, by the method of its CONNECT. Between the steps its other packets pass; a
 * failure ends the connection. What the authenticator accepts changes nothing else: user name and rights stay.
 */
import type { AuthPacket } from '@martlet/protocol';
import { ProtocolError, ProtocolVersion, packetLength, ReasonCode } from '@martlet/protocol';
import type { AuthenticationAnswer, Authenticator } from '../ports/authenticator.ts';
import type { ClientDescription } from '../telling/events.ts';
import { AUTH_TOO_LARGE, Authentication, authPacket } from './authentication.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { ConnectionHandle } from './phase.ts';

export class Reauthentication {
  readonly #authenticator: Authenticator;
  readonly #method: string;
  readonly #client: ClientDescription;
  readonly #connection: ConnectionHandle;
  readonly #output: ConnectionOutput;
  readonly #onFailed: (reasonCode: ReasonCode, reasonString: string) => void;
  /** Null while none is under way. */
  #exchange: Authentication | null;

  /** @param onFailed ends the connection */
  constructor(
    authenticator: Authenticator,
    method: string,
    client: ClientDescription,
    connection: ConnectionHandle,
    output: ConnectionOutput,
    onFailed: (reasonCode: ReasonCode, reasonString: string) => void,
  ) {
    this.#authenticator = authenticator;
    this.#method = method;
    this.#client = client;
    this.#connection = connection;
    this.#output = output;
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
    const answer = this.#exchange.step(authenticationData?.slice(), (late) => {
      this.#connection.onAnswer(() => this.#onAnswer(late));
    });
    if (answer === undefined) this.#connection.closeGate();
    else this.#onAnswer(answer);
  }

  #begin(): Authentication {
    const { clientId, username, protocolVersion, peer } = this.#client;
    return new Authentication(this.#authenticator, {
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
  }
}
