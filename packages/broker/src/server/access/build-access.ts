/** How a server makes authenticators and authorisers, unless it is told otherwise; what outlives reloads is kept here. */
import { buildAuthenticator } from '../../access/authentication/build-authenticator.ts';
import { AuthenticationMemory } from '../../access/authentication/failures/authentication-memory.ts';
import { buildAuthorizer } from '../../access/authorization/build-authorizer.ts';
import { PasswordHashing } from '../../access/password-hashing.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import type { Log } from '../../core/ports/log.ts';
import type { BrokerEnvironment } from '../../host/broker-environment.ts';
import type { AccessBuilding } from './access-building.ts';

export interface AccessBuilderServices {
  readonly clock: BrokerEnvironment;
  readonly log: Log;
}

export class AccessBuilder {
  readonly #services: AccessBuilderServices;
  /** Failures and bans: nobody is let off by a reload. */
  readonly memory: AuthenticationMemory;

  constructor(services: AccessBuilderServices) {
    this.#services = services;
    this.memory = new AuthenticationMemory();
  }

  async build({ configuration, source }: LoadedConfiguration): Promise<AccessBuilding> {
    const { clock, log } = this.#services;
    const { profile, authentication, listeners } = configuration;
    const hashing = new PasswordHashing(authentication.hashing);
    const sources = new Map(listeners.map(({ name, usernameFrom }) => [name, usernameFrom]));
    const usernameFrom = (listener: string) => sources.get(listener) ?? 'connect';
    return {
      authenticator: (section, at) =>
        buildAuthenticator(section, {
          clock,
          log,
          memory: this.memory,
          profile,
          hashing,
          usernameFrom,
          source,
          at,
        }),
      authorizer: (section, at) => buildAuthorizer(section, { source, at }),
      installed() {},
      close: () => hashing.close(),
    };
  }
}
