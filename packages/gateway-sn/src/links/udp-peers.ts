/**
 * Who is behind the addresses that datagrams come from. What an address says is worked out once: most datagrams come from an
 * address that the one before came from, too. Anyone can put any address on a datagram, so only so many are remembered.
 */
import type { Peer } from '../core/ports/link.ts';
import type { Networks } from './address-trust.ts';
import { isNobodysAddress, plainAddress } from './address-trust.ts';

export interface UdpPeer extends Peer {
  readonly address: string;
  readonly port: number;
  /** Of a node behind a forwarder; null: it has sent the datagram itself. */
  readonly wirelessNodeId: Uint8Array | null;
}

/** More than gateways have clients, unless they are told otherwise; beyond it the oldest is worked out again. */
const MOST_REMEMBERED = 65_536;

export class UdpPeers {
  readonly #trusted: Networks;
  readonly #maximumMessageBytes: number;
  /** Null: an address that no single sender has. */
  readonly #known = new Map<string, UdpPeer | null>();

  constructor(trusted: Networks, maximumMessageBytes: number) {
    this.#trusted = trusted;
    this.#maximumMessageBytes = maximumMessageBytes;
  }

  /** Null for an address that no single sender has: to answer it would be to answer many. */
  at(address: string, port: number): UdpPeer | null {
    const key = `${port} ${address}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_REMEMBERED) {
      const [oldest] = this.#known.keys();
      this.#known.delete(oldest!);
    }
    const peer = isNobodysAddress(address, port) ? null : this.#peer(address, port);
    this.#known.set(key, peer);
    return peer;
  }

  #peer(address: string, port: number): UdpPeer {
    const plain = plainAddress(address);
    const place = plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
    return {
      key: place,
      host: plain,
      text: place,
      trusted: this.#trusted.has(plain),
      maximumMessageBytes: this.#maximumMessageBytes,
      address,
      port,
      wirelessNodeId: null,
    };
  }

  /** A node behind a forwarder that is at such an address. */
  behind({ key, host, trusted, address, port }: UdpPeer, wirelessNodeId: Uint8Array): UdpPeer {
    const node = Buffer.from(wirelessNodeId).toString('hex');
    const place = `${key}/${node}`;
    return {
      key: place,
      host: `${host}/${node}`,
      text: place,
      trusted,
      maximumMessageBytes: this.#maximumMessageBytes - FORWARDER_HEADER_BYTES - wirelessNodeId.length,
      address,
      port,
      wirelessNodeId,
    };
  }
}

const FORWARDER_HEADER_BYTES = 3;
