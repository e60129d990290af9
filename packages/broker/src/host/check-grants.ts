import { checkListenerPolicy } from '../core/options/listener-policy.ts';
import { durabilityNamed } from '../core/ports/durability.ts';
import type { TcpListenerOptions } from '../listeners/tcp-listener.ts';

/** @throws {TypeError | RangeError} for what cannot be granted to the clients of a listener */
export function checkGrants({ durability, policy }: Pick<TcpListenerOptions, 'durability' | 'policy'>): void {
  if (durability !== undefined) durabilityNamed(durability, 'durability');
  if (policy !== undefined) checkListenerPolicy(policy);
}
