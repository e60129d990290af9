/** The address of a peer, as failures are counted by it. */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * The address alone, without port and zone.
 * @param peer such as `192.0.2.1:50312`, `[2001:db8::1]:50312`
 * @returns undefined for a peer without one: a Unix socket, a connection in the same process
 */
export function addressOf(peer: string): string | undefined {
  const [, inBrackets, before] = /^(?:\[([^\]%]+)(?:%[^\]]*)?\]|([^:]+))(?::\d+)?$/.exec(peer) ?? [];
  const address = inBrackets ?? before ?? peer;
  return isIPv4(address) || isIPv6(address) ? address : undefined;
}

/**
 * What one peer can be told apart by: its IPv4 address, or the /64 of its IPv6 address, since whoever has one address of a /64 has
 * all of them.
 * @returns such as `192.0.2.1`, `2001:db8:0:1::/64`
 */
export function addressKey(address: string): string {
  if (isIPv4(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const groups = ipv6Groups(address).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

/** Eight numbers of 16 bits. @param address a valid one */
function ipv6Groups(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').flatMap(numbersOf));
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  return [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after];
}

/** The last 32 bits may be written as an IPv4 address. */
function numbersOf(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
