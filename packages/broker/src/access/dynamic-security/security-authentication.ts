/** Dynamic security as a method of authentication: a user name that it knows, its password, and the client identifier if it is fixed. */
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { AuthenticationMethod, MethodAnswer } from '../authentication/authentication-method.ts';
import { tooBusy, wrongCredentials } from '../authentication/authentication-method.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import { DYNAMIC_SECURITY } from './security-authorization.ts';
import type { SecurityClient, SecurityView } from './security-state.ts';

export class SecurityAuthentication implements AuthenticationMethod {
  readonly type = 'dynamicSecurity';
  readonly #state: () => SecurityView;
  readonly #hashing: Pick<PasswordHashing, 'verify'>;

  /** @param state the one that is in force */
  constructor(state: () => SecurityView, hashing: Pick<PasswordHashing, 'verify'>) {
    this.#state = state;
    this.#hashing = hashing;
  }

  authenticate(attempt: AuthenticationAttempt): MethodAnswer | Promise<MethodAnswer> {
    const { username, password } = attempt;
    if (username === undefined) return undefined;
    const client = this.#state().clients.get(username);
    if (client === undefined) return undefined;
    if (password === undefined) return refusal(client, 'no password came');
    if (client.password === undefined) return refusal(client, 'it has no password yet');
    const verified = this.#hashing.verify(password, client.password.hash);
    if (verified === undefined) return tooBusy('too many passwords are being checked');
    return verified.then((isRight) =>
      isRight ? this.#accept(client, attempt.clientId) : refusal(client, 'wrong password'),
    );
  }

  /** Looked up anew: commands may have come while the password was checked. */
  #accept({ username, password }: SecurityClient, clientId: string): MethodAnswer {
    const client = this.#state().clients.get(username);
    if (client === undefined || client.password !== password)
      return wrongCredentials({
        source: DYNAMIC_SECURITY,
        line: undefined,
        text: 'the client was changed meanwhile',
      });
    if (client.disabled) return refusal(client, 'it is disabled');
    if (client.clientid !== undefined && client.clientid !== clientId)
      return refusal(client, 'it connects with another client identifier');
    return { kind: 'accept', username, groups: client.groups.map(({ groupname }) => groupname) };
  }
}

/** The reason is for the operator's log and `why`; the client hears the same in each case. */
function refusal({ username }: SecurityClient, why: string): MethodAnswer {
  return wrongCredentials({ source: DYNAMIC_SECURITY, line: undefined, text: `client ${username}: ${why}` });
}
