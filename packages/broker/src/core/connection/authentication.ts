/** One exchange with the authenticator: the CONNECT, or a connected client's AUTH, and the AUTH packets that follow. */
import type { AuthPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationAnswer, AuthenticationAttempt, Authenticator } from '../ports/authenticator.ts';

type Attempt = { -readonly [Field in keyof AuthenticationAttempt]: AuthenticationAttempt[Field] };

export class Authentication {
  readonly #authenticator: Authenticator;
  readonly #attempt: Attempt;

  constructor(authenticator: Authenticator, attempt: AuthenticationAttempt) {
    this.#authenticator = authenticator;
    this.#attempt = { ...attempt };
  }

  get method(): string | undefined {
    return this.#attempt.authenticationMethod;
  }

  /**
   * Shows the authenticator the attempt with the latest data.
   * @returns its answer, or undefined: then `onAnswer` gets it later
   */
  step(
    authenticationData: Uint8Array | undefined,
    onAnswer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    this.#attempt.authenticationData = authenticationData;
    let answered = false;
    let asking = true;
    let early: AuthenticationAnswer | undefined;
    const answer = this.#authenticator.authenticate(this.#attempt, (given) => {
      if (answered) return;
      answered = true;
      if (asking)
        early = given; // from inside the call, which it should not be: taken all the same
      else onAnswer(given);
    });
    asking = false;
    if (answer !== undefined) answered = true;
    return answer ?? early;
  }
}

/** AUTH with an answer that is no refusal, by the method of CONNECT. */
export function authPacket(
  authenticationMethod: string,
  answer: Exclude<AuthenticationAnswer, { readonly kind: 'refuse' }>,
): AuthPacket {
  const { authenticationData } = answer;
  return {
    type: 'auth',
    reasonCode: answer.kind === 'accept' ? ReasonCode.Success : ReasonCode.ContinueAuthentication, // [MQTT-4.12.0-2]
    properties: {
      authenticationMethod, // [MQTT-4.12.0-5]
      ...(authenticationData === undefined ? undefined : { authenticationData }),
    },
  };
}

export const AUTH_TOO_LARGE = 'AUTH is larger than the Maximum Packet Size';
export const AUTHENTICATION_CHANGED =
  'how clients are authenticated has changed while this one was: connect again';
export const CREDENTIALS_EXPIRED = 'its credentials expired';
