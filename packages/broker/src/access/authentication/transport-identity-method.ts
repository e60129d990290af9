/**
 * `type: certificate` and `type: psk`: what the client has proved in TLS is its user name, and needs no password. What CONNECT
 * names as the user does not count.
 */
import { ReasonCode } from '@martlet/protocol';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { TransportSecurity } from '../../core/ports/transport.ts';
import type { AuthenticationMethod, MethodAnswer } from './authentication-method.ts';
import { wrongCredentials } from './authentication-method.ts';

/** Where in TLS a user name can be. */
export type TransportUsername = Exclude<UsernameSource, 'connect'>;

/** Bytes; MQTT has no longer texts. */
const LONGEST_NAME = 65_535;

export class TransportIdentityMethod implements AuthenticationMethod {
  readonly type: 'certificate' | 'psk';
  readonly #usernameFrom: TransportUsername;
  readonly #isRequired: boolean;

  /** @param isRequired whether a client without such a name is refused; else the next method is asked */
  constructor(usernameFrom: TransportUsername, isRequired: boolean) {
    this.type = usernameFrom === 'psk' ? 'psk' : 'certificate';
    this.#usernameFrom = usernameFrom;
    this.#isRequired = isRequired;
  }

  authenticate({ security, reauthentication }: AuthenticationAttempt): MethodAnswer {
    if (reauthentication) return undefined;
    const username = transportUsername(security, this.#usernameFrom);
    if (username === undefined) return this.#isRequired ? this.#missing() : undefined;
    if (isUsername(username)) return { kind: 'accept', username };
    return wrongCredentials({
      source: `usernameFrom: ${this.#usernameFrom}`,
      line: undefined,
      text: 'the name is empty, too long, or has control characters',
    });
  }

  #missing(): MethodAnswer {
    return {
      kind: 'refuse',
      reasonCode: ReasonCode.BadUserNameOrPassword,
      reasonString: `expected ${EXPECTED[this.#usernameFrom]}, which names the user here, got none`,
    };
  }
}

const EXPECTED: Readonly<Record<TransportUsername, string>> = {
  'certificate-cn': 'a client certificate with a common name',
  'certificate-subject': 'a client certificate with a subject',
  'certificate-san': 'a client certificate with a subject alternative name',
  psk: 'a pre-shared key',
};

/** @returns undefined if there is none. Of several alternative names the first of an e-mail address, a host or a URI */
export function transportUsername(
  security: TransportSecurity | undefined,
  from: TransportUsername,
): string | undefined {
  if (from === 'psk') return security?.pskIdentity;
  const certificate = security?.certificate;
  switch (from) {
    case 'certificate-cn':
      return certificate?.commonName;
    case 'certificate-subject':
      return certificate?.subject;
    case 'certificate-san':
      return certificate?.subjectAlternativeNames
        .map((name) => /^(?:email|dns|uri):(.*)$/s.exec(name)?.[1])
        .find((name) => name !== undefined);
  }
}

/** Whoever made the certificate chose it; what MQTT does not allow in a user name could be mistaken for something else. */
function isUsername(name: string): boolean {
  return name !== '' && !/\p{Cc}|\p{Cs}/u.test(name) && Buffer.byteLength(name) <= LONGEST_NAME;
}
