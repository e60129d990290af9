/** Blocks of IP addresses, such as `10.0.0.0/8`, `2001:db8::/32` or a single address, and whether a peer is in one. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export class AddressBlocks {
  readonly #blocks = new BlockList();

  /** @returns what is wrong with the text, or null */
  add(text: string): string | null {
    const [address = '', bits, ...more] = text.split('/');
    const family = familyOf(address);
    if (family === null || more.length > 0)
      return `expected an address or a block such as 10.0.0.0/8, got ${JSON.stringify(text)}`;
    const most = family === 'ipv4' ? 32 : 128;
    if (bits === undefined) {
      this.#blocks.addAddress(address, family);
      return null;
    }
    if (!/^\d{1,3}$/.test(bits) || Number(bits) > most)
      return `expected 0 to ${most} bits after the slash, got ${JSON.stringify(bits)}`;
    this.#blocks.addSubnet(address, Number(bits), family);
    return null;
  }

  /** @param peer as transports tell it: `127.0.0.1:50312`, `[2001:db8::1]:50312`; others are in no block */
  includes(peer: string): boolean {
    const address = addressOf(peer);
    const family = familyOf(address);
    return family !== null && this.#blocks.check(address, family);
  }
}

/** Without its port; what is no address and port as it is. */
function addressOf(peer: string): string {
  const [, inBrackets, plain] = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(peer) ?? [];
  return withoutZone(inBrackets ?? plain ?? peer);
}

/** `fe80::1%eth0` is in the block of `fe80::1`. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  if (isIPv4(address)) return 'ipv4';
  return isIPv6(address) ? 'ipv6' : null;
}
