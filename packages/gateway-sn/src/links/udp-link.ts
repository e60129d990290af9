/**
 * MQTT-SN over UDP: one socket that clients send to and hear from, and one for the multicast group, if there is one. Datagrams
 * of forwarders (section 5.5) are unwrapped: who is behind one is a peer of its own.
 */
import type { RemoteInfo, Socket, SocketOptions } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns';
import type { AddressInfo } from 'node:net';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { decodeForwarder, encodeForwarder } from '../core/codec/forwarder.ts';
import type { Link, Peer } from '../core/ports/link.ts';
import { Networks, nearNetworks, plainAddress } from './address-trust.ts';
import type { UdpPeer } from './udp-peers.ts';
import { UdpPeers } from './udp-peers.ts';

export interface UdpLinkOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. @default 1883 */
  readonly port?: number;
  /** Where ADVERTISE, GWINFO and SEARCHGW go. @default none */
  readonly multicast?: {
    /** Such as `225.1.1.1` or `ff02::1883`. */
    readonly group: string;
    /** @default 1883 */
    readonly port?: number;
    /** The address of the interface; for IPv6 with its zone, such as `::%eth0`. @default the system's choice */
    readonly interface?: string;
    /** Routers that a datagram may cross. @default 1 */
    readonly hops?: number;
  };
  /** Whose encapsulated datagrams are taken: networks, or from anyone. @default none */
  readonly forwarders?: readonly string[] | 'any';
  /** Networks whose addresses are believed. @default loopback, private and link-local ones */
  readonly trusted?: readonly string[];
  /** Bytes; longer ones are fragmented on their way, or lost. @default 1200 */
  readonly maximumMessageBytes?: number;
}

/** Told of each datagram; `toAll` says that it came to the group. The bytes are the receiver's own. */
export type OnDatagram = (peer: Peer, bytes: Uint8Array, toAll: boolean) => void;

const DEFAULT_PORT = 1883;

/**
 * Opens the sockets. Rejects with the system's error if that cannot be.
 * @param onLost told of errors of a socket that is open
 */
export async function openUdpLink(
  options: UdpLinkOptions,
  onDatagram: OnDatagram,
  onLost: (error: Error) => void,
): Promise<UdpLink> {
  const link = new UdpLink(options, onDatagram, onLost);
  await link.open();
  return link;
}

export class UdpLink implements Link {
  readonly #options: UdpLinkOptions;
  readonly #onDatagram: OnDatagram;
  readonly #onLost: (error: Error) => void;
  readonly #socket: Socket;
  readonly #group: Socket | null;
  readonly #peers: UdpPeers;
  /** Null: none is taken. */
  readonly #forwarders: Networks | 'any' | null;
  readonly #isIPv6: boolean;
  #address = '';
  #port = 0;
  #closed = false;

  constructor(options: UdpLinkOptions, onDatagram: OnDatagram, onLost: (error: Error) => void) {
    const { host = '127.0.0.1', multicast, forwarders, trusted, maximumMessageBytes = 1200 } = options;
    this.#options = options;
    this.#onDatagram = onDatagram;
    this.#onLost = onLost;
    this.#peers = new UdpPeers(
      trusted === undefined ? nearNetworks() : new Networks(trusted),
      maximumMessageBytes,
    );
    this.#forwarders =
      forwarders === undefined ? null : forwarders === 'any' ? 'any' : new Networks(forwarders);
    this.#isIPv6 = isIPv6(host);
    this.#socket = createSocket({ type: this.#isIPv6 ? 'udp6' : 'udp4', lookup: lookupAtOnce });
    this.#group =
      multicast === undefined
        ? null
        : createSocket({
            type: isIPv6(multicast.group) ? 'udp6' : 'udp4',
            reuseAddr: true,
            lookup: lookupAtOnce,
          });
  }

  async open(): Promise<void> {
    const { host = '127.0.0.1', port = DEFAULT_PORT, multicast } = this.#options;
    try {
      await bound(this.#socket, host, port);
      const address: AddressInfo = this.#socket.address();
      this.#address = address.address;
      this.#port = address.port;
      this.#take(this.#socket, false);
      if (this.#group !== null && multicast !== undefined) {
        await bound(this.#group, isIPv6(multicast.group) ? '::' : '0.0.0.0', multicast.port ?? DEFAULT_PORT);
        this.#group.addMembership(multicast.group, multicast.interface);
        this.#socket.setMulticastTTL(multicast.hops ?? 1);
        if (multicast.interface !== undefined) this.#socket.setMulticastInterface(multicast.interface);
        this.#take(this.#group, true);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#address, port: this.#port };
  }

  #take(socket: Socket, toAll: boolean): void {
    socket.on('message', (bytes, from) => this.#onMessage(bytes, from, toAll));
    socket.on('error', (error) => this.#onLost(error));
  }

  #onMessage(bytes: Buffer, { address, port }: RemoteInfo, toAll: boolean): void {
    const peer = this.#peers.at(address, port);
    if (peer === null || (port === this.#port && plainAddress(address) === plainAddress(this.#address)))
      return;
    const encapsulated = decodeForwarder(bytes);
    if (encapsulated === null) {
      this.#onDatagram(peer, bytes, toAll);
      return;
    }
    if (this.#forwarders === null || (this.#forwarders !== 'any' && !this.#forwarders.has(address))) return;
    const { wirelessNodeId, innerStart } = encapsulated;
    this.#onDatagram(this.#peers.behind(peer, wirelessNodeId), bytes.subarray(innerStart), toAll);
  }

  send(peer: Peer, bytes: Uint8Array): void {
    if (this.#closed) return;
    const { address, port, wirelessNodeId } = peer as UdpPeer;
    const datagram = wirelessNodeId === null ? bytes : encodeForwarder(0, wirelessNodeId, bytes);
    this.#socket.send(datagram, port, this.#sendable(address), ignoreLoss);
  }

  broadcast(bytes: Uint8Array): void {
    const { multicast } = this.#options;
    if (this.#closed || multicast === undefined) return;
    // From the socket that clients are to send to: its address is how they know where the gateway is.
    this.#socket.send(bytes, multicast.port ?? DEFAULT_PORT, this.#sendable(multicast.group), ignoreLoss);
  }

  /** A socket for both families knows IPv4 addresses, such as those that wrote to an IPv4 group, in their IPv6 form only. */
  #sendable(address: string): string {
    return this.#isIPv6 && isIPv4(address) ? `::ffff:${address}` : address;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([closed(this.#socket), this.#group === null ? undefined : closed(this.#group)]);
  }
}

/** What the system cannot send is lost, as datagrams may be; without a callback its error would end the process. */
const ignoreLoss = (): void => {};

/**
 * An address is one already: Node would ask for it again with each datagram, and send in a later round of the event loop, when
 * the socket may be closed.
 */
const lookupAtOnce: NonNullable<SocketOptions['lookup']> = (host, options, done) => {
  const family = isIP(host.split('%')[0]!);
  if (family === 0)
    lookup(host, options, done as (error: Error | null, address: string, family: number) => void);
  else done(null, host, family);
};

function bound(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve(); // it was never open
    }
  });
}
