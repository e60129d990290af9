/**
 * Which web pages may open a WebSocket here. A browser lets any page connect to any address, this machine's own included, and
 * only says where the page came from; so a broker that listens for this machine must look.
 */
import { BlockList, isIP } from 'node:net';

/** In the list of origins. */
const EVERY_SITE = '*';

/**
 * Whether a page of this origin may connect.
 * @param origin as the browser names it; undefined from clients that are no browsers
 * @param localAddress the address that was connected to
 * @param allowed the origins that an operator has named, `*` for all; undefined: over a loopback address, those of this machine
 */
export function mayConnect(
  origin: string | undefined,
  localAddress: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true;
  if (allowed !== undefined) return allowed.includes(origin) || allowed.includes(EVERY_SITE);
  if (localAddress === undefined || !isLoopback(localAddress)) return true;
  // The Host header is no argument: a name of the page's own may point at this machine (DNS rebinding).
  const page = hostNameOf(origin);
  return page !== undefined && (page === 'localhost' || isLoopback(page));
}

function hostNameOf(origin: string): string | undefined {
  try {
    return new URL(origin).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}

function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
