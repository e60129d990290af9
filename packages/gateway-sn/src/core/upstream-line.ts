/** A client's connection to the broker: what is to be sent waits until CONNACK, and pings keep it alive where it can die unseen. */
import type { ClientPacket, Deadline, Will } from '@martlet/protocol';
import { NO_PROPERTIES, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import type { GatewayContext } from './gateway-context.ts';
import type { Peer } from './ports/link.ts';
import type { Upstream, UpstreamHandler } from './ports/upstream.ts';
import type { SnWill } from './will-handshake.ts';

export interface UpstreamConnect {
  readonly clientId: string;
  readonly cleanStart: boolean;
  /** Seconds. */
  readonly sessionExpiryInterval: number;
  readonly will: SnWill | null;
}

export class UpstreamLine {
  readonly #context: GatewayContext;
  readonly #handler: UpstreamHandler;
  readonly #ping: Deadline;
  readonly #held: ClientPacket[] = [];
  #upstream: Upstream | null = null;
  #connected = false;

  constructor(context: GatewayContext, handler: UpstreamHandler) {
    this.#context = context;
    this.#handler = handler;
    this.#ping = { heapIndex: -1, onDue: () => this.#onPing() };
  }

  /** Whether there is one, connected or not yet. */
  get isOpen(): boolean {
    return this.#upstream !== null;
  }

  /** Whether the broker has accepted it. */
  get isConnected(): boolean {
    return this.#connected;
  }

  /** @returns false if there cannot be one more */
  open(peer: Peer, { clientId, cleanStart, sessionExpiryInterval, will }: UpstreamConnect): boolean {
    const { upstreams } = this.#context;
    const upstream = upstreams.open(peer, this.#handler);
    if (upstream === null) return false;
    this.#upstream = upstream;
    this.#connected = false;
    this.#held.length = 0;
    const { keepAlive } = upstreams;
    upstream.send({
      type: 'connect',
      protocolVersion: ProtocolVersion.V5,
      clientId,
      cleanStart,
      keepAlive,
      ...(will !== null && { will: willOf(will) }),
      // One at a time: all others wait in the session, which the broker keeps.
      properties: { sessionExpiryInterval, receiveMaximum: 1 },
    });
    if (keepAlive > 0) this.#context.deadlines.set(this.#ping, this.#context.nowMs + keepAlive * 1000);
    return true;
  }

  /** CONNACK has come. */
  onConnected(): void {
    this.#connected = true;
  }

  /** What waited for CONNACK; after what is sent again, which is older. */
  sendHeld(): void {
    for (const packet of this.#held.splice(0)) this.#upstream?.send(packet);
  }

  send(packet: ClientPacket): void {
    if (this.#upstream === null) return;
    // What the broker sent on the connection before, it sends again on this one, under the same packet identifier.
    if (this.#connected) this.#upstream.send(packet);
    else this.#held.push(packet);
  }

  /** The broker has closed it. */
  onClosed(): void {
    this.#upstream = null;
    this.#connected = false;
    this.#context.deadlines.clear(this.#ping);
  }

  /** @param endsSession the broker forgets it, instead of keeping it as CONNECT said */
  close(endsSession: boolean, reasonCode: ReasonCode = ReasonCode.NormalDisconnection): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    const properties = endsSession ? { sessionExpiryInterval: 0 } : NO_PROPERTIES;
    if (this.#connected) upstream.send({ type: 'disconnect', reasonCode, properties });
    this.onClosed();
    upstream.close();
  }

  #onPing(): void {
    if (this.#connected) this.#upstream?.send({ type: 'pingreq' });
    const { deadlines, nowMs, upstreams } = this.#context;
    deadlines.set(this.#ping, nowMs + upstreams.keepAlive * 1000);
  }
}

function willOf({ topic, payload }: SnWill): Will {
  return { ...topic, payload, properties: NO_PROPERTIES };
}
