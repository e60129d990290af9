import type { ReasonCode } from '@martlet/protocol';
import type { Origin } from './transport.ts';

/** One client's attempt to authenticate; the same object is shown at every step of an enhanced authentication. */
export interface AuthenticationAttempt {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  readonly origin: Origin;
  readonly peer: string;
  /** The Authentication Method of CONNECT, or undefined for a plain CONNECT. */
  readonly authenticationMethod: string | undefined;
  /** The Authentication Data of the latest CONNECT or AUTH packet. */
  readonly authenticationData: Uint8Array | undefined;
  /** True when a connected client authenticates again. */
  readonly reauthentication: boolean;
  /** The authenticator's own memory between the steps of one exchange. */
  state: unknown;
}

export type AuthenticationAnswer =
  /** `username` replaces the one in CONNECT (a certificate's name, a token's subject). */
  | { readonly kind: 'accept'; readonly username?: string; readonly authenticationData?: Uint8Array }
  | { readonly kind: 'refuse'; readonly reasonCode: ReasonCode; readonly reasonString?: string }
  /** Another round: sent to the client in an AUTH packet. */
  | { readonly kind: 'continue'; readonly authenticationData?: Uint8Array };

/** Decides who may connect. */
export interface Authenticator {
  /**
   * Answers at once, or returns undefined and calls `answer` once, later, never from inside this call.
   * Until then nothing more is read from this connection.
   */
  authenticate(
    attempt: AuthenticationAttempt,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined;
}
