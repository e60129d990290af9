/**
 * `type: certificate` and `type: psk`: what the client has proved in TLS is its user name, and needs no password. What CONNECT
 * names as the user does not count.
 */
import { ReasonCode } from '@martlet/protocol';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { TransportSecurity } from '../../core/ports/transport.ts';
import type { AuthenticationMethod, MethodAnswer } from './authentication-method.ts';
import { wrongCredentials } from './authentication-method.ts';

/** Where in TLS a user name can be. */
export type TransportUsername = Exclude<UsernameSource, 'connect'>;

/** Bytes; MQTT has no longer texts. */
const LONGEST_NAME = 65_535;

export class TransportIdentityMethod implements AuthenticationMethod {
  readonly type: 'certificate' | 'psk';
  readonly #usernameFrom: (listener: string) => UsernameSource;
  readonly #isRequired: boolean;

  /**
   * @param usernameFrom what each listener takes it from; a client of one that takes it from elsewhere is not this method's
   * @param isRequired whether a client without such a name is refused; else the next method is asked
   */
  constructor(
    type: 'certificate' | 'psk',
    usernameFrom: (listener: string) => UsernameSource,
    isRequired: boolean,
  ) {
    this.type = type;
    this.#usernameFrom = usernameFrom;
    this.#isRequired = isRequired;
  }

  authenticate({ security, origin }: AuthenticationAttempt): MethodAnswer {
    const from = this.#sourceOf(origin.listener);
    if (from === undefined) return undefined;
    const username = transportUsername(security, from);
    if (username === undefined) return this.#isRequired ? missing(from) : undefined;
    if (isUsername(username)) return { kind: 'accept', username };
    return wrongCredentials({
      source: `usernameFrom: ${from}`,
      line: undefined,
      text: 'the name is empty, too long, or has control characters',
    });
  }

  credentialOf({ username, security, origin }: ClientIdentity): string | undefined {
    const from = this.#sourceOf(origin.listener);
    const name = from === undefined ? undefined : transportUsername(security, from);
    return name === undefined || name !== username ? undefined : `${from}`;
  }

  #sourceOf(listener: string): TransportUsername | undefined {
    const from = this.#usernameFrom(listener);
    if (from === 'connect' || (from === 'psk') !== (this.type === 'psk')) return undefined;
    return from;
  }
}

function missing(from: TransportUsername): MethodAnswer {
  return {
    kind: 'refuse',
    reasonCode: ReasonCode.BadUserNameOrPassword,
    reasonString: `expected ${EXPECTED[from]}, which names the user here, got none`,
  };
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
