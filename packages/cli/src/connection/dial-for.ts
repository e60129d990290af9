/** Connecting in another way than to the host that is named: from an address of one's own, or through a proxy. */
import { connect } from 'node:net';
import type { NodeTransportOptions } from '@martlet/client/node-transport';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';
import { connectThroughProxy, parseProxyUrl } from './socks-proxy.ts';

type Dial = NonNullable<NodeTransportOptions['dial']>;

/** @returns undefined if the usual way will do */
export function dialFor({ bindAddress, proxy, unix }: ConnectionValues): Dial | undefined {
  if (proxy !== undefined) {
    const address = parseProxyUrl(proxy);
    if (unix !== undefined) throw new UsageError('--proxy: expected it without --unix, got both');
    return ({ host, port }, signal) => connectThroughProxy(address, host, port, signal, bindAddress);
  }
  if (bindAddress === undefined || unix !== undefined) return undefined;
  return ({ host, port }) => connect({ host, port, localAddress: bindAddress, noDelay: true });
}
