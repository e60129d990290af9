/** An authenticator of an application's own. */
import { ReasonCode } from '@martlet/protocol';
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../core/ports/authenticator.ts';

/** `true`: the client may connect. `false`: it may not. An answer says more: another user name, groups, a reason code. */
export type Verdict = boolean | AuthenticationAnswer;

/** Of `authenticatorOf`. */
export interface AuthenticatorOptions {
  /** Told when the function fails; the client is refused with 0x88 Server unavailable. @default nobody is told */
  readonly onError?: (error: unknown, attempt: AuthenticationAttempt) => void;
}

/**
 * Decides by a function who may connect.
 *
 *     const broker = createBroker({
 *       authenticator: authenticatorOf(async ({ username, password }) => {
 *         return username !== undefined && (await users.check(username, password));
 *       }),
 *     });
 *
 * A client that brings an authentication method of MQTT 5.0 is shown too, with `authenticationMethod`; answer `false` to all that
 * the function does not know. A function that answers at once delays nothing; while it takes its time nothing more is read from
 * this client, and the connect timeout of the broker ends it. Hashes of passwords belong in a thread: see `PasswordHashing` in
 * `@martlet/broker/access`.
 * @throws {TypeError} for what is no function
 */
export function authenticatorOf(
  decide: (attempt: AuthenticationAttempt) => Verdict | Promise<Verdict>,
  { onError = () => {} }: AuthenticatorOptions = {},
): Authenticator {
  if (typeof decide !== 'function')
    throw new TypeError(`authenticatorOf: expected a function that decides, got ${typeof decide}`);
  return {
    authenticate(attempt, answer) {
      const failed = (error: unknown): AuthenticationAnswer => {
        onError(error, attempt);
        return {
          kind: 'refuse',
          reasonCode: ReasonCode.ServerUnavailable,
          reasonString: 'the server cannot check credentials at the moment',
        };
      };
      try {
        const verdict = decide(attempt);
        if (!isPromise(verdict)) return answerOf(verdict, attempt);
        verdict
          .then((late) => answerOf(late, attempt))
          .catch(failed)
          .then(answer);
        return undefined;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function isPromise(verdict: Verdict | Promise<Verdict>): verdict is Promise<Verdict> {
  return typeof verdict === 'object' && verdict !== null && 'then' in verdict;
}

function answerOf(verdict: Verdict, { authenticationMethod }: AuthenticationAttempt): AuthenticationAnswer {
  if (verdict === true) return { kind: 'accept' };
  // Of a function that forgot to say something, nobody gets in.
  if (typeof verdict === 'object' && verdict !== null) return verdict;
  const isMethod = authenticationMethod !== undefined;
  return {
    kind: 'refuse',
    reasonCode: isMethod ? ReasonCode.BadAuthenticationMethod : ReasonCode.BadUserNameOrPassword,
    reasonString: isMethod ? 'the authentication failed' : 'the user name or the password is wrong',
  };
}
