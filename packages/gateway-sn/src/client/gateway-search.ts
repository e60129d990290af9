/**
 * Searching for gateways (section 6.1), without sockets and clocks: SEARCHGW after a random delay, again at growing intervals;
 * not at all if somebody else has just asked the same. Every gateway that answers, or advertises itself, is told of once, and
 * again when it has been gone. Who knows a gateway may answer others that search, unless somebody is quicker.
 */
import type { Deadline, Deadlines } from '@martlet/protocol';
import { decodeMessage } from '../core/codec/decode-message.ts';
import { encodeMessage } from '../core/codec/encode-message.ts';
import type { GwInfo } from '../core/codec/message.ts';
import type { Place } from './gwinfo-address.ts';
import { decodeGatewayAddress, encodeGatewayAddress } from './gwinfo-address.ts';
import type { FoundGateway } from './known-gateways.ts';
import { KnownGateways } from './known-gateways.ts';

export interface GatewaySearchParts {
  readonly deadlines: Deadlines;
  readonly broadcast: (bytes: Uint8Array) => void;
  readonly onGateway: (gateway: FoundGateway) => void;
  /** One that advertised itself does so no more. */
  readonly onGone?: (gateway: FoundGateway) => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** T_SEARCHGW, in ms. @default 5000 */
  readonly delayMs?: number;
  /** Hops; 0: the whole network. @default 1 */
  readonly radius?: number;
  /** N_ADV: how many ADVERTISE in a row may fail to come. @default 3 */
  readonly missedAdvertisements?: number;
  /** Whether to answer others that search with a gateway that is known here. @default false */
  readonly answers?: boolean;
  /** T_GWINFO, in ms: at most so long before an answer, which another's makes needless. @default 5000 */
  readonly answerDelayMs?: number;
}

/** The longest interval between two searches. */
const MOST_INTERVAL_MS = 300_000;
const DEFAULT_DELAY_MS = 5000;
const DEFAULT_MISSED = 3;

export class GatewaySearch {
  readonly #parts: GatewaySearchParts;
  readonly #radius: number;
  readonly #next: Deadline;
  readonly #answer: Deadline;
  readonly #known: KnownGateways;
  #intervalMs: number;

  constructor(parts: GatewaySearchParts, nowMs: number) {
    this.#parts = parts;
    this.#radius = parts.radius ?? 1;
    this.#intervalMs = parts.delayMs ?? DEFAULT_DELAY_MS;
    this.#next = { heapIndex: -1, onDue: (dueMs) => this.#search(dueMs) };
    this.#answer = { heapIndex: -1, onDue: () => this.#answerForGateway() };
    this.#known = new KnownGateways(
      parts.deadlines,
      parts.missedAdvertisements ?? DEFAULT_MISSED,
      parts.onGateway,
      (gateway) => parts.onGone?.(gateway),
    );
    parts.deadlines.set(this.#next, nowMs + parts.random() * this.#intervalMs);
  }

  /** Those that are there as far as is known. */
  get gateways(): readonly FoundGateway[] {
    return this.#known.all;
  }

  receive(bytes: Uint8Array, from: Place, nowMs: number): void {
    const message = decodeMessage(bytes);
    switch (message.type) {
      case 'searchgw':
        // Somebody has asked for all of us (section 6.1).
        if (message.radius === this.#radius) this.#later(nowMs);
        this.#answerLater(nowMs);
        return;
      case 'gwinfo':
        this.#parts.deadlines.clear(this.#answer);
        this.#onGwinfo(message, from, nowMs);
        return;
      case 'advertise':
        this.#known.heard({ gatewayId: message.gatewayId, ...from, duration: message.duration }, nowMs);
        return;
      default:
    }
  }

  /** Whoever answers without an address is the gateway itself. */
  #onGwinfo({ gatewayId, gatewayAddress }: GwInfo, from: Place, nowMs: number): void {
    const place = gatewayAddress.length === 0 ? from : decodeGatewayAddress(gatewayAddress);
    if (place === null) return;
    const { host, port } = place;
    this.#known.heard({ gatewayId, host, port, duration: undefined }, nowMs);
  }

  #search(nowMs: number): void {
    this.#parts.broadcast(encodeMessage({ type: 'searchgw', radius: this.#radius }));
    this.#later(nowMs);
  }

  #later(nowMs: number): void {
    this.#parts.deadlines.set(this.#next, nowMs + this.#intervalMs);
    this.#intervalMs = Math.min(MOST_INTERVAL_MS, this.#intervalMs * 2);
  }

  #answerLater(nowMs: number): void {
    const { answers = false, answerDelayMs = DEFAULT_DELAY_MS, deadlines, random } = this.#parts;
    if (!answers || this.#known.all.length === 0 || this.#answer.heapIndex !== -1) return;
    deadlines.set(this.#answer, nowMs + random() * answerDelayMs);
  }

  #answerForGateway(): void {
    for (const gateway of this.#known.all) {
      const gatewayAddress = encodeGatewayAddress(gateway);
      if (gatewayAddress === null) continue;
      const { gatewayId } = gateway;
      this.#parts.broadcast(encodeMessage({ type: 'gwinfo', gatewayId, gatewayAddress }));
      return;
    }
  }

  stop(): void {
    this.#parts.deadlines.clear(this.#next);
    this.#parts.deadlines.clear(this.#answer);
    this.#known.stop();
  }
}
