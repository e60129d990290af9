/** Where a peer is, as logs and access rules show it: `127.0.0.1:50312`, `[2001:db8::1]:50312`. */
export function peerName(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return 'unknown';
  // A listener for IPv6 and IPv4 sees IPv4 peers as mapped addresses; rules are written for the plain ones.
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** The address in what `peerName` gave, without its port; undefined for Unix sockets. */
export function hostOfPeer(peer: string): string | undefined {
  return /^\[([^\]]+)\]:\d+$/.exec(peer)?.[1] ?? /^([\d.]+):\d+$/.exec(peer)?.[1];
}
