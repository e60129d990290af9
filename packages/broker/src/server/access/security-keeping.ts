/**
 * The dynamic security of a server, over its reloads: one that goes on with the same file stays the same, with the commands that are
 * under way; one that gives way to another is closed when that other one is in effect.
 */
import type { AuthenticationMethod } from '../../access/authentication/authentication-method.ts';
import type { AuthorizationMethod } from '../../access/authorization/authorization-method.ts';
import { DynamicSecurity } from '../../access/dynamic-security/dynamic-security.ts';
import type { PasswordHashing } from '../../access/password-hashing.ts';
import type { DynamicSecurityConfiguration } from '../../config/access-configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Broker } from '../../host/broker.ts';

export interface SecurityServices {
  readonly log: Log;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What one configuration makes of it. */
export interface TakenSecurity {
  readonly methods: {
    readonly authentication: AuthenticationMethod;
    readonly authorization: AuthorizationMethod;
  };
  readonly files: readonly string[];
  readonly notices: readonly ConfigurationProblem[];
  /** Null in a rehearsal that has made none. */
  readonly security: DynamicSecurity | null;
  readonly file: string;
}

/** Stands for one whose file is not there yet, in a rehearsal: nobody is asked. */
const NONE_YET: Readonly<TakenSecurity['methods']> = {
  authentication: { type: 'dynamicSecurity', authenticate: () => undefined },
  authorization: { asks: {}, decide: () => undefined },
};

export class SecurityKeeping {
  readonly #services: SecurityServices;
  #inEffect: TakenSecurity | null;
  #detach: (() => void) | null;

  constructor(services: SecurityServices) {
    this.#services = services;
    this.#inEffect = null;
    this.#detach = null;
  }

  /** Rejects with a `ConfigurationError` if the file cannot be read, written or made. */
  async take(
    configuration: DynamicSecurityConfiguration | null,
    hashing: PasswordHashing,
    isRehearsal: boolean,
  ): Promise<TakenSecurity | null> {
    if (configuration === null) return null;
    const { file } = configuration;
    const isSame = this.#inEffect?.file === file;
    if (isSame || isRehearsal) {
      const notices = await DynamicSecurity.check(configuration);
      const security = isSame ? this.#inEffect!.security : null;
      return { methods: security ?? NONE_YET, files: [file], notices, security, file };
    }
    const { log, env = {} } = this.#services;
    const security = await DynamicSecurity.open(configuration, { log, hashing, environment: env });
    return { methods: security, files: security.files, notices: security.notices, security, file };
  }

  /** It is in effect at this broker; what was before is not any more. */
  installed(taken: TakenSecurity | null, broker: Broker): void {
    const isSame = taken !== null && taken.security === this.#inEffect?.security;
    this.#inEffect = taken;
    if (isSame) {
      // Somebody else may have written to it. It has just been found to be readable.
      taken.security?.reload().catch((error: unknown) => this.#tell(error));
      return;
    }
    this.#detach?.();
    this.#detach = taken?.security?.attach(broker) ?? null;
  }

  /** A configuration is not in effect (any more). */
  giveBack(taken: TakenSecurity | null): void {
    const security = taken?.security ?? null;
    if (security === null || security === this.#inEffect?.security) return;
    security.close().catch((error: unknown) => this.#tell(error));
  }

  /** The server ends: fulfils when what is under way is on the disk. */
  async close(): Promise<void> {
    this.#detach?.();
    this.#detach = null;
    await this.#inEffect?.security?.close();
    this.#inEffect = null;
  }

  #tell(error: unknown): void {
    this.#services.log.write('error', 'dynamic-security-failed', `dynsec: ${(error as Error).message}`);
  }
}
