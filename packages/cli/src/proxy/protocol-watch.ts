/**
 * Looks at the packets of one connection, both ways, and says what is against the specification between them; what is wrong
 * within one packet the codec has refused before.
 *
 * Where a session goes on from an earlier connection, exchanges may be open that were never seen here: then nothing is said of
 * packet identifiers that are unknown.
 */
import type { ConnackPacket, ConnectPacket, Packet, PublishPacket } from '@martlet/protocol';
import type { Direction } from './direction.ts';
import { opposite } from './direction.ts';

export interface Violation {
  /** Its number in the specification of the connection's version. */
  readonly statement: string;
  readonly text: string;
}

/** What one side may have to do with: what the other one has said it takes. */
interface Side {
  /** Bytes. */
  maximumPacketSize: number;
  receiveMaximum: number;
  topicAliasMaximum: number;
  /** Has said DISCONNECT. */
  hasLeft: boolean;
  /** Messages that this side has sent and that are open, by packet identifier. */
  readonly open: Map<number, 'puback' | 'pubrec' | 'pubcomp'>;
}

function newSide(): Side {
  return {
    maximumPacketSize: Number.POSITIVE_INFINITY,
    receiveMaximum: 65_535,
    topicAliasMaximum: 0,
    hasLeft: false,
    open: new Map(),
  };
}

export class ProtocolWatch {
  #connect: ConnectPacket | undefined;
  #connack: ConnackPacket | undefined;
  /** By who sends. */
  readonly #senders: Readonly<Record<Direction, Side>> = { toServer: newSide(), toClient: newSide() };
  /** SUBSCRIBE and UNSUBSCRIBE without an answer: how many filters each has. */
  readonly #asked: Map<number, { readonly answer: 'suback' | 'unsuback'; readonly count: number }> =
    new Map();
  /** The session may be older than this connection. */
  #isResumed = false;

  /**
   * @param bytes of the packet as it came
   * @returns what it violates
   */
  look(packet: Packet, direction: Direction, bytes: number): readonly Violation[] {
    const found = [
      ...this.#order(packet, direction),
      ...this.#size(direction, bytes),
      ...(packet.type === 'publish' ? this.#publish(packet, direction) : []),
      ...this.#answers(packet, direction),
    ];
    this.#remember(packet, direction);
    return found;
  }

  get #isV5(): boolean {
    return this.#connect?.protocolVersion === 5;
  }

