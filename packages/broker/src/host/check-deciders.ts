import { unknownName } from '../core/options/check-habit.ts';
import type { BrokerChanges } from './broker-options.ts';

type Deciders = Pick<BrokerChanges, 'authenticator' | 'authorizer'>;

const CHANGES: readonly string[] = ['profile', 'authenticator', 'authorizer'];

/**
 * Whoever decides must be able to: a function in place of an object would fail with the first client that it is asked about.
 * @throws {TypeError} that says what was expected
 */
export function checkDeciders({ authenticator = null, authorizer = null }: Deciders): void {
  if (authenticator !== null && typeof authenticator.authenticate !== 'function')
    throw new TypeError(
      `authenticator: expected an object with authenticate(), such as authenticatorOf(decide), got ${kindOf(authenticator, 'authenticate')}`,
    );
  if (authorizer !== null && typeof authorizer.authorize !== 'function')
    throw new TypeError(
      `authorizer: expected an object with authorize(), got ${kindOf(authorizer, 'authorize')}`,
    );
}

function kindOf(decider: unknown, method: string): string {
  return typeof decider === 'object' ? `an object without ${method}` : `a ${typeof decider}`;
}

/** @throws {TypeError} for what `Broker.reconfigure` does not change, and for deciders that are none */
export function checkChanges(changes: BrokerChanges): void {
  for (const name of Object.keys(changes))
    if (!CHANGES.includes(name)) throw unknownName('change', name, CHANGES);
  checkDeciders(changes);
}
