/**
 * Searching for gateways (section 6.1), without sockets and clocks: SEARCHGW after a random delay, again at growing intervals;
 * not at all if somebody else has just asked the same. Every gateway that answers, or advertises itself, is told of once.
 */
import type { Deadline, Deadlines } from '@martlet/protocol';
import { decodeMessage } from '../core/codec/decode-message.ts';
import { encodeMessage } from '../core/codec/encode-message.ts';

export interface FoundGateway {
  readonly gatewayId: number;
  readonly host: string;
  readonly port: number;
  /** ADVERTISE said when the next one comes, in seconds; undefined for GWINFO. */
  readonly duration: number | undefined;
}

export interface GatewaySearchParts {
  readonly deadlines: Deadlines;
  readonly broadcast: (bytes: Uint8Array) => void;
  readonly onGateway: (gateway: FoundGateway) => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** T_SEARCHGW, in ms. @default 5000 */
  readonly delayMs?: number;
  /** Hops; 0: the whole network. @default 1 */
  readonly radius?: number;
}

/** The longest interval between two searches. */
const MOST_INTERVAL_MS = 300_000;

export class GatewaySearch {
  readonly #parts: GatewaySearchParts;
  readonly #next: Deadline;
  readonly #found = new Set<string>();
  #intervalMs: number;

  constructor(parts: GatewaySearchParts, nowMs: number) {
    this.#parts = parts;
    this.#intervalMs = parts.delayMs ?? 5000;
    this.#next = { heapIndex: -1, onDue: (dueMs) => this.#search(dueMs) };
    parts.deadlines.set(this.#next, nowMs + parts.random() * this.#intervalMs);
  }

  #search(nowMs: number): void {
    this.#parts.broadcast(encodeMessage({ type: 'searchgw', radius: this.#parts.radius ?? 1 }));
    this.#later(nowMs);
  }

  #later(nowMs: number): void {
    this.#parts.deadlines.set(this.#next, nowMs + this.#intervalMs);
    this.#intervalMs = Math.min(MOST_INTERVAL_MS, this.#intervalMs * 2);
  }

  receive(bytes: Uint8Array, from: { readonly host: string; readonly port: number }, nowMs: number): void {
    const message = decodeMessage(bytes);
    switch (message.type) {
      case 'searchgw':
        // Somebody has asked for all of us (section 6.1).
        if (message.radius === (this.#parts.radius ?? 1)) this.#later(nowMs);
        return;
      case 'gwinfo':
        // The address in it has no agreed form: whoever answers from it is the gateway.
        this.#tell({ gatewayId: message.gatewayId, ...from, duration: undefined });
        return;
      case 'advertise':
        this.#tell({ gatewayId: message.gatewayId, ...from, duration: message.duration });
        return;
      default:
    }
  }

  #tell(gateway: FoundGateway): void {
    const key = `${gateway.gatewayId} ${gateway.host} ${gateway.port}`;
    if (this.#found.has(key)) return;
    this.#found.add(key);
    this.#parts.onGateway(gateway);
  }

  stop(): void {
    this.#parts.deadlines.clear(this.#next);
  }
}
