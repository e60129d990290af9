import type { Deadlines } from '@martlet/protocol';
import type { SnMessage } from './codec/message.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { ClientMemory } from './ports/memory.ts';
import type { Upstreams } from './ports/upstream.ts';
import type { PredefinedTopics } from './predefined-topics.ts';

/** What the parts of one gateway share. */
export interface GatewayContext {
  /** Another one when the gateway is configured anew. */
  options: GatewayOptions;
  readonly deadlines: Deadlines;
  readonly metrics: GatewayMetrics;
  readonly predefined: PredefinedTopics;
  readonly upstreams: Upstreams;
  readonly memory: ClientMemory;
  /** From 0 to below 1, that nobody can guess. */
  readonly random: () => number;
  /** Monotonic time of the input that is handled. */
  nowMs: number;
}

/** How the parts of a client speak to it. */
export interface ClientLine {
  readonly clientId: string;
  /** @returns whether it has left: an address that is not validated may be sent only so much */
  toClient(message: SnMessage): boolean;
  /** The longest message that its link carries. */
  readonly maximumMessageBytes: number;
}
