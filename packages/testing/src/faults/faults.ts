/**
 * What goes wrong, by order of the test. Every order gives a handle that says how often it has happened and takes it
 * back; `clear` takes back all.
 *
 * @example
 * broker.faults.dropNext('puback', { clientId: 'sensor' }); // so the sensor sends its message again
 * broker.faults.cutAfterBytes(100, { direction: 'toClient' });
 * using slow = broker.faults.slowReader({ bytesPerSecond: 50 });
 */
import type { Packet, PacketType } from '@martlet/protocol';
import { PACKET_TYPES } from '@martlet/protocol';
import type { Direction, LoggedPacket } from '../network/logged-packet.ts';
import type { PipeConditions } from '../network/pipe.ts';
import type { CountedFaultScope, DirectedFaultScope, Fault, FaultScope } from './fault.ts';

/** What goes over the connection in place of a packet: packets or any bytes; nothing, if null. */
export type Replacement = Packet | Uint8Array | readonly (Packet | Uint8Array)[] | null;

/** A connection, as far as faults tell them apart. */
export interface FaultyConnection {
  readonly clientId: string | undefined;
  cut(): void;
}

/** What the orders act on. */
export interface FaultyNetwork {
  readonly connections: Iterable<FaultyConnection>;
  /** Conditions have changed. */
  flow(): void;
}

interface Order {
  readonly scope: DirectedFaultScope;
  /** How often it is still to happen. */
  left: number;
  count: number;
  readonly effect: Effect;
}

type Effect =
  | { readonly kind: 'replace'; readonly type: PacketType; readonly replace: (packet: Packet) => Replacement }
  | { readonly kind: 'cut'; readonly bytes: number; readonly carried: Map<FaultyConnection, number> }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'stall' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'refuse' };

/** As often as there is occasion, until it is taken back. */
const LASTING: number = Number.POSITIVE_INFINITY;

/** A fixed header of a type that no packet has: whoever receives it finds it malformed. */
const MALFORMED = [0x00, 0x00] as const;

export class Faults {
  readonly #network: FaultyNetwork;
  readonly #orders: Set<Order>;

  constructor(network: FaultyNetwork) {
    this.#network = network;
    this.#orders = new Set();
  }

  // ---- orders ------------------------------------------------------------------------------------------------------

  /** The next packet of a type vanishes. Such as PUBACK: who waits for it sends again after reconnecting. */
  dropNext(packetType: PacketType, scope: CountedFaultScope = {}): Fault {
    return this.replaceNext(packetType, () => null, scope);
  }

  /** In place of the next packet of a type comes one that is malformed: whoever receives it ends the connection. */
  corruptNext(packetType: PacketType, scope: CountedFaultScope = {}): Fault {
    return this.replaceNext(packetType, () => Uint8Array.from(MALFORMED), scope);
  }

  /**
   * In place of the next packet of a type comes what a function makes of it: another packet, several, bytes, or null for
   * nothing. So a broker can be made to refuse what it would accept.
   *
   * @example
   * broker.faults.replaceNext('puback', (puback) => ({ ...puback, reasonCode: ReasonCode.QuotaExceeded }));
   */
  replaceNext<Type extends PacketType>(
    packetType: Type,
    replace: (packet: Extract<Packet, { readonly type: Type }>) => Replacement,
    scope: CountedFaultScope = {},
  ): Fault {
    if (!PACKET_TYPES.includes(packetType)) {
      throw new TypeError(`expected a packet type such as 'puback', got ${JSON.stringify(packetType)}`);
    }
    const anyReplace = replace as (packet: Packet) => Replacement;
    return this.#order({ kind: 'replace', type: packetType, replace: anyReplace }, scope, scope.times);
  }

  /** Cuts a connection when so many bytes have gone over it from now on: in the middle of a packet, if it so happens. */
  cutAfterBytes(bytes: number, scope: CountedFaultScope = {}): Fault {
    checkNumber('cutAfterBytes', bytes, 0);
    return this.#order({ kind: 'cut', bytes, carried: new Map() }, scope, scope.times);
  }

  /** Clients read no faster than this. A second's worth may come at once after a pause. */
  slowReader({ bytesPerSecond, clientId }: FaultScope & { readonly bytesPerSecond: number }): Fault {
    checkNumber('bytesPerSecond', bytesPerSecond, 1);
    const scope = clientId === undefined ? {} : { clientId };
    return this.#order({ kind: 'slow', bytesPerSecond }, { ...scope, direction: 'toClient' }, LASTING);
  }

  /** Nothing arrives, and nobody is told: as when a cable is pulled out. */
  stall(scope: DirectedFaultScope = {}): Fault {
    return this.#order({ kind: 'stall' }, scope, LASTING);
  }

