/**
 * A broker without a network, in virtual time: clients that speak packets straight to the core.
 *
 *     const world = new World();
 *     const client = world.connect({ clientId: 'a' });
 *     client.send({ type: 'pingreq' });
 *     expect(client.take()).toEqual([{ type: 'pingresp' }]);
 *     world.advance(60_000);
 */
import type { ConnectPacket, Packet } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';
import { BrokerCore } from '../../src/core/broker-core.ts';
import type { Limits } from '../../src/core/options/limits.ts';
import type { Habits } from '../../src/core/options/profile.ts';
import type { RatesOptions } from '../../src/core/options/rates.ts';
import { resolveProfile } from '../../src/core/options/resolve-profile.ts';
import type { Authenticator } from '../../src/core/ports/authenticator.ts';
import type { Authorizer } from '../../src/core/ports/authorizer.ts';
import type { DurabilityName } from '../../src/core/ports/durability.ts';
import type { Store } from '../../src/core/ports/store.ts';
import type { ListenerPolicy } from '../../src/core/ports/transport.ts';
import type { BrokerEventName, BrokerEvents } from '../../src/core/telling/events.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { connectPacket } from './packets.ts';
import { TestClient } from './test-client.ts';

export interface WorldOptions<S extends Store = MemoryStore> {
  readonly limits?: Partial<Limits>;
  readonly habits?: Partial<Habits>;
  readonly rates?: RatesOptions;
  readonly store?: S;
  readonly authenticator?: Authenticator;
  readonly authorizer?: Authorizer;
  /** Monotonic ms at the start. @default 1_000_000 */
  readonly nowMs?: number;
  /** Wall clock ms at the start. @default 2026-01-01 */
  readonly wallMs?: number;
}

export interface WorldChanges {
  readonly limits?: Partial<Limits>;
  readonly habits?: Partial<Habits>;
  readonly rates?: RatesOptions;
  /** Null: everybody may connect. */
  readonly authenticator?: Authenticator | null | undefined;
  /** Null: everything is allowed. */
  readonly authorizer?: Authorizer | null | undefined;
}

export interface WorldEvent<Name extends BrokerEventName = BrokerEventName> {
  readonly name: Name;
  readonly event: BrokerEvents[Name];
}

export class World<S extends Store = MemoryStore> {
  readonly core: BrokerCore;
  readonly store: S;
  readonly events: WorldEvent[] = [];
  readonly log: { readonly level: string; readonly code: string; readonly text: string }[] = [];
  nowMs: number;
  wallMs: number;
  /** Of connections that are opened from now on. */
  listenerDurability: DurabilityName | undefined;
  /** The same, of where they come from. */
  peer = 'test:1';
  listener = 'test';
  /** Of connections that are opened from now on. */
  listenerPolicy: ListenerPolicy | undefined;
  #turnRequested = false;
  #readBuffer = new Uint8Array(131_072);
  readonly #closing: TestClient[] = [];
  #ids = 0;

  constructor(options: WorldOptions<S> = {}) {
    this.nowMs = options.nowMs ?? 1_000_000;
    this.wallMs = options.wallMs ?? Date.UTC(2026, 0, 1);
    const inMemory: Store = new MemoryStore();
    this.store = options.store ?? (inMemory as S);
    this.core = new BrokerCore(
      resolveProfile({
        sysInterval: 0,
        ...options.habits,
        limits: options.limits ?? {},
        rates: options.rates ?? {},
      }),
      {
        environment: {
          nowMs: () => this.nowMs,
          wallMs: () => this.wallMs,
          newClientId: () => `assigned-${++this.#ids}`,
          requestTurn: () => {
            this.#turnRequested = true;
          },
        },
        store: this.store,
        log: { write: (level, code, text) => this.log.push({ level, code, text }) },
        events: { emit: (name, event) => this.events.push({ name, event }) },
        authenticator: options.authenticator ?? null,
        authorizer: options.authorizer ?? null,
        hashSeed: 1,
        version: '0.0.0-test',
        heapBytes: () => 1,
        onCommitted: () => {},
      },
    );
  }

  /** Other options from now on: a profile as a whole, who decides only where it is named. */
  reconfigure(options: WorldChanges): void {
    const { limits = {}, rates = {}, habits, ...deciders } = options;
    this.core.reconfigure(resolveProfile({ sysInterval: 0, ...habits, limits, rates }), deciders);
    this.turn();
  }

  /** What all connections are read into, at least this long. */
  readBuffer(bytes: number): Uint8Array {
    if (this.#readBuffer.length < bytes) this.#readBuffer = new Uint8Array(bytes);
    return this.#readBuffer;
  }

  /** A network connection on which nothing has been sent. */
  open(version: ProtocolVersion = ProtocolVersion.V5): TestClient {
    return new TestClient(this, version);
  }

  /** A client that has sent CONNECT, and in the same read what is `behind` it; its CONNACK is still to be taken. */
  connecting(connect: Partial<ConnectPacket> = {}, ...behind: Packet[]): TestClient {
    const version = connect.protocolVersion ?? ProtocolVersion.V5;
    const client = this.open(version);
    client.send(connectPacket({ clientId: `client-${++this.#ids}`, ...connect }), ...behind);
    return client;
  }

  /** A connected client: its CONNACK has been checked and taken; what came behind it is still there. */
  connect(connect: Partial<ConnectPacket> = {}): TestClient {
    const client = this.connecting(connect);
    const connack = client.takeOne('connack');
    if (connack.reasonCode !== 0) {
      throw new Error(`expected an accepting CONNACK, got ${JSON.stringify(connack)}`);
    }
    client.connack = connack;
    return client;
  }

  /** Ends the round of inputs: as often as the core asks for it. What it closed has closed afterwards. */
  turn(): void {
    while (this.#turnRequested || this.#closing.length > 0) {
      for (const client of this.#closing.splice(0)) client.settle();
      if (!this.#turnRequested) continue;
      this.#turnRequested = false;
      this.#endTurn();
    }
  }

  /** The broker has ended the client's connection: the transport will say so. */
  closing(client: TestClient): void {
    this.#closing.push(client);
  }

  /** Lets time pass, stopping at every deadline on the way. */
  advance(ms: number): void {
    this.turn();
    const end = this.nowMs + ms;
    for (let due = this.core.nextDeadlineMs; due <= end; due = this.core.nextDeadlineMs) {
      this.#moveTo(Math.max(due, this.nowMs));
      this.#endTurn();
      this.turn();
    }
    this.#moveTo(end);
    this.#endTurn();
    this.turn();
  }

  /** Messages dropped for a reason's code. */
  dropped(code: string): number {
    return this.core.context.outcomes.counts[code] ?? Number.NaN;
  }

  /** Events of one name, as they were emitted. */
  eventsOf<Name extends BrokerEventName>(name: Name): BrokerEvents[Name][] {
    return this.events.filter((each) => each.name === name).map((each) => each.event as BrokerEvents[Name]);
  }

  /** As the host does: what is for the application is handed over when the turn is over. */
  #endTurn(): void {
    this.core.turn();
    for (const { subscription, message, retained } of this.core.takeLocal())
      subscription.handler(message, retained);
  }

  #moveTo(nowMs: number): void {
    this.wallMs += nowMs - this.nowMs;
    this.nowMs = nowMs;
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(packet: Packet | undefined): string {
  if (packet?.type !== 'publish') throw new Error(`expected a PUBLISH, got ${JSON.stringify(packet)}`);
  return new TextDecoder().decode(packet.payload);
}
