/**
 * Looks at the packets of one connection, both ways, and says what is against the specification between them; what is wrong
 * within one packet the codec has refused before.
 */
import type {
  ConnackPacket,
  ConnectPacket,
  Packet,
  ProtocolVersion,
  PublishPacket,
  SubackPacket,
  UnsubackPacket,
} from '@martlet/protocol';
import type { Direction } from './direction.ts';
import { opposite } from './direction.ts';
import { ExchangeWatch, inUse } from './exchange-watch.ts';
import type { Violation } from './violation.ts';
import { statementOf } from './violation.ts';

/** What one side may have to do with: what the other one has said it takes. */
interface Side {
  /** Bytes. */
  maximumPacketSize: number;
  topicAliasMaximum: number;
  /** Has said DISCONNECT. */
  hasLeft: boolean;
  /** The messages that it sends. */
  readonly exchanges: ExchangeWatch;
}

/** A SUBSCRIBE or UNSUBSCRIBE without an answer. */
interface Asked {
  readonly answer: 'suback' | 'unsuback';
  /** Filters. */
  readonly count: number;
}

function newSide(direction: Direction): Side {
  return {
    maximumPacketSize: Number.POSITIVE_INFINITY,
    topicAliasMaximum: 0,
    hasLeft: false,
    exchanges: new ExchangeWatch(direction),
  };
}