  #order(packet: Packet, direction: Direction): readonly Violation[] {
    const found: Violation[] = [];
    if (this.#senders[direction].hasLeft)
      found.push({ statement: 'MQTT-3.14.4-1', text: 'nothing follows a DISCONNECT' });
    if (direction === 'toServer') {
      if (this.#connect === undefined && packet.type !== 'connect')
        found.push({ statement: 'MQTT-3.1.0-1', text: 'the first packet of a client is CONNECT' });
      if (this.#connect !== undefined && packet.type === 'connect')
        found.push({ statement: 'MQTT-3.1.0-2', text: 'a client sends CONNECT once' });
      return found;
    }
    if (this.#connack === undefined && packet.type !== 'connack' && packet.type !== 'auth')
      found.push({ statement: 'MQTT-3.2.0-1', text: 'the first packet of a server is CONNACK' });
    if (this.#connack !== undefined && packet.type === 'connack')
      found.push({
        statement: this.#isV5 ? 'MQTT-3.2.0-2' : 'MQTT-3.2.0-1',
        text: 'a server sends CONNACK once',
      });
    return found;
  }

  #size(direction: Direction, bytes: number): readonly Violation[] {
    const { maximumPacketSize } = this.#senders[direction];
    if (bytes <= maximumPacketSize) return [];
    return [
      {
        statement: direction === 'toClient' ? 'MQTT-3.1.2-24' : 'MQTT-3.2.2-15',
        text: `the other side takes ${maximumPacketSize} bytes, and this has ${bytes}`,
      },
    ];
  }

  #publish(packet: PublishPacket, direction: Direction): readonly Violation[] {
    const found: Violation[] = [];
    const { topicAliasMaximum, receiveMaximum, open } = this.#senders[direction];
    const isFromClient = direction === 'toServer';
    const { topicAlias, subscriptionIdentifiers } = packet.properties;
    if (topicAlias !== undefined && topicAlias > topicAliasMaximum)
      found.push({
        statement: isFromClient ? 'MQTT-3.2.2-17' : 'MQTT-3.1.2-26',
        text: `the other side takes topic aliases up to ${topicAliasMaximum}, and this has ${topicAlias}`,
      });
    if (isFromClient && subscriptionIdentifiers !== undefined)
      found.push({ statement: 'MQTT-3.3.4-6', text: 'a client publishes without Subscription Identifiers' });
    if (isFromClient) found.push(...this.#beyondServer(packet));
    if (packet.qos === 0) return found;
    const isAgain = open.has(packet.packetId);
    if (isAgain && !packet.dup)
      found.push({
        statement: this.#isV5
          ? isFromClient
            ? 'MQTT-2.2.1-3'
            : 'MQTT-2.2.1-4'
          : isFromClient
            ? 'MQTT-2.3.1-2'
            : 'MQTT-2.3.1-4',
        text: `packet identifier ${packet.packetId} is in use`,
      });
    if (!isAgain && open.size >= receiveMaximum)
      found.push({
        statement: isFromClient ? 'MQTT-3.3.4-7' : 'MQTT-3.3.4-9',
        text: `the other side takes ${receiveMaximum} messages at once, and as many are open`,
      });
    return found;
  }

  /** What the server has said in CONNACK that it does not take. */
  #beyondServer({ qos, retain }: PublishPacket): readonly Violation[] {
    const { maximumQos = 2, retainAvailable = true } = this.#connack?.properties ?? {};
    return [
      ...(qos > maximumQos
        ? [{ statement: 'MQTT-3.2.2-11', text: `the server takes QoS up to ${maximumQos}` }]
        : []),
      ...(retain && !retainAvailable
        ? [{ statement: 'MQTT-3.2.2-14', text: 'the server keeps no retained messages' }]
        : []),
    ];
  }

  #answers(packet: Packet, direction: Direction): readonly Violation[] {
    switch (packet.type) {
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return this.#unexpected(packet.type, packet.packetId, this.#senders[opposite(direction)].open);
      case 'pubrel':
        return this.#unexpected('pubcomp', packet.packetId, this.#senders[direction].open);
      case 'suback':
      case 'unsuback': {
        const asked = this.#asked.get(packet.packetId);
        if (asked?.answer !== packet.type)
          return [
            {
              statement: this.#isV5 ? 'MQTT-2.2.1-6' : 'MQTT-2.3.1-7',
              text: `nothing was asked with packet identifier ${packet.packetId}`,
            },
          ];
        const { length } = packet.reasonCodes;
        if (length === asked.count || (packet.type === 'unsuback' && !this.#isV5)) return [];
        return [
          {
            statement:
              packet.type === 'suback' ? (this.#isV5 ? 'MQTT-3.8.4-6' : 'MQTT-3.8.4-5') : 'MQTT-3.11.3-2',
            text: `${asked.count} filters were asked for, and ${length} codes come back`,
          },
        ];
      }
      default:
        return [];
    }
  }

  #unexpected(
    wanted: 'puback' | 'pubrec' | 'pubcomp',
    packetId: number,
    open: ReadonlyMap<number, string>,
  ): readonly Violation[] {
    const waitsFor = open.get(packetId);
    if (waitsFor === wanted || this.#isResumed) return [];
    // A PUBREC may come again after its PUBREL, and what was sent twice may be answered twice.
    if (waitsFor === 'pubcomp' && wanted === 'pubrec') return [];
    return [
      {
        statement: this.#isV5 ? 'MQTT-2.2.1-5' : 'MQTT-2.3.1-6',
        text: `no message with packet identifier ${packetId} waits for this`,
      },
    ];
  }

  #remember(packet: Packet, direction: Direction): void {
    const sender = this.#senders[direction];
    const receiver = this.#senders[opposite(direction)];
    switch (packet.type) {
      case 'connect':
        this.#connect ??= packet;
        this.#isResumed = !packet.cleanStart;
        bound(receiver, packet.properties);
        return;
      case 'connack':
        this.#connack ??= packet;
        this.#isResumed = packet.sessionPresent;
        bound(receiver, packet.properties);
        return;
      case 'publish':
        if (packet.qos > 0) sender.open.set(packet.packetId, packet.qos === 1 ? 'puback' : 'pubrec');
        return;
      case 'puback':
      case 'pubcomp':
        receiver.open.delete(packet.packetId);
        return;
      case 'pubrec':
        if (packet.reasonCode >= 0x80) receiver.open.delete(packet.packetId);
        else receiver.open.set(packet.packetId, 'pubcomp');
        return;
      case 'subscribe':
        this.#asked.set(packet.packetId, { answer: 'suback', count: packet.subscriptions.length });
        return;
      case 'unsubscribe':
        this.#asked.set(packet.packetId, { answer: 'unsuback', count: packet.topicFilters.length });
        return;
      case 'suback':
      case 'unsuback':
        this.#asked.delete(packet.packetId);
        return;
      case 'disconnect':
        sender.hasLeft = true;
        return;
      default:
        return;
    }
  }
}

/** What one side says that it takes binds the other. */
function bound(
  sender: Side,
  properties: {
    readonly maximumPacketSize?: number;
    readonly receiveMaximum?: number;
    readonly topicAliasMaximum?: number;
  },
): void {
  sender.maximumPacketSize = properties.maximumPacketSize ?? sender.maximumPacketSize;
  sender.receiveMaximum = properties.receiveMaximum ?? sender.receiveMaximum;
  sender.topicAliasMaximum = properties.topicAliasMaximum ?? sender.topicAliasMaximum;
}
