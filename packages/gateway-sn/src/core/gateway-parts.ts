/** What a gateway is made of, and what it is told. */
import type { GatewayOptions } from './gateway-options.ts';
import type { Link, Peer } from './ports/link.ts';
import type { ClientMemory } from './ports/memory.ts';
import type { Upstreams } from './ports/upstream.ts';
import type { PredefinedTopic } from './predefined-topics.ts';
import type { UnconnectedOptions } from './unconnected-publisher.ts';

/** Who may take over a client identifier that is in use, and from where a sleeper may come back. */
export type AddressPolicy = 'any' | 'same-host' | 'never';

export interface GatewayParts {
  readonly link: Link;
  readonly upstreams: Upstreams;
  readonly memory: ClientMemory;
  /** From 0 to below 1, that nobody can guess. */
  readonly random: () => number;
  /** Monotonic, in ms. */
  readonly nowMs: number;
  readonly options?: Partial<GatewayOptions>;
  readonly predefinedTopics?: readonly PredefinedTopic[];
  /** Told in ADVERTISE and GWINFO. @default 1 */
  readonly gatewayId?: number;
  /** Whether ADVERTISE is sent and SEARCHGW answered. @default false */
  readonly discoverable?: boolean;
  /** @default QoS -1 is dropped */
  readonly unconnected?: UnconnectedOptions;
  /** Names in PUBLISH of QoS -1, as Paho's gateway takes them. @default false */
  readonly longTopics?: boolean;
  /** A CONNECT with an identifier that is connected from elsewhere. @default 'any' */
  readonly takeover?: AddressPolicy;
  /** A PINGREQ with the identifier of a sleeper from elsewhere. @default 'same-host' */
  readonly wakeFrom?: AddressPolicy;
  /** Whether a client may connect with this identifier; others are told that this is not supported. @default everyone */
  readonly acceptsClient?: (clientId: string, peer: Peer) => boolean;
  /** Told of clients that come, go and change; for logs. */
  readonly onClient?: (clientId: string, change: ClientChange, peer: Peer) => void;
}

/** What may become another thing while clients are connected. */
export type GatewayChanges = Pick<
  GatewayParts,
  'options' | 'predefinedTopics' | 'unconnected' | 'takeover' | 'wakeFrom' | 'acceptsClient'
>;

export type ClientChange = 'connecting' | 'moved' | 'taken over' | 'gone';

export function allowsAddress(policy: AddressPolicy, before: Peer, now: Peer): boolean {
  switch (policy) {
    case 'any':
      return true;
    case 'same-host':
      return before.host === now.host;
    case 'never':
      return before.key === now.key;
  }
}

/** The identifier of those who publish unconnected is nobody's: who had it would take their connection over. */
export function acceptanceOf({
  acceptsClient,
  unconnected,
}: GatewayChanges): (clientId: string, peer: Peer) => boolean {
  return (clientId, peer) => clientId !== unconnected?.clientId && acceptsClient?.(clientId, peer) !== false;
}
