/** Searching for gateways over UDP. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Deadlines } from '@martlet/protocol';
import { GatewayAlarm } from '../host/gateway-alarm.ts';
import type { FoundGateway } from './gateway-search.ts';
import { GatewaySearch } from './gateway-search.ts';

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
  readonly onGateway: (gateway: FoundGateway) => void;
}

/**
 * Searches until `signal` aborts.
 * Rejects with the system's error if there can be no socket.
 */
export async function discoverGateways(options: DiscoverOptions, signal: AbortSignal): Promise<void> {
  const { group = '225.1.1.1', port = 1883, radius = 1, delayMs = 5000 } = options;
  const socket = createSocket({ type: isIPv6(group) ? 'udp6' : 'udp4', reuseAddr: true });
  const deadlines = new Deadlines();
  const alarm = new GatewayAlarm(() => {
    deadlines.run(performance.now());
    alarm.arm(deadlines.nextMs(), performance.now());
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  if (options.interface !== undefined) socket.setMulticastInterface(options.interface);
  const search = new GatewaySearch(
    {
      deadlines,
      broadcast: (bytes) => socket.send(bytes, port, group, () => {}),
      onGateway: options.onGateway,
      random: Math.random,
      delayMs,
      radius,
    },
    performance.now(),
  );
  await new Promise<void>((resolve, reject) => {
    socket.on('message', (bytes, from) => {
      search.receive(bytes, { host: from.address, port: from.port }, performance.now());
    });
    socket.on('error', reject);
    alarm.arm(deadlines.nextMs(), performance.now());
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  }).finally(() => {
    search.stop();
    alarm.stop();
    socket.close();
  });
}
