/** The gateways that a client knows, in the order in which it tries them (section 6.13). */
import type { OpenChannel } from './datagram-channel.ts';
import { SnClientError } from './sn-client-error.ts';
import { udpChannel } from './udp-channel.ts';

/** Where a gateway is: over UDP, or whatever way there is to it. What a search finds is one. */
export type GatewayPlace =
  | {
      readonly host: string;
      /** @default 1883 */
      readonly port?: number;
    }
  | { readonly channel: OpenChannel };

export interface GatewayPlacesOptions {
  readonly host?: string;
  readonly port?: number;
  readonly channel?: OpenChannel;
  readonly gateways?: readonly GatewayPlace[] | (() => readonly GatewayPlace[]);
}

const DEFAULT_PORT = 1883;

export class GatewayPlaces {
  /** The one that was connected to last. */
  current: GatewayPlace | null = null;
  readonly #first: GatewayPlace;
  readonly #others: () => readonly GatewayPlace[];

  constructor({ host = '127.0.0.1', port = DEFAULT_PORT, channel, gateways = [] }: GatewayPlacesOptions) {
    this.#first = channel === undefined ? { host, port } : { channel };
    this.#others = typeof gateways === 'function' ? gateways : () => gateways;
  }

  /** Tries the one that was there last, and those behind it. @see {@link GatewayPlaces.eachOther} */
  each(attempt: (place: GatewayPlace) => Promise<void>): Promise<void> {
    return tryEach(this.#inOrder(), attempt);
  }

  /**
   * Tries the others, and last the one that was lost: it may be back.
   * Rejects when none takes the client: with what it met last, or at once with what another gateway would not mend.
   */
  eachOther(attempt: (place: GatewayPlace) => Promise<void>): Promise<void> {
    const [lost, ...others] = this.#inOrder();
    return tryEach([...others, lost!], attempt);
  }

  get hasOthers(): boolean {
    return this.#inOrder().length > 1;
  }

  /** All of them, none twice, beginning with the current one. */
  #inOrder(): readonly GatewayPlace[] {
    const places: GatewayPlace[] = [];
    for (const place of [this.#first, ...this.#others()]) {
      if (!places.some((known) => isSamePlace(known, place))) places.push(place);
    }
    const { current } = this;
    if (current === null) return places;
    const at = places.findIndex((place) => isSamePlace(place, current));
    // One that a search has given up stays the first: the client may be connected to it.
    return at < 0 ? [current, ...places] : [...places.slice(at), ...places.slice(0, at)];
  }
}

export function channelTo(place: GatewayPlace): OpenChannel {
  return 'channel' in place ? place.channel : udpChannel(place.host, place.port ?? DEFAULT_PORT);
}

export function isSamePlace(a: GatewayPlace, b: GatewayPlace): boolean {
  if ('channel' in a) return 'channel' in b && a.channel === b.channel;
  return !('channel' in b) && a.host === b.host && (a.port ?? DEFAULT_PORT) === (b.port ?? DEFAULT_PORT);
}

async function tryEach(
  places: readonly GatewayPlace[],
  attempt: (place: GatewayPlace) => Promise<void>,
): Promise<void> {
  let last: unknown;
  for (const place of places) {
    try {
      await attempt(place);
      return;
    } catch (error) {
      if (!mayBeBetterElsewhere(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** What the gateway refuses for good, and what the application does, is the same everywhere. */
function mayBeBetterElsewhere(error: unknown): boolean {
  if (!(error instanceof SnClientError)) return true;
  return error.code === 'GATEWAY_LOST' || error.code === 'CONGESTION';
}
