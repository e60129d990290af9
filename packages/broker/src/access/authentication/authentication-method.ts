/** What an authenticator is made of: methods, each of which knows some of the clients. */
import { createHash } from 'node:crypto';
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationAnswer, AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity, RuleReference } from '../../core/ports/authorizer.ts';

/** Undefined: this client is none of mine, the next method is asked. */
export type MethodAnswer = AuthenticationAnswer | MethodRefusal | undefined;

export type MethodRefusal = AuthenticationAnswer & {
  readonly kind: 'refuse';
  /** Whose credentials were wrong, where CONNECT does not say so. @default the user name of CONNECT */
  readonly username?: string;
};

export interface AuthenticationMethod {
  /** As in the configuration, such as `passwordFile`; for logs. */
  readonly type: string;
  /**
   * The Authentication Methods of MQTT 5.0 that it speaks. A client that names one is shown only to those that speak it, in order: the
   * first that begins an exchange goes on with it.
   * @default none
   */
  readonly authenticationMethods?: readonly string[];
  /**
   * Asked about every client that no method before it has decided about. A promise may take as long as it must; a rejected
   * one refuses the client with 0x88 and is logged.
   * @param isWanted asked before work that had to wait: false when the client was banned meanwhile, and any answer will do
   */
  authenticate(attempt: AuthenticationAttempt, isWanted: () => boolean): MethodAnswer | Promise<MethodAnswer>;
  /**
   * By what it would let in a client that is connected: a text that is another one when that changes, and shows no secret. Null: it
   * cannot be said without the client's credentials. Undefined: this client is none of mine.
   * @default null
   */
  credentialOf?(client: ClientIdentity): string | null | undefined;
  /** Lets go of threads and connections. What is under way may still answer. */
  close?(): void;
}

/**
 * Refuses credentials. The client is told the same whatever was wrong with them; the rule is for operators.
 * @param rule what decided; no secret
 */
export function wrongCredentials(rule?: RuleReference): MethodRefusal {
  return {
    kind: 'refuse',
    reasonCode: ReasonCode.BadUserNameOrPassword,
    reasonString: 'the user name or the password is wrong',
    ...(rule === undefined ? undefined : { rule }),
  };
}

/** Refuses somebody whose credentials were not looked at, since too much is under way. */
export function tooBusy(what: string): MethodRefusal {
  return { kind: 'refuse', reasonCode: ReasonCode.ServerBusy, reasonString: `${what}: try again later` };
}

/** A text that changes with a secret and does not show it. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
