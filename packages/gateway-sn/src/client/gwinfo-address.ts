/**
 * The address of a gateway in a GWINFO that another client answers with (section 5.4.3). The specification leaves its form to
 * the network; over UDP it is taken as 4 or 16 octets of address and 2 of port, with or without an octet of length before them.
 */
import { isIP, SocketAddress } from 'node:net';

export interface Place {
  readonly host: string;
  readonly port: number;
}

const FOUR = 4;
const SIXTEEN = 16;
const PORT_BYTES = 2;

/** Null if it is no address of UDP. */
export function decodeGatewayAddress(bytes: Uint8Array): Place | null {
  const hasLength = bytes[0] === bytes.length - 1 && [FOUR, SIXTEEN].includes(bytes.length - 1 - PORT_BYTES);
  const plain = hasLength ? bytes.subarray(1) : bytes;
  const addressBytes = plain.length - PORT_BYTES;
  const port = (plain.at(-2)! << 8) | plain.at(-1)!;
  if ((addressBytes !== FOUR && addressBytes !== SIXTEEN) || port === 0) return null;
  const octets = [...plain.subarray(0, addressBytes)];
  if (addressBytes === FOUR) return { host: octets.join('.'), port };
  const groups: string[] = [];
  for (let i = 0; i < SIXTEEN; i += 2) groups.push(((octets[i]! << 8) | octets[i + 1]!).toString(16));
  // In the form in which every program writes it.
  return { host: new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address, port };
}

/** Null for a host that is no address: a zone or a name means nothing elsewhere. */
export function encodeGatewayAddress({ host, port }: Place): Uint8Array | null {
  const end = [port >> 8, port & 0xff];
  switch (isIP(host)) {
    case 4:
      return Uint8Array.from([...host.split('.').map(Number), ...end]);
    case 6:
      return host.includes('%') ? null : Uint8Array.from([...groupsOf(host), ...end]);
    default:
      return null;
  }
}

/** The 16 octets of an IPv6 address. */
function groupsOf(host: string): readonly number[] {
  const [head = '', tail] = host.split('::');
  const words = (text: string): number[] => text.split(':').filter(Boolean).flatMap(octetsOf);
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  return [...before, ...new Array<number>(SIXTEEN - before.length - after.length).fill(0), ...after];
}

function octetsOf(group: string): readonly number[] {
  if (group.includes('.')) return group.split('.').map(Number);
  const word = Number.parseInt(group, 16);
  return [word >> 8, word & 0xff];
}
