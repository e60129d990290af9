/**
 * Methods in the order of the configuration: the first definite answer counts. A client that none of them knows is refused, unless
 * it is let in as an anonymous one.
 */
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { AuthenticationMethod, MethodAnswer } from './authentication-method.ts';
import { wrongCredentials } from './authentication-method.ts';

type Decided = Exclude<MethodAnswer, undefined>;

export class AuthenticationChain {
  readonly #identities: readonly AuthenticationMethod[];
  readonly #methods: readonly AuthenticationMethod[];
  readonly #anonymous: 'none' | 'nameless' | 'everybody';

  /**
   * @param identities what listeners demand in TLS: asked first, and what they refuse is refused to clients that bring an
   * authentication method, too
   * @param anonymous whom to let in of those whom no method knows: nobody, clients without a user name, or all, where nobody keeps
   * users and a user name is only a name
   */
  constructor(
    identities: readonly AuthenticationMethod[],
    methods: readonly AuthenticationMethod[],
    anonymous: 'none' | 'nameless' | 'everybody',
  ) {
    this.#identities = identities;
    this.#methods = [...identities, ...methods];
    this.#anonymous = anonymous;
  }

  /** @param isWanted whether the answer still matters */
  authenticate(attempt: AuthenticationAttempt, isWanted: () => boolean): Decided | Promise<Decided> {
    const { authenticationMethod } = attempt;
    if (authenticationMethod === undefined) return this.#ask(attempt, isWanted, this.#methods);
    const speaking = this.#methods.filter((each) =>
      each.authenticationMethods?.includes(authenticationMethod),
    );
    if (speaking.length === 0) return this.#unknownMethod(authenticationMethod); // [MQTT-4.12.0-1]
    return this.#demanded(attempt) ?? this.#ask(attempt, isWanted, speaking);
  }

  /**
   * By what a connected client would be let in: a text that is another one when its credentials change. Null: that cannot be said
   * without them. Undefined: it would not be let in.
   */
  credentialOf(client: ClientIdentity): string | null | undefined {
    let mayBe: null | undefined;
    for (const method of this.#methods) {
      const credential = method.credentialOf === undefined ? null : method.credentialOf(client);
      if (typeof credential === 'string') return `${method.type} ${credential}`;
      if (credential === null) mayBe = null;
    }
    return this.#mayBeAnyone(client.username) ? 'anonymous' : mayBe;
  }

  close(): void {
    for (const method of this.#methods) method.close?.();
  }

  /** A refusal, if the listener demands something in TLS that this client has not. */
  #demanded(attempt: AuthenticationAttempt): Decided | undefined {
    if (attempt.reauthentication) return undefined;
    for (const each of this.#identities) {
      const answer = each.authenticate(attempt, () => true);
      if (!(answer instanceof Promise) && answer?.kind === 'refuse') return answer;
    }
    return undefined;
  }

  /** As long as answers come at once, so does this. */
  #ask(
    attempt: AuthenticationAttempt,
    isWanted: () => boolean,
    methods: readonly AuthenticationMethod[],
    from = 0,
  ): Decided | Promise<Decided> {
    for (let at = from; at < methods.length; at++) {
      const answer: MethodAnswer | Promise<MethodAnswer> = methods[at]!.authenticate(attempt, isWanted);
      if (answer instanceof Promise)
        return answer.then((late) => late ?? this.#ask(attempt, isWanted, methods, at + 1));
      if (answer !== undefined) return answer;
    }
    return attempt.authenticationMethod === undefined ? this.#end(attempt) : wrongCredentials();
  }

  #end({ username }: AuthenticationAttempt): Decided {
    if (this.#mayBeAnyone(username)) return { kind: 'accept' };
    if (!isNameless(username)) return wrongCredentials();
    return {
      kind: 'refuse',
      reasonCode: ReasonCode.NotAuthorized,
      reasonString: 'nobody may connect here without a user name',
    };
  }

  #mayBeAnyone(username: string | undefined): boolean {
    return this.#anonymous === 'everybody' || (this.#anonymous === 'nameless' && isNameless(username));
  }

  #unknownMethod(method: string): Decided {
    const known = this.#methods.flatMap(({ authenticationMethods = [] }) => authenticationMethods);
    const expected = known.length === 0 ? 'a CONNECT without one' : known.join(' or ');
    return {
      kind: 'refuse',
      reasonCode: ReasonCode.BadAuthenticationMethod,
      reasonString: `expected ${expected} as the authentication method, got ${JSON.stringify(method.slice(0, 64))}`,
    };
  }
}

/** As for Mosquitto, an empty user name is none. */
function isNameless(username: string | undefined): boolean {
  return username === undefined || username === '';
}
