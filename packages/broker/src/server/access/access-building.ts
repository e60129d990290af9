/** What the server asks of whoever makes authenticators and authorisers from a configuration. */
import type {
  AuthenticationConfiguration,
  AuthorizationConfiguration,
} from '../../config/access-configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import type { Authenticator } from '../../core/ports/authenticator.ts';
import type { Authorizer, ClientIdentity } from '../../core/ports/authorizer.ts';
import type { Broker } from '../../host/broker.ts';

interface Built {
  /** What was read to build it. */
  readonly files: readonly string[];
  readonly notices: readonly ConfigurationProblem[];
  /** Lets go of threads and connections. What is under way may still answer. */
  close(): void;
}

export interface BuiltAuthenticator extends Built {
  readonly authenticator: Authenticator;
  /**
   * What a connected client was let in by, such as its entry in a password file: two texts that differ say that it would have
   * to authenticate again. Undefined: it would not be let in any more. Null: nothing can be said without its credentials.
   * Never shown to anybody. @default null for everybody
   */
  credentialOf?(client: ClientIdentity): string | null | undefined;
}

export interface BuiltAuthorizer extends Built {
  readonly authorizer: Authorizer;
}

/** Builds what decides about clients, for one configuration; what all of its parts share lives and ends with it. */
export interface AccessBuilding {
  /** Read for all of its parts. */
  readonly files: readonly string[];
  readonly notices: readonly ConfigurationProblem[];
  /**
   * Rejects with a `ConfigurationError` that names file and line.
   * @param at where the section stands in the configuration
   */
  authenticator(configuration: AuthenticationConfiguration, at: KeyPath): Promise<BuiltAuthenticator>;
  /** The same for what clients may do. */
  authorizer(configuration: AuthorizationConfiguration, at: KeyPath): Promise<BuiltAuthorizer>;
  /** It has taken effect at this broker. */
  installed(broker: Broker): void;
  /** Lets go of what is shared. */
  close(): void;
}

/** Begins to build for a configuration. What must outlive a reload (bans, failures) is kept by whoever gives this function. */
export type BuildAccess = (
  loaded: LoadedConfiguration,
  /** Nothing of it takes effect. */
  isRehearsal: boolean,
) => Promise<AccessBuilding>;
