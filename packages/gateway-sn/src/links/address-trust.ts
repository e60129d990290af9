/** Whose addresses are believed without proof: those that nobody outside can write on a datagram and have it arrive. */
import { BlockList, isIP } from 'node:net';

/** Loopback, private, link-local and unique local networks. */
const NEAR: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
];

/** A set of networks. */
export class Networks {
  readonly #list = new BlockList();
  /** All of IPv4, or all of IPv6, is in it. */
  #hasAll = false;

  /** @throws {RangeError} for what is neither an address nor a network such as `192.0.2.0/24` */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  #add(network: string): void {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address);
    const bits = version === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix || Number.NaN);
    if (version === 0 || !Number.isInteger(length) || length < 0 || length > bits) {
      throw new RangeError(`expected an address or a network such as 192.0.2.0/24, got ${network}`);
    }
    if (length === 0) this.#hasAll = true;
    this.#list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
  }

  /** @param host what has no address, such as the end of a serial line, is where all may be */
  has(host: string): boolean {
    const address = plainAddress(host);
    const version = isIP(address);
    return version === 0 ? this.#hasAll : this.#list.check(address, version === 6 ? 'ipv6' : 'ipv4');
  }
}

export function nearNetworks(): Networks {
  return new Networks(NEAR.map(([network, prefix]) => `${network}/${prefix}`));
}

/** Without its zone, and as IPv4 if it is one in IPv6's clothes. */
export function plainAddress(host: string): string {
  const address = host.split('%')[0]!;
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/iu.test(address) ? address.slice(7) : address;
}

/** An address that no single sender has: to answer it would be to answer many. */
export function isNobodysAddress(host: string, port: number): boolean {
  const address = plainAddress(host);
  if (port === 0 || address === '0.0.0.0' || address === '::' || address === '255.255.255.255') return true;
  if (isIP(address) === 6) return address.toLowerCase().startsWith('ff');
  const first = Number(address.split('.')[0]);
  return first >= 224;
}