export class ProtocolWatch {
  #connect: ConnectPacket | undefined;
  #connack: ConnackPacket | undefined;
  /** By who sends. */
  readonly #senders: Readonly<Record<Direction, Side>> = {
    toServer: newSide('toServer'),
    toClient: newSide('toClient'),
  };
  readonly #asked: Map<number, Asked> = new Map();
  /** What was asked twice, by a rule of the proxy, may be answered twice. */
  readonly #askedTwice: Set<number> = new Set();
  /** The client has gone on before CONNACK came: of what that says it may have known nothing. */
  #hasNotWaited = false;

  /** That of the client's CONNECT; before it, the newest. */
  get version(): ProtocolVersion {
    return this.#connect?.protocolVersion ?? 5;
  }

  /**
   * @param bytes of the packet as it came
   * @returns what it violates
   */
  look(packet: Packet, direction: Direction, bytes: number): readonly Violation[] {
    const found = [...this.#order(packet, direction), ...this.#size(direction, bytes)];
    this.#connect ??= packet.type === 'connect' ? packet : undefined;
    found.push(...this.#content(packet, direction));
    return found;
  }

  /** The proxy sends this packet twice: two answers to it are nobody's mistake. */
  onTwice(packet: Packet, direction: Direction): void {
    switch (packet.type) {
      case 'publish':
        if (packet.qos > 0) this.#senders[direction].exchanges.twice(packet.packetId);
        return;
      case 'pubrel':
        this.#senders[direction].exchanges.twice(packet.packetId);
        return;
      case 'pubrec':
        this.#senders[opposite(direction)].exchanges.twice(packet.packetId);
        return;
      case 'subscribe':
      case 'unsubscribe':
        this.#askedTwice.add(packet.packetId);
        return;
      default:
        return;
    }
  }

  #order(packet: Packet, direction: Direction): readonly Violation[] {
    const found: Violation[] = [];
    if (this.#senders[direction].hasLeft)
      found.push({
        statement: statementOf(this.version, 'MQTT-3.14.4-1', 'MQTT-3.14.4-2'),
        text: 'nothing follows a DISCONNECT',
      });
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
        statement: statementOf(this.version, 'MQTT-3.2.0-2', 'MQTT-3.2.0-1'),
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

  #content(packet: Packet, direction: Direction): readonly Violation[] {
    const sender = this.#senders[direction];
    const receiver = this.#senders[opposite(direction)];
    if (direction === 'toServer' && packet.type !== 'connect' && packet.type !== 'auth')
      this.#hasNotWaited ||= this.#connack === undefined;
    switch (packet.type) {
      case 'connect':
        if (packet === this.#connect) this.#begin(packet);
        return [];
      case 'connack':
        return this.#onConnack(packet);
      case 'publish':
        return [...this.#properties(packet, direction), ...this.#onPublish(packet, direction)];
      case 'pubrel':
        return sender.exchanges.onAcknowledgement(packet, this.version);
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return receiver.exchanges.onAcknowledgement(packet, this.version);
      case 'subscribe':
        return this.#onAsked(packet.packetId, { answer: 'suback', count: packet.subscriptions.length });
      case 'unsubscribe':
        return this.#onAsked(packet.packetId, { answer: 'unsuback', count: packet.topicFilters.length });
      case 'suback':
      case 'unsuback':
        return this.#onAnswer(packet);
      case 'disconnect':
        sender.hasLeft = true;
        return [];
      case 'auth':
        return this.#onAuth(direction);
      case 'pingreq':
      case 'pingresp':
        return [];
    }
  }

  #begin({ cleanStart, properties }: ConnectPacket): void {
    bound(this.#senders.toClient, properties);
    this.#resume(!cleanStart);
  }

  #resume(isResumed: boolean): void {
    for (const { exchanges } of Object.values(this.#senders)) exchanges.isResumed = isResumed;
  }

  #onConnack(packet: ConnackPacket): readonly Violation[] {
    if (this.#connack !== undefined) return [];
    this.#connack = packet;
    this.#resume(packet.sessionPresent);
    if (!this.#hasNotWaited) bound(this.#senders.toServer, packet.properties);
    if (!packet.sessionPresent || this.#connect?.cleanStart !== true) return [];
    return [
      {
        statement: statementOf(this.version, 'MQTT-3.2.2-2', 'MQTT-3.2.2-1'),
        text: 'the client has asked for a new session, and the server speaks of one that was there',
      },
    ];
  }

  #onAuth(direction: Direction): readonly Violation[] {
    if (this.#connect === undefined || this.#connect.properties.authenticationMethod !== undefined) return [];
    return [
      {
        statement: direction === 'toServer' ? 'MQTT-4.12.0-7' : 'MQTT-4.12.0-6',
        text: 'CONNECT has named no Authentication Method',
      },
    ];
  }

  #properties(packet: PublishPacket, direction: Direction): readonly Violation[] {
    const found: Violation[] = [];
    const { topicAliasMaximum } = this.#senders[direction];
    const isFromClient = direction === 'toServer';
    const { topicAlias, subscriptionIdentifiers } = packet.properties;
    const isAliasKnown = !(isFromClient && this.#hasNotWaited && this.#connack !== undefined);
    if (topicAlias !== undefined && topicAlias > topicAliasMaximum && isAliasKnown)
      found.push({
        statement: isFromClient
          ? topicAliasMaximum === 0
            ? 'MQTT-3.2.2-18'
            : 'MQTT-3.2.2-17'
          : topicAliasMaximum === 0
            ? 'MQTT-3.1.2-27'
            : 'MQTT-3.1.2-26',
        text: `the other side takes topic aliases up to ${topicAliasMaximum}, and this has ${topicAlias}`,
      });
    if (!isFromClient) return found;
    if (subscriptionIdentifiers !== undefined)
      found.push({ statement: 'MQTT-3.3.4-6', text: 'a client publishes without Subscription Identifiers' });
    if (this.#hasNotWaited) return found;
    const { maximumQos = 2, retainAvailable = true } = this.#connack?.properties ?? {};
    if (packet.qos > maximumQos)
      found.push({ statement: 'MQTT-3.2.2-11', text: `the server takes QoS up to ${maximumQos}` });
    if (packet.retain && !retainAvailable)
      found.push({ statement: 'MQTT-3.2.2-14', text: 'the server keeps no retained messages' });
    return found;
  }

  #onPublish(packet: PublishPacket, direction: Direction): readonly Violation[] {
    if (packet.qos === 0) return [];
    const { exchanges } = this.#senders[direction];
    const found: Violation[] = [];
    if (direction === 'toServer' && this.#asked.has(packet.packetId))
      found.push(inUse(packet.packetId, direction, this.version));
    found.push(...exchanges.onPublish(packet, this.version));
    return found;
  }

  #onAsked(packetId: number, asked: Asked): readonly Violation[] {
    const isInUse = this.#asked.has(packetId) || this.#senders.toServer.exchanges.isOpen(packetId);
    if (this.#asked.has(packetId)) this.#askedTwice.add(packetId);
    this.#asked.set(packetId, asked);
    // MQTT 3.1 sends them again.
    return isInUse && this.version !== 3 ? [inUse(packetId, 'toServer', this.version)] : [];
  }

  #onAnswer({ type, packetId, reasonCodes }: SubackPacket | UnsubackPacket): readonly Violation[] {
    const asked = this.#asked.get(packetId);
    this.#asked.delete(packetId);
    if (asked?.answer !== type) {
      if (this.#askedTwice.has(packetId)) return [];
      return [
        {
          statement: statementOf(this.version, 'MQTT-2.2.1-6', 'MQTT-2.3.1-7'),
          text: `nothing was asked with packet identifier ${packetId}`,
        },
      ];
    }
    const { length } = reasonCodes;
    if (length === asked.count || (type === 'unsuback' && this.version !== 5)) return [];
    return [
      {
        statement:
          type === 'suback' ? statementOf(this.version, 'MQTT-3.8.4-6', 'MQTT-3.8.4-5') : 'MQTT-3.11.3-2',
        text: `${asked.count} filters were asked for, and ${length} codes come back`,
      },
    ];
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
  sender.exchanges.receiveMaximum = properties.receiveMaximum ?? sender.exchanges.receiveMaximum;
  sender.topicAliasMaximum = properties.topicAliasMaximum ?? sender.topicAliasMaximum;
}
