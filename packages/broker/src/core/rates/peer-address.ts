/**
 * By which address a peer is counted: IPv4 as it is; of IPv6 the /64 network, because who has one address there has all of
 * them; what is no address (a Unix socket, a test) as it is.
 */

const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/** @param peer such as `192.0.2.7:50312`, `[2001:db8::7]:50312`, or a path */
export function peerAddress(peer: string): string {
  if (peer.startsWith('[')) {
    const end = peer.indexOf(']');
    return end < 0 ? peer : networkOf(peer.slice(1, end));
  }
  const colon = peer.lastIndexOf(':');
  if (colon < 0) return peer;
  if (peer.indexOf(':') !== colon) return networkOf(peer);
  return peer.slice(0, colon);
}

/** An IPv4 address that is written as IPv6 is the IPv4 address. */
function networkOf(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  const v4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  if (v4 !== null) return v4[1]!;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Math.max(0, GROUPS - before.length - behind.length);
  const groups = [...before, ...new Array<string>(tail === undefined ? 0 : zeros).fill('0'), ...behind];
  const network = groups
    .slice(0, GROUPS_OF_NETWORK)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}
