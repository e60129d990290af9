/** How a server makes authenticators and authorisers, unless it is told otherwise; what outlives reloads is kept here. */
import { buildAuthenticator } from '../../access/authentication/build-authenticator.ts';
import { AuthenticationMemory } from '../../access/authentication/failures/authentication-memory.ts';
import { buildAuthorizer } from '../../access/authorization/build-authorizer.ts';
import { PasswordHashing } from '../../access/password-hashing.ts';
import type { HashingConfiguration } from '../../config/access-configuration.ts';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import type { Log } from '../../core/ports/log.ts';
import type { BrokerEnvironment } from '../../host/broker-environment.ts';
import type { AccessBuilding } from './access-building.ts';
import { SecurityKeeping } from './security-keeping.ts';

export interface AccessBuilderServices {
  readonly clock: BrokerEnvironment;
  readonly log: Log;
  /** For the password with which dynamic security begins. @default empty */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export class AccessBuilder {
  /** Failures and bans: nobody is let off by a reload. */
  readonly memory: AuthenticationMemory;
  readonly #services: AccessBuilderServices;
  readonly #security: SecurityKeeping;
  /** By what the configuration says of it. Threads that are not used end by themselves. */
  readonly #hashing: Map<string, PasswordHashing>;

  constructor(services: AccessBuilderServices) {
    this.memory = new AuthenticationMemory();
    this.#services = services;
    this.#hashing = new Map();
    this.#security = new SecurityKeeping(services);
  }

  /** @param isRehearsal nothing of it takes effect: files that are not there are not made */
  async build({ configuration, source }: LoadedConfiguration, isRehearsal: boolean): Promise<AccessBuilding> {
    const { clock, log } = this.#services;
    const { memory } = this;
    const { profile, authentication, listeners } = configuration;
    const hashing = this.#hashingFor(authentication.hashing);
    const security = await this.#security.take(configuration.dynamicSecurity, hashing, isRehearsal);
    const sources = new Map(listeners.map(({ name, usernameFrom }) => [name, usernameFrom]));
    const usernameFrom = (listener: string): UsernameSource => sources.get(listener) ?? 'connect';
    const services = { clock, log, memory, profile, hashing, usernameFrom, source };
    const methods = security?.methods;
    return {
      authenticator: (section, at) =>
        buildAuthenticator(section, {
          ...services,
          at,
          ...(methods === undefined ? {} : { dynamicSecurity: methods.authentication }),
        }),
      authorizer: (section, at) =>
        buildAuthorizer(section, {
          source,
          at,
          ...(methods === undefined ? {} : { dynamicSecurity: methods.authorization }),
        }),
      files: security?.files ?? [],
      notices: security?.notices ?? [],
      installed: (broker) => this.#security.installed(security, broker),
      close: () => this.#security.giveBack(security),
    };
  }

  /** Fulfils when what dynamic security has under way is on the disk. */
  async close(): Promise<void> {
    await this.#security.close();
    for (const hashing of this.#hashing.values()) hashing.close();
  }

  #hashingFor(configuration: HashingConfiguration): PasswordHashing {
    const key = JSON.stringify(configuration);
    const known = this.#hashing.get(key);
    if (known !== undefined) return known;
    const hashing = new PasswordHashing(configuration);
    this.#hashing.set(key, hashing);
    return hashing;
  }
}
