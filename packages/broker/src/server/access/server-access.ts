/**
 * Who may connect and what they may do, by listener: one that has an `authentication` or `authorization` of its own goes by that,
 * all others by the one for all. It is built as a whole, and replaced as a whole.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { withoutRepetitions } from '../../config/configuration-error.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import type { Source } from '../../config/source.ts';
import type { AuthenticationCounts } from '../../core/ports/authentication-counts.ts';
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../core/ports/authenticator.ts';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
  ClientIdentity,
  OptionalQuestions,
} from '../../core/ports/authorizer.ts';
import type { Broker } from '../../host/broker.ts';
import { inWordsOfFile } from '../listeners/listener-problems.ts';
import type { AccessBuilding, BuildAccess, BuiltAuthenticator, BuiltAuthorizer } from './access-building.ts';

export class ServerAccess implements Authenticator, Authorizer {
  readonly asks: OptionalQuestions;
  readonly #building: AccessBuilding;
  readonly #source: Source;
  readonly #authenticator: BuiltAuthenticator;
  readonly #authorizer: BuiltAuthorizer;
  /** By the names of listeners that have their own. */
  readonly #authenticators: ReadonlyMap<string, BuiltAuthenticator>;
  readonly #authorizers: ReadonlyMap<string, BuiltAuthorizer>;

  private constructor(
    building: AccessBuilding,
    source: Source,
    authenticators: ReadonlyMap<string | null, BuiltAuthenticator>,
    authorizers: ReadonlyMap<string | null, BuiltAuthorizer>,
  ) {
    this.#building = building;
    this.#source = source;
    this.#authenticator = authenticators.get(null)!;
    this.#authorizer = authorizers.get(null)!;
    this.#authenticators = byListener(authenticators);
    this.#authorizers = byListener(authorizers);
    const all = [...authorizers.values()].map(({ authorizer }) => authorizer.asks);
    this.asks = {
      receive: all.some((asks) => asks?.receive === true),
      unsubscribe: all.some((asks) => asks?.unsubscribe === true),
    };
  }

  /** Reads every file that the configuration names. Rejects with a `ConfigurationError`, and has nothing open then. */
  static async build(
    loaded: LoadedConfiguration,
    build: BuildAccess,
    isRehearsal: boolean,
  ): Promise<ServerAccess> {
    const { configuration, source } = loaded;
    const building = await build(loaded, isRehearsal);
    const authenticators = new Map<string | null, BuiltAuthenticator>();
    const authorizers = new Map<string | null, BuiltAuthorizer>();
    try {
      authenticators.set(
        null,
        await building.authenticator(configuration.authentication, ['authentication']),
      );
      authorizers.set(null, await building.authorizer(configuration.authorization, ['authorization']));
      for (const [index, { name, authentication, authorization }] of configuration.listeners.entries()) {
        const at = ['listeners', index] as const;
        if (authentication !== null)
          authenticators.set(name, await building.authenticator(authentication, [...at, 'authentication']));
        if (authorization !== null)
          authorizers.set(name, await building.authorizer(authorization, [...at, 'authorization']));
      }
      return new ServerAccess(building, source, authenticators, authorizers);
    } catch (error) {
      for (const built of [...authenticators.values(), ...authorizers.values(), building]) built.close();
      throw inWordsOfFile(error, source);
    }
  }

  get files(): readonly string[] {
    return [...this.#building.files, ...this.#all.flatMap(({ files }) => files)];
  }

  get notices(): readonly ConfigurationProblem[] {
    const notices = [...this.#building.notices, ...this.#all.flatMap((built) => built.notices)];
    return withoutRepetitions(this.#source.named(notices));
  }

  /** All authenticators of a server count in one memory. */
  get counts(): AuthenticationCounts | undefined {
    return this.#authenticator.authenticator.counts;
  }

  authenticate(
    attempt: AuthenticationAttempt,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    return this.#authenticatorFor(attempt.origin.listener).authenticator.authenticate(attempt, answer);
  }

  authorize(
    request: AuthorizationRequest,
    answer: (answer: AuthorizationAnswer) => void,
  ): AuthorizationAnswer | undefined {
    const { client, action } = request;
    const { authorizer } = this.#authorizers.get(client.origin.listener) ?? this.#authorizer;
    // Another listener's authoriser may be why these questions are asked at all.
    if ((action === 'receive' || action === 'unsubscribe') && authorizer.asks?.[action] !== true)
      return { allowed: true };
    return authorizer.authorize(request, answer);
  }

  /** @see BuiltAuthenticator.credentialOf */
  credentialOf(client: ClientIdentity): string | null | undefined {
    const built = this.#authenticatorFor(client.origin.listener);
    return built.credentialOf === undefined ? null : built.credentialOf(client);
  }

  /** It has taken effect at this broker. */
  installed(broker: Broker): void {
    this.#building.installed(broker);
  }

  close(): void {
    for (const built of [...this.#all, this.#building]) built.close();
  }

  #authenticatorFor(listener: string): BuiltAuthenticator {
    return this.#authenticators.get(listener) ?? this.#authenticator;
  }

  get #all(): readonly (BuiltAuthenticator | BuiltAuthorizer)[] {
    return [
      this.#authenticator,
      ...this.#authenticators.values(),
      this.#authorizer,
      ...this.#authorizers.values(),
    ];
  }
}

function byListener<Built>(all: ReadonlyMap<string | null, Built>): ReadonlyMap<string, Built> {
  const found = new Map<string, Built>();
  for (const [name, built] of all) if (name !== null) found.set(name, built);
  return found;
}
