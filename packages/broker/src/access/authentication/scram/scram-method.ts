/**
 * `type: scram`: SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) over AUTH of MQTT 5.0. The password never comes here; a
 * file holds what tells who knows it. A connected client may authenticate again, as the same user.
 *
 * Channel binding is not offered: a TLS listener behind a proxy does not know what to bind to, and TLS 1.3 has `tls-exporter`
 * only, which few clients know.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationAttempt } from '../../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../../core/ports/authorizer.ts';
import type { ScramMechanism } from '../../scram-credentials.ts';
import { scramCredentialsText, scramDigest } from '../../scram-credentials.ts';
import type { AuthenticationMethod, MethodAnswer } from '../authentication-method.ts';
import { fingerprintOf, wrongCredentials } from '../authentication-method.ts';
import type { ClientFirst } from './scram-messages.ts';
import { parseClientFinal, parseClientFirst } from './scram-messages.ts';
import type { ScramUser, ScramUsers } from './scram-users.ts';

const NONCE_BYTES = 18;

/** Between the client's first message and its last. */
class ScramExchange {
  readonly first: ClientFirst;
  readonly user: ScramUser;
  readonly nonce: string;
  readonly serverFirst: string;

  constructor(first: ClientFirst, user: ScramUser, nonce: string) {
    const { salt, iterations } = user.credentials;
    this.first = first;
    this.user = user;
    this.nonce = nonce;
    this.serverFirst = `r=${nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
  }
}

export interface ScramMethodOptions {
  readonly mechanisms: readonly ScramMechanism[];
  /** The server's part of the nonce: printable characters without a comma. @default 18 random bytes in base64 */
  readonly newNonce?: () => string;
}

export class ScramMethod implements AuthenticationMethod {
  readonly type = 'scram';
  readonly authenticationMethods: readonly ScramMechanism[];
  readonly #users: ScramUsers;
  readonly #newNonce: () => string;

  constructor(
    users: ScramUsers,
    { mechanisms, newNonce = () => randomBytes(NONCE_BYTES).toString('base64') }: ScramMethodOptions,
  ) {
    this.authenticationMethods = mechanisms;
    this.#users = users;
    this.#newNonce = newNonce;
  }

  authenticate(attempt: AuthenticationAttempt): MethodAnswer {
    const mechanism = this.authenticationMethods.find((each) => each === attempt.authenticationMethod);
    if (mechanism === undefined) return undefined;
    const exchange = attempt.state;
    return exchange instanceof ScramExchange
      ? this.#finish(attempt, exchange)
      : this.#challenge(attempt, mechanism);
  }

  credentialOf({ username }: ClientIdentity): string | undefined {
    if (username === undefined) return undefined;
    const found = this.authenticationMethods.flatMap((each) => this.#users.find(username, each) ?? []);
    if (found.length === 0) return undefined;
    return fingerprintOf(found.map(({ credentials }) => scramCredentialsText(credentials)).join('\n'));
  }

  #challenge(attempt: AuthenticationAttempt, mechanism: ScramMechanism): MethodAnswer {
    const first = parseClientFirst(attempt.authenticationData);
    if ('problem' in first) return malformed(first.problem);
    const { username, nonce } = first;
    if (attempt.reauthentication && username !== attempt.username)
      return malformed('a connected client can only authenticate again as the same user');
    const user = this.#users.find(username, mechanism) ?? this.#users.decoy(username, mechanism);
    const exchange = new ScramExchange(first, user, nonce + this.#newNonce());
    attempt.state = exchange;
    return { kind: 'continue', authenticationData: bytesOf(exchange.serverFirst) };
  }

  #finish(attempt: AuthenticationAttempt, { first, user, nonce, serverFirst }: ScramExchange): MethodAnswer {
    const { username } = first;
    const final = parseClientFinal(attempt.authenticationData);
    if ('problem' in final) return malformed(final.problem);
    if (final.nonce !== nonce) return malformed('expected the nonce of this exchange');
    if (final.binding !== first.header) return malformed('expected the binding of the first message');
    const { mechanism, storedKey, serverKey } = user.credentials;
    const digest = scramDigest(mechanism);
    const message = `${first.bare},${serverFirst},${final.withoutProof}`;
    const signature = createHmac(digest, storedKey).update(message).digest();
    // Of another length it is no proof, which is no secret.
    const clientKey = signature.map((byte, at) => byte ^ (final.proof[at] ?? 0));
    const isRight =
      timingSafeEqual(createHash(digest).update(clientKey).digest(), storedKey) &&
      final.proof.length === signature.length &&
      user.line !== undefined;
    if (!isRight) return this.#refusal(user, username);
    const proof = createHmac(digest, serverKey).update(message).digest('base64');
    return { kind: 'accept', username, authenticationData: bytesOf(`v=${proof}`) };
  }

  #refusal({ line }: ScramUser, username: string): MethodAnswer {
    if (line === undefined) return { ...wrongCredentials(), username };
    const text = 'the user of this line gave another password';
    return { ...wrongCredentials({ source: this.#users.file, line, text }), username };
  }
}

/** The client speaks something else than SCRAM. */
function malformed(problem: string): MethodAnswer {
  return { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized, reasonString: `SCRAM: ${problem}` };
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
