/**
 * Methods in the order of the configuration: the first definite answer counts. A client that none of them knows is refused,
 * unless it gave no user name and those may come, or there are no methods at all.
 */
import { ReasonCode } from '@martlet/protocol';
import type { AuthenticationAttempt } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { AuthenticationMethod, MethodAnswer } from './authentication-method.ts';
import { wrongCredentials } from './authentication-method.ts';

type Decided = Exclude<MethodAnswer, undefined>;

export class AuthenticationChain {
  readonly #methods: readonly AuthenticationMethod[];
  readonly #anonymous: boolean;

  /** @param anonymous whether a client may come without a user name */
  constructor(methods: readonly AuthenticationMethod[], anonymous: boolean) {
    this.#methods = methods;
    this.#anonymous = anonymous;
  }

  authenticate(attempt: AuthenticationAttempt): Decided | Promise<Decided> {
    const { authenticationMethod } = attempt;
    if (authenticationMethod === undefined) return this.#ask(attempt, 0);
    const method = this.#methods.find((each) => each.authenticationMethods?.includes(authenticationMethod));
    if (method === undefined) return this.#unknownMethod(authenticationMethod); // [MQTT-4.12.0-1]
    const answer = method.authenticate(attempt);
    return answer instanceof Promise
      ? answer.then((late) => late ?? wrongCredentials())
      : (answer ?? wrongCredentials());
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
    const isNobody = this.#anonymous && (client.username === undefined || this.#methods.length === 0);
    return isNobody ? 'anonymous' : mayBe;
  }

  close(): void {
    for (const method of this.#methods) method.close?.();
  }

  /** As long as answers come at once, so does this. */
  #ask(attempt: AuthenticationAttempt, from: number): Decided | Promise<Decided> {
    for (let at = from; at < this.#methods.length; at++) {
      const answer: MethodAnswer | Promise<MethodAnswer> = this.#methods[at]!.authenticate(attempt);
      if (answer instanceof Promise) return answer.then((late) => late ?? this.#ask(attempt, at + 1));
      if (answer !== undefined) return answer;
    }
    return this.#end(attempt);
  }

  #end({ username }: AuthenticationAttempt): Decided {
    // As Mosquitto does: where nobody keeps users, a user name is only a name.
    if (this.#anonymous && (username === undefined || this.#methods.length === 0)) return { kind: 'accept' };
    if (username !== undefined) return wrongCredentials();
    return {
      kind: 'refuse',
      reasonCode: ReasonCode.NotAuthorized,
      reasonString: 'nobody may connect here without a user name',
    };
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
