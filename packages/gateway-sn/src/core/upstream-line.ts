/** A client's connection to the broker: what is to be sent waits until CONNACK, and pings keep it alive where it can die unseen. */
import type { ClientPacket, Deadline, ServerPacket, Will } from '@martlet/protocol';
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

/** Packets that wait for CONNACK, at most: QoS 0 messages and acknowledgements; all others are kept by who sent them. */
const MOST_HELD = 100;

export class UpstreamLine {
  readonly #context: GatewayContext;
  readonly #handler: UpstreamHandler;
  readonly #ping: Deadline;
  readonly #held: ClientPacket[] = [];
  #upstream: Upstream | null = null;
  #connected = false;
  #keepAliveMs = 0;
  /** PINGREQ and PINGRESP of this connection. */
  #asked = 0;
  #answered = 0;

  constructor(context: GatewayContext, handler: UpstreamHandler) {
    this.#context = context;
    this.#handler = handler;
    this.#ping = { heapIndex: -1, onDue: () => this.#onPing() };
  }

  /** Whether the broker has accepted it. */
  get isConnected(): boolean {
    return this.#connected;
  }

  /** Messages that the broker has not brought to their end for this client; undefined where nobody can tell. */
  get unfinishedMessages(): number | undefined {
    return this.#upstream?.unfinishedMessages;
  }

  /** @returns false if there cannot be one more */
  open(peer: Peer, { clientId, cleanStart, sessionExpiryInterval, will }: UpstreamConnect): boolean {
    const { upstreams } = this.#context;
    const upstream = upstreams.open(peer, this.#handler);
    if (upstream === null) return false;
    this.#upstream = upstream;
    this.#connected = false;
    this.#asked = 0;
    this.#answered = 0;
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
    return true;
  }

  /** CONNACK has come. */
  onConnected({ properties }: ServerPacket & { readonly type: 'connack' }): void {
    this.#connected = true;
    const { upstreams, deadlines, nowMs } = this.#context;
    // A broker that wants to hear more often says so. [MQTT-3.1.2-21]
    this.#keepAliveMs =
      1000 * (upstreams.keepAlive === 0 ? 0 : (properties.serverKeepAlive ?? upstreams.keepAlive));
    if (this.#keepAliveMs > 0) deadlines.set(this.#ping, nowMs + this.#keepAliveMs / 2);
  }

  /** What waited for CONNACK; after what is sent again, which is older. */
  sendHeld(): void {
    for (const packet of this.#held.splice(0)) this.#upstream?.send(packet);
  }

  /** @returns whether it has left now */
  send(packet: ClientPacket): boolean {
    if (this.#upstream === null) return false;
    if (this.#connected) {
      const sent = this.#upstream.send(packet);
      if (!sent) this.#context.metrics.upstreamFull++;
      return sent;
    }
    if (isKeptElsewhere(packet)) return false;
    if (this.#held.length >= MOST_HELD) this.#context.metrics.upstreamFull++;
    else this.#held.push(packet.type === 'publish' ? { ...packet, payload: packet.payload.slice() } : packet);
    return false;
  }

  /** Asks the broker for a sign. @returns which PINGRESP answers it, counted from 1; 0 if it cannot be asked now */
  ask(): number {
    if (!this.send({ type: 'pingreq' })) return 0;
    return ++this.#asked;
  }

  /** PINGRESP has come. @returns the how manyeth */
  onAnswer(): number {
    return ++this.#answered;
  }

  /** The broker has closed it. */
  onClosed(): void {
    this.#upstream = null;
    this.#connected = false;
    this.#held.length = 0;
    this.#context.deadlines.clear(this.#ping);
  }

  /**
   * @param endsSession the broker forgets it, instead of keeping it as CONNECT said
   * @param keepsHeld what waits for CONNACK is for the connection that follows
   */
  close(
    endsSession: boolean,
    reasonCode: ReasonCode = ReasonCode.NormalDisconnection,
    keepsHeld = false,
  ): void {
    const upstream = this.#upstream;
    const held = keepsHeld ? this.#held.splice(0) : [];
    if (upstream === null) return;
    const properties = endsSession ? { sessionExpiryInterval: 0 } : NO_PROPERTIES;
    if (this.#connected) upstream.send({ type: 'disconnect', reasonCode, properties });
    this.onClosed();
    this.#held.push(...held);
    upstream.close();
  }

  #onPing(): void {
    if (this.#asked > this.#answered) {
      this.close(false, ReasonCode.DisconnectWithWillMessage);
      this.#handler.onClosed('the broker did not answer PINGREQ');
      return;
    }
    this.ask();
    const { deadlines, nowMs } = this.#context;
    deadlines.set(this.#ping, nowMs + this.#keepAliveMs / 2);
  }
}

/** Whether it is sent anew on the next connection by who keeps what it is part of. */
function isKeptElsewhere(packet: ClientPacket): boolean {
  switch (packet.type) {
    case 'publish':
      return packet.qos > 0;
    case 'pubrel':
    case 'subscribe':
    case 'unsubscribe':
    case 'pingreq':
      return true;
    default:
      return false;
  }
}

function willOf({ topic, payload }: SnWill): Will {
  return { ...topic, payload, properties: NO_PROPERTIES };
}
