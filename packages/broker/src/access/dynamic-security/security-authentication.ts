/**
 * Dynamic security as a method of authentication: a user name that it knows, its password, and the client identifier if that is
 * fixed. A user name that it does not know costs as much time as one that it knows, and is left to the next method.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { AuthenticationMethod, MethodAnswer } from '../authentication/authentication-method.ts';
import { fingerprintOf, tooBusy, wrongCredentials } from '../authentication/authentication-method.ts';
import type { PasswordHash } from '../password-hash.ts';
import { passwordHashText } from '../password-hash.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import { DYNAMIC_SECURITY } from './security-authorization.ts';
import type { SecurityClient, SecurityView } from './security-state.ts';

const SECRET_BYTES = 32;

export class SecurityAuthentication implements AuthenticationMethod {
  readonly type = 'dynamicSecurity';
  readonly #state: () => SecurityView;
  readonly #hashing: Pick<PasswordHashing, 'verify'>;
  /** Chooses decoys. */
  readonly #secret: Uint8Array = randomBytes(SECRET_BYTES);
  /** The hashes of a state, among which a decoy is chosen. */
  #decoys: { readonly state: SecurityView; readonly hashes: readonly PasswordHash[] } | null = null;

  /** @param state the one that is in force */
  constructor(state: () => SecurityView, hashing: Pick<PasswordHashing, 'verify'>) {
    this.#state = state;
    this.#hashing = hashing;
  }

  authenticate(
    { username, password, clientId }: AuthenticationAttempt,
    isWanted: () => boolean,
  ): MethodAnswer | Promise<MethodAnswer> {
    if (username === undefined) return undefined;
    const client = this.#state().clients.get(username);
    if (password === undefined) return client === undefined ? undefined : refusal(client, 'no password came');
    const hash = client?.password?.hash ?? this.#decoyFor(username);
    const verified =
      hash === undefined ? Promise.resolve(false) : this.#hashing.verify(password, hash, isWanted);
    if (verified === undefined) return tooBusy('the server has too many passwords to check');
    return verified.then((isRight) => {
      if (client === undefined) return undefined;
      if (client.password === undefined) return refusal(client, 'it has no password yet');
      return isRight ? this.#accept(client, clientId) : refusal(client, 'wrong password');
    });
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

  credentialOf({ username, clientId }: ClientIdentity): string | undefined {
    const client = username === undefined ? undefined : this.#state().clients.get(username);
    if (client?.password === undefined || client.disabled) return undefined;
    if (client.clientid !== undefined && client.clientid !== clientId) return undefined;
    return fingerprintOf(passwordHashText(client.password.hash));
  }

  /** Somebody's hash, always the same for the same name; undefined if there is none. */
  #decoyFor(username: string): PasswordHash | undefined {
    const state = this.#state();
    if (this.#decoys?.state !== state) {
      const hashes = [...state.clients.values()].flatMap(({ password }) => password?.hash ?? []);
      this.#decoys = { state, hashes };
    }
    const { hashes } = this.#decoys;
    const chosen = createHmac('sha256', this.#secret).update(username).digest().readUIntBE(0, 6);
    return hashes[chosen % hashes.length];
  }
}

/** The reason is for the operator's log and `why`; the client hears the same in each case. */
function refusal({ username }: SecurityClient, why: string): MethodAnswer {
  return wrongCredentials({ source: DYNAMIC_SECURITY, line: undefined, text: `client ${username}: ${why}` });
}
