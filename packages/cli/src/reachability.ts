/** Whether others than this machine can reach what listens on an address, and what that means without passwords. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Listener, Log } from '@martlet/broker';
import { addressText } from '@martlet/broker';

/** Warns if the listeners of this host let strangers in. */
export async function warnOfStrangers(
  host: string,
  listeners: readonly Pick<Listener, 'address'>[],
  log: Log,
): Promise<void> {
  if (await isLoopback(host)) return;
  const places = listeners.map(({ address }) => addressText(address)).join(' or ');
  log.write(
    'warning',
    'open-to-everyone',
    `whoever can reach ${places} can connect without a password, read everything and publish anything; ` +
      'without --host only this machine can',
  );
}

/** True for addresses of this machine alone, and for names of nothing else. */
export async function isLoopback(host: string): Promise<boolean> {
  if (isIP(host) !== 0) return isLoopbackAddress(host);
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
  } catch {
    return false; // Unknown names are taken for the worse.
  }
}

function isLoopbackAddress(address: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
