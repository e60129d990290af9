/** Searching for gateways over UDP. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Deadlines } from '@martlet/protocol';
import { GatewayAlarm } from '../host/gateway-alarm.ts';
import { isNobodysAddress } from '../links/address-trust.ts';
import { GatewaySearch } from './gateway-search.ts';
import type { FoundGateway } from './known-gateways.ts';

export interface DiscoverOptions {
  /** A multicast group, a broadcast address, or the address of one gateway. @default '225.1.1.1' */
  readonly group?: string;
  /** @default 1883 */
  readonly port?: number;
  /** The address of the interface. @default the system's choice */
  readonly interface?: string;
  /** Hops. @default 1 */
  readonly radius?: number;
  /** At most so long before the first search, in ms, so that many that start together do not ask together. @default 5000 */
  readonly delayMs?: number;
  /** N_ADV: how many ADVERTISE in a row may fail to come before `onGone`. @default 3 */
  readonly missedAdvertisements?: number;
  /** Whether to answer others that search, for a gateway that is known here. @default false */
  readonly answers?: boolean;
  /** Told of each gateway once, and again when it has been gone. */
  readonly onGateway: (gateway: FoundGateway) => void;
  /** A gateway that advertised itself does so no more. */
  readonly onGone?: (gateway: FoundGateway) => void;
}

/**
 * Searches until `signal` aborts. In a multicast group it hears ADVERTISE too, where the system lets it listen there.
 * Rejects with the system's error if there can be no socket.
 *
 * @example
 * const found: FoundGateway[] = [];
 * const stop = new AbortController();
 * void discoverGateways({ onGateway: (gateway) => found.push(gateway) }, stop.signal);
 */
export async function discoverGateways(options: DiscoverOptions, signal: AbortSignal): Promise<void> {
  const { group = '225.1.1.1', port = 1883 } = options;
  const socket = await boundSocket(group, 0);
  if (options.interface !== undefined) socket.setMulticastInterface(options.interface);
  const listening = await joined(group, port, options.interface);
  const deadlines = new Deadlines();
  const alarm = new GatewayAlarm(() => {
    deadlines.run(performance.now());
    alarm.arm(deadlines.nextMs(), performance.now());
  });
  const { interface: _, group: __, port: ___, ...rest } = options;
  const search = new GatewaySearch(
    {
      ...rest,
      deadlines,
      broadcast: (bytes) => socket.send(bytes, port, group, () => {}),
      random: Math.random,
    },
    performance.now(),
  );
  const ownPort = socket.address().port;
  await new Promise<void>((resolve, reject) => {
    for (const each of [socket, listening]) {
      each?.on('message', (bytes, { address, port: from }) => {
        // What it has sent itself comes back from the group.
        if (from === ownPort && isOwnAddress(address)) return;
        search.receive(bytes, { host: address, port: from }, performance.now());
        alarm.arm(deadlines.nextMs(), performance.now());
      });
      each?.on('error', reject);
    }
    alarm.arm(deadlines.nextMs(), performance.now());
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  }).finally(() => {
    search.stop();
    alarm.stop();
    socket.close();
    listening?.close();
  });
}

/** A socket that hears the group and nothing else; null where there is no group, or the system has it otherwise. */
async function joined(group: string, port: number, on: string | undefined): Promise<Socket | null> {
  if (!isMulticast(group)) return null;
  let socket: Socket | null = null;
  try {
    // Bound to the group itself, so that the port of a gateway on this machine stays free for it.
    socket = await boundSocket(group, port, group);
    socket.addMembership(group, on);
    return socket;
  } catch {
    socket?.close();
    return null;
  }
}

function boundSocket(group: string, port: number, address?: string): Promise<Socket> {
  const socket = createSocket({ type: isIPv6(group) ? 'udp6' : 'udp4', reuseAddr: true });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ port, ...(address !== undefined && { address }) }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function isMulticast(address: string): boolean {
  return address !== '255.255.255.255' && isNobodysAddress(address, 1);
}

function isOwnAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((own) => own.address === address));
}
