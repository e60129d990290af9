/**
 * `type: passwordFile`: user names and passwords of CONNECT. A client without user name is not this method's, nor is a user who is not in
 * the file, for whom as much is computed; a user who is there and gives no password is refused.
 */
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import { passwordHashText } from '../password-hash.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import type { AuthenticationMethod, MethodAnswer } from './authentication-method.ts';
import { fingerprintOf, tooBusy, wrongCredentials } from './authentication-method.ts';
import type { PasswordFileUsers } from './password-file-users.ts';

export class PasswordFileMethod implements AuthenticationMethod {
  readonly type = 'passwordFile';
  readonly #users: PasswordFileUsers;
  readonly #hashing: Pick<PasswordHashing, 'verify'>;

  constructor(users: PasswordFileUsers, hashing: Pick<PasswordHashing, 'verify'>) {
    this.#users = users;
    this.#hashing = hashing;
  }

  authenticate(
    { username, password }: AuthenticationAttempt,
    isWanted: () => boolean,
  ): MethodAnswer | Promise<MethodAnswer> {
    if (username === undefined) return undefined;
    const user = this.#users.find(username);
    const computed = user ?? this.#users.decoy(username);
    if (password === undefined || computed === undefined)
      return user === undefined ? undefined : this.#refusal(user.line, 'gave no password');
    const verified = this.#hashing.verify(password, computed.hash, isWanted);
    if (verified === undefined) return tooBusy('the server has too many passwords to check');
    return verified.then((isRight) => {
      if (user === undefined) return undefined;
      return isRight ? { kind: 'accept' } : this.#refusal(user.line, 'gave another password');
    });
  }

  credentialOf({ username }: ClientIdentity): string | undefined {
    const user = username === undefined ? undefined : this.#users.find(username);
    return user === undefined ? undefined : fingerprintOf(passwordHashText(user.hash));
  }

  #refusal(line: number, text: string): MethodAnswer {
    return wrongCredentials({ source: this.#users.file, line, text: `the user of this line ${text}` });
  }
}