  /** Everything is so long on its way. */
  delay(ms: number, scope: DirectedFaultScope = {}): Fault {
    checkNumber('delay', ms, 0);
    return this.#order({ kind: 'delay', ms }, scope, LASTING);
  }

  /** The next so many connections are refused, or all until it is taken back. */
  refuseConnections(times: number = LASTING): Fault {
    return this.#order({ kind: 'refuse' }, {}, times);
  }

  /** Cuts connections now: both sides are told that they broke. @returns how many */
  cut(scope: FaultScope = {}): number {
    const concerned = [...this.#network.connections].filter((connection) => isOf(connection, scope));
    for (const connection of concerned) connection.cut();
    return concerned.length;
  }

  /** Takes back everything that has been ordered. */
  clear(): void {
    this.#orders.clear();
    this.#network.flow();
  }

  // ---- the network asks --------------------------------------------------------------------------------------------

  /** What goes on in place of a packet that was just sent; undefined if the packet itself does. */
  replacementOf(
    connection: FaultyConnection,
    { direction, packet }: LoggedPacket,
  ): readonly (Packet | Uint8Array)[] | undefined {
    for (const order of this.#concerning(connection, direction)) {
      if (order.effect.kind !== 'replace' || order.effect.type !== packet.type) continue;
      this.#happened(order);
      const replacement = order.effect.replace(packet);
      if (replacement === null) return [];
      return isList(replacement) ? replacement : [replacement];
    }
    return undefined;
  }

  conditionsFor(connection: FaultyConnection, direction: Direction): PipeConditions {
    let stalled = false;
    let delayMs = 0;
    let bytesPerSecond = Number.POSITIVE_INFINITY;
    let bytesToCut = Number.POSITIVE_INFINITY;
    for (const { effect } of this.#concerning(connection, direction)) {
      if (effect.kind === 'stall') stalled = true;
      else if (effect.kind === 'delay') delayMs = Math.max(delayMs, effect.ms);
      else if (effect.kind === 'slow') bytesPerSecond = Math.min(bytesPerSecond, effect.bytesPerSecond);
      else if (effect.kind === 'cut') {
        bytesToCut = Math.min(bytesToCut, effect.bytes - (effect.carried.get(connection) ?? 0));
      }
    }
    return { stalled, delayMs, bytesPerSecond, bytesToCut };
  }

  onCarried(connection: FaultyConnection, direction: Direction, bytes: number): void {
    for (const order of this.#concerning(connection, direction)) {
      if (order.effect.kind !== 'cut') continue;
      const carried = (order.effect.carried.get(connection) ?? 0) + bytes;
      order.effect.carried.set(connection, carried);
      if (carried < order.effect.bytes) continue;
      order.effect.carried.delete(connection);
      this.#happened(order);
      connection.cut();
    }
  }

  /** Whether a new connection is to be refused: that it was, counts. */
  takeRefusal(): boolean {
    for (const order of this.#orders) {
      if (order.effect.kind !== 'refuse') continue;
      this.#happened(order);
      return true;
    }
    return false;
  }

  onGone(connection: FaultyConnection): void {
    for (const { effect } of this.#orders) if (effect.kind === 'cut') effect.carried.delete(connection);
  }

  // ------------------------------------------------------------------------------------------------------------------

  #order(effect: Effect, scope: DirectedFaultScope, times = 1): Fault {
    if (Number.isNaN(times) || times < 1) {
      throw new RangeError(`expected how often it is to happen, a number from 1 on, got ${String(times)}`);
    }
    const order: Order = { scope, effect, left: times, count: 0 };
    this.#orders.add(order);
    this.#network.flow();
    const orders = this.#orders;
    const remove = (): void => {
      if (orders.delete(order)) this.#network.flow();
    };
    return {
      get active() {
        return orders.has(order);
      },
      get count() {
        return order.count;
      },
      remove,
      [Symbol.dispose]: remove,
    };
  }

  #happened(order: Order): void {
    order.count++;
    if (--order.left <= 0) this.#orders.delete(order);
  }

  #concerning(connection: FaultyConnection, direction: Direction): readonly Order[] {
    return [...this.#orders].filter(
      ({ scope }) =>
        isOf(connection, scope) && (scope.direction === undefined || scope.direction === direction),
    );
  }
}

function isOf({ clientId }: FaultyConnection, scope: FaultScope): boolean {
  return scope.clientId === undefined || scope.clientId === clientId;
}

function isList(replacement: Replacement): replacement is readonly (Packet | Uint8Array)[] {
  return Array.isArray(replacement);
}

function checkNumber(name: string, value: number, minimum: number): void {
  if (Number.isFinite(value) && value >= minimum) return;
  throw new RangeError(`${name}: expected a finite number of at least ${minimum}, got ${String(value)}`);
}
