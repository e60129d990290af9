import type { ReasonCode } from '@martlet/protocol';
import type { AuthenticationCounts } from './authentication-counts.ts';
import type { RuleReference } from './authorizer.ts';
import type { Origin, TransportSecurity } from './transport.ts';

/** One client's attempt to authenticate; the same object is shown at every step of an enhanced authentication. */
export interface AuthenticationAttempt {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly protocolVersion: 3 | 4 | 5;
  readonly origin: Origin;
  readonly peer: string;
  readonly proxyPeer: string | undefined;
  /** Undefined for a plain connection. */
  readonly security: TransportSecurity | undefined;
  /** The Authentication Method of CONNECT, or undefined for a plain CONNECT. */
  readonly authenticationMethod: string | undefined;
  /** The Authentication Data of the latest CONNECT or AUTH packet. */
  readonly authenticationData: Uint8Array | undefined;
  /** True when a connected client authenticates again. */
  readonly reauthentication: boolean;
  /** The authenticator's own memory between the steps of one exchange. */
  state: unknown;
}

/** What an authenticator says: let in (as whom), refused (why), or one more step of an enhanced authentication. */
export type AuthenticationAnswer =
  | {
      readonly kind: 'accept';
      /** Replaces the one in CONNECT: a certificate's name, a token's subject. */
      readonly username?: string;
      readonly authenticationData?: Uint8Array;
      /** Shown to the authoriser. @default none */
      readonly groups?: readonly string[];
      /** Shown to the authoriser, such as a token's claims. @default undefined */
      readonly permissions?: unknown;
      /**
       * Wall clock, ms: then the client is disconnected (0x87), unless it has authenticated again; what it was
       * accepted with then counts. Groups and permissions of that answer count too; the user name stays. @default never
       */
      readonly expiresAtWallMs?: number;
    }
  | {
      readonly kind: 'refuse';
      readonly reasonCode: ReasonCode;
      readonly reasonString?: string;
      readonly rule?: RuleReference;
    }
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
  /** What it has decided until now, for `$SYS`; each number only rises. @default nothing is told */
  readonly counts?: AuthenticationCounts | undefined;
}
