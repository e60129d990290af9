/** Whether others than this machine can reach what listens on an address, and what that means without passwords. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Listener, Log } from '@martlet/broker';
import { addressText } from '@martlet/broker';
import type { Configuration, ListenerConfiguration } from '@martlet/broker/config';

/**
 * Warns if listeners let strangers in.
 * @param remedy what ends that, such as `without --host only this machine can`
 */
export async function warnOfStrangers(
  configuration: Pick<Configuration, 'listeners' | 'authentication' | 'authorization'>,
  listeners: readonly Pick<Listener, 'name' | 'address'>[],
  remedy: string,
  log: Log,
): Promise<void> {
  const open: ListenerConfiguration[] = [];
  for (const listener of configuration.listeners) {
    const { anonymous } = listener.authentication ?? configuration.authentication;
    if (anonymous && !isBehindTls(listener) && (await isReachable(listener))) open.push(listener);
  }
  if (open.length === 0) return;
  const names = new Set(open.map(({ name }) => name));
  const places = listeners.filter(({ name }) => names.has(name)).map(({ address }) => addressText(address));
  const isFree = open.some(({ authorization }) => {
    const { default: otherwise, methods } = authorization ?? configuration.authorization;
    return otherwise === 'allow' && methods.length === 0;
  });
  log.write(
    'warning',
    'open-to-everyone',
    `whoever can reach ${places.join(' or ')} can connect without a password${isFree ? ', read everything and publish anything' : ''}; ${remedy}`,
  );
}

/** Nobody comes in without a certificate or a key. */
function isBehindTls({ tls }: ListenerConfiguration): boolean {
  return tls !== null && (tls.clientCertificates === 'require' || tls.psk !== null);
}

async function isReachable(listener: ListenerConfiguration): Promise<boolean> {
  if (listener.path !== null || listener.socketActivation !== null) return false;
  if (listener.protocol === 'mqtt-sn' && listener.mqttSn.serial !== null) return false;
  if (listener.interface !== null) return listener.interface !== 'lo';
  return listener.host === '*' || !(await isLoopback(listener.host));
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
