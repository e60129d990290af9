/**
 * Where a listener listens, from what its options say: one address, all of them, those of a name or of a network interface, a
 * Unix socket, or a socket that somebody else has opened.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { networkInterfaces } from 'node:os';
import { EnvironmentError } from '../environment-error.ts';

export type AddressFamily = 'ipv4' | 'ipv6' | 'both';

/** Where a listener listens: on an address, all addresses of an interface, a Unix socket, or what is open already. */
export interface PlaceOptions {
  /** An address, a name (all of its addresses are listened on), or `*` for all networks. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free port. */
  readonly port?: number | undefined;
  /** Of the addresses that `host` or `interface` has. @default 'both' */
  readonly family?: AddressFamily | undefined;
  /**
   * A network interface, such as `eth0`, in place of `host`: the addresses that it has now are listened on. Node.js cannot bind to
   * the interface itself, so packets that reach these addresses another way are accepted too.
   */
  readonly interface?: string | undefined;
  /** The path of a Unix socket, in place of host and port. A file left there by a dead process is replaced. */
  readonly path?: string | undefined;
  /** A socket that already listens, by the number of its descriptor (systemd's socket activation), in place of all that. */
  readonly fd?: number | undefined;
}

export type ListeningPlace =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly ipv6Only: boolean;
      /** It is not there on every machine, and the others do without it. */
      readonly optional: boolean;
    }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

/**
 * Rejects with an `EnvironmentError` for an interface or a family that is not there, and with the system's error for a name
 * that nobody knows.
 */
export async function listeningPlaces(options: PlaceOptions): Promise<readonly ListeningPlace[]> {
  const { host = '127.0.0.1', port = 0, family = 'both', path, fd } = options;
  if (fd !== undefined) return [{ kind: 'fd', fd }];
  if (path !== undefined) return [{ kind: 'unix', path }];
  if (options.interface !== undefined)
    return addressesOf(options.interface, family).map((address) => place(address, port, false));
  if (host === '*') return everywhere(port, family);
  if (isIP(host) === 0) {
    const found = await lookup(host, { all: true, family: family === 'both' ? 0 : Number(family.slice(3)) });
    const addresses = [...new Set(found.map(({ address }) => address))];
    return addresses.map((address) => place(address, port, addresses.length > 1));
  }
  if (family !== 'both' && family !== `ipv${isIP(host)}`)
    throw unavailable(
      `cannot listen on ${host}: it is no address of ${familyName(family)}, as family asks for`,
    );
  return [{ kind: 'tcp', host, port, ipv6Only: family === 'ipv6', optional: false }];
}

/** `::` takes connections of IPv4 too, unless the system has no IPv6; then `0.0.0.0` is all there is. */
function everywhere(port: number, family: AddressFamily): readonly ListeningPlace[] {
  const ipv4: ListeningPlace = { kind: 'tcp', host: '0.0.0.0', port, ipv6Only: false, optional: false };
  if (family === 'ipv4') return [ipv4];
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some((address) => address.family === 'IPv6'),
  );
  if (family === 'both' && !hasIpv6) return [ipv4];
  return [{ kind: 'tcp', host: '::', port, ipv6Only: family === 'ipv6', optional: false }];
}

function place(host: string, port: number, optional: boolean): ListeningPlace {
  return { kind: 'tcp', host, port, ipv6Only: isIP(host) === 6, optional };
}

function addressesOf(name: string, family: AddressFamily): readonly string[] {
  const interfaces = networkInterfaces();
  const found = interfaces[name];
  if (found === undefined)
    throw unavailable(
      `this machine has no network interface ${JSON.stringify(name)}, or it has no address; there are: ${Object.keys(interfaces).join(', ')}`,
    );
  const addresses = found.filter((info) => family === 'both' || info.family.toLowerCase() === family);
  if (addresses.length === 0)
    throw unavailable(`the network interface ${name} has no address of ${familyName(family)}`);
  return addresses.map((info) => addressWithZone(name, info));
}

/** Addresses of IPv6 that are valid on one link only are meant together with it. */
function addressWithZone(name: string, { address, family }: NetworkInterfaceInfo): string {
  return family === 'IPv6' && /^fe[89ab]/i.test(address) ? `${address}%${name}` : address;
}

function familyName(family: AddressFamily): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function unavailable(text: string): EnvironmentError {
  return new EnvironmentError('ADDRESS_NOT_AVAILABLE', text, undefined);
}
