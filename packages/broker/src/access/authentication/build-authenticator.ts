/**
 * Makes the authenticator of one section `authentication`: reads the files that it names and checks everything. Nothing has taken
 * effect before the result is installed; a section with an error is refused whole, with all of its errors. No service is asked.
 *
 *     const memory = new AuthenticationMemory();
 *     const { authenticator } = await buildAuthenticator(configuration.authentication, { clock, log, memory });
 *     broker.reconfigure({ authenticator });
 */
import type { AuthenticationConfiguration } from '../../config/access-configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError, inOrder } from '../../config/configuration-error.ts';
import type { Authenticator } from '../../core/ports/authenticator.ts';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import { LimitedLog } from '../../core/telling/limited-log.ts';
import { PasswordHashing } from '../password-hashing.ts';
import { AuthenticationChain } from './authentication-chain.ts';
import type { AuthenticationMethod } from './authentication-method.ts';
import type { AuthenticationServices } from './authentication-services.ts';
import { FailureGuard } from './failures/failure-guard.ts';
import { FlappingGuard } from './failures/flapping-guard.ts';
import { GuardedAuthenticator } from './guarded-authenticator.ts';
import { MethodBuilding } from './method-building.ts';
import { TransportIdentityMethod } from './transport-identity-method.ts';

const LINES_PER_MINUTE = 60;

export interface BuiltAuthenticator {
  readonly authenticator: Authenticator;
  /** That were read; when one of them changes, it is built anew. */
  readonly files: readonly string[];
  readonly notices: readonly ConfigurationProblem[];
  /**
   * By what a connected client would be let in: a text that is another one when its credentials have changed, and shows none of
   * them. Null: that cannot be said without them. Undefined: it would not be let in any more.
   */
  credentialOf(client: ClientIdentity): string | null | undefined;
  /** Lets go of threads and connections. What is under way may still answer. */
  close(): void;
}

/** @throws {ConfigurationError} by the promise, with everything that is wrong with the section and its files */
export async function buildAuthenticator(
  configuration: AuthenticationConfiguration,
  services: AuthenticationServices,
): Promise<BuiltAuthenticator> {
  const { memory, clock, hashing: shared } = services;
  const log = limited(services);
  const hashing = shared ?? new PasswordHashing(configuration.hashing);
  const building = new MethodBuilding({ ...services, log }, hashing);
  const listed: AuthenticationMethod[] = [];
  for (const [index, method] of configuration.methods.entries()) {
    const made = await building.method(method, index);
    if (made !== undefined) listed.push(made);
  }
  const chain = new AuthenticationChain(
    unlistedIdentities(configuration, services),
    listed,
    anonymousOf(configuration),
  );
  const close = (): void => {
    chain.close();
    if (shared === undefined) hashing.close();
  };
  const errors = building.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    close();
    throw new ConfigurationError(inOrder(errors));
  }
  const failures = new FailureGuard(configuration.failures, memory, clock, log);
  const flapping =
    configuration.flapping === null ? null : new FlappingGuard(configuration.flapping, memory, clock, log);
  return {
    authenticator: new GuardedAuthenticator(chain, failures, flapping, { ...services, log }),
    files: building.files,
    notices: building.problems,
    credentialOf: (client) => chain.credentialOf(client),
    close,
  };
}

/** As Mosquitto does: without a method that keeps users, a user name may be any. */
function anonymousOf({ anonymous, methods }: AuthenticationConfiguration): 'none' | 'nameless' | 'everybody' {
  if (!anonymous) return 'none';
  return methods.length === 0 ? 'everybody' : 'nameless';
}

/** Strangers decide how often there is something to tell. */
function limited({ log, clock }: AuthenticationServices): LimitedLog {
  const monotonic = {
    get nowMs(): number {
      return clock.nowMs();
    },
  };
  return new LimitedLog(log, monotonic, LINES_PER_MINUTE, 'authentication-lines-left-out', 'authentication');
}

/**
 * A listener that takes user names from TLS needs no method for it: there, whoever has such a name is let in, and nobody else.
 * Where the method is listed, its place in the list counts, and a client without such a name may come by another method.
 */
function unlistedIdentities(
  { methods }: AuthenticationConfiguration,
  { usernameFrom = () => 'connect' }: AuthenticationServices,
): readonly AuthenticationMethod[] {
  return (['certificate', 'psk'] as const)
    .filter((type) => !methods.some((method) => method.type === type))
    .map((type) => new TransportIdentityMethod(type, usernameFrom, true));
}
