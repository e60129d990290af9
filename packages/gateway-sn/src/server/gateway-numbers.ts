/** What gateways tell of themselves below `$SYS/broker/mqttsn/`: all listeners of a server together. */
import type { ClientState } from '../core/client-state.ts';
import { GatewayMetrics } from '../core/gateway-metrics.ts';
import type { SnGateway } from '../host/sn-gateway.ts';

const STATES: readonly ClientState[] = ['connecting', 'active', 'asleep', 'awake'];

/** Names of `GatewayMetrics` by the topics that tell them. */
const COUNTERS: Readonly<Record<keyof GatewayMetrics, string>> = {
  datagramsReceived: 'datagrams/received',
  datagramsSent: 'datagrams/sent',
  bytesReceived: 'bytes/received',
  bytesSent: 'bytes/sent',
  malformed: 'datagrams/malformed',
  rateExceeded: 'datagrams/rate_exceeded',
  strangers: 'datagrams/strangers',
  unexpected: 'datagrams/unexpected',
  connects: 'connects/received',
  connectsRefused: 'connects/refused',
  connectsAbandoned: 'connects/abandoned',
  clientsLost: 'clients/lost',
  retransmissions: 'messages/retransmitted',
  retriesExhausted: 'messages/retries_exhausted',
  publishesReceived: 'messages/received',
  publishesSent: 'messages/sent',
  unconnectedPublishes: 'messages/unconnected',
  unconnectedRefused: 'messages/dropped/unconnected_refused',
  bufferFull: 'messages/dropped/buffer_full',
  tooLong: 'messages/dropped/too_long',
  expired: 'messages/dropped/expired',
  upstreamFull: 'messages/dropped/upstream_full',
  rejectedByClient: 'messages/dropped/rejected_by_client',
  withheld: 'messages/withheld',
};

export class GatewayNumbers {
  readonly #gateways = new Set<SnGateway>();
  /** Of those that are closed: counters never fall. */
  readonly #past = new GatewayMetrics();

  opened(gateway: SnGateway): void {
    this.#gateways.add(gateway);
  }

  closed(gateway: SnGateway): void {
    if (!this.#gateways.delete(gateway)) return;
    for (const name of namesOf(COUNTERS)) this.#past[name] += gateway.metrics[name];
  }

  /** Each by its name below `$SYS/broker/`; nothing as long as there was no gateway. */
  tell(tell: (name: string, value: number) => void): void {
    if (this.#gateways.size === 0 && this.#past.datagramsReceived === 0) return;
    const gateways = [...this.#gateways];
    for (const state of STATES)
      tell(
        `mqttsn/clients/${state}`,
        sum(gateways, ({ core }) => core.states[state]),
      );
    tell(
      'mqttsn/messages/buffered',
      sum(gateways, ({ core }) => core.bufferedMessages),
    );
    for (const name of namesOf(COUNTERS))
      tell(`mqttsn/${COUNTERS[name]}`, this.#past[name] + sum(gateways, ({ metrics }) => metrics[name]));
  }
}

function namesOf<Names extends string>(record: Readonly<Record<Names, string>>): readonly Names[] {
  return Object.keys(record) as Names[];
}

function sum(gateways: readonly SnGateway[], numberOf: (gateway: SnGateway) => number): number {
  return gateways.reduce((total, gateway) => total + numberOf(gateway), 0);
}
