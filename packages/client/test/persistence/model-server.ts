// A server that keeps the session of one client, as the specification has it: what it is asked about is what it got.

import type { Packet, PublishPacket, Qos } from '@martlet/protocol';
import { puback, pubcomp, pubrec } from '../outgoing/answers.ts';
import type { TestServer } from '../world/test-server.ts';

/** One message in either direction, as `QoS/topic/number`. */
export type Told = string;

interface Sent {
  readonly message: PublishPacket;
  isReceived: boolean;
}

export class ModelServer {
  /** Messages that it took from the client, in order; one of QoS 2 when it first saw its packet identifier. */
  readonly taken: Told[] = [];
  /** Messages to the client for which PUBREC or PUBACK has left it, whether this server has seen that or not. */
  readonly answered: Set<Told> = new Set();
  connection: TestServer | null = null;
  #hasSession = false;
  readonly #received: Set<number> = new Set();
  readonly #sent: Map<number, Sent> = new Map();
  readonly #queue: PublishPacket[] = [];
  #nextPacketId = 1;
  #arrived: Packet[] = [];

  /** Nothing is on its way from this server any more. */
  get isIdle(): boolean {
    return this.#sent.size === 0 && this.#queue.length === 0;
  }

  accept(connection: TestServer): void {
    const { cleanStart } = connection.take('connect');
    const sessionPresent = this.#hasSession && !cleanStart;
    if (!sessionPresent) {
      this.#received.clear();
      this.#sent.clear();
    }
    this.#hasSession = true;
    this.connection = connection;
    connection.send({ type: 'connack', sessionPresent, reasonCode: 0, properties: {} });
    for (const [packetId, { message, isReceived }] of this.#sent) {
      if (isReceived) connection.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      else connection.send({ ...message, dup: true });
    }
    for (const message of this.#queue.splice(0)) this.#send(message);
  }

  /** Publishes to the client, now or when it is back. */
  publish(topicName: string, number: number, qos: 1 | 2): Told {
    const payload = new TextEncoder().encode(`${number}`);
    const message: PublishPacket = {
      type: 'publish',
      topicName,
      payload,
      qos,
      retain: false,
      dup: false,
      packetId: 0,
      properties: {},
    };
    if (this.connection === null) this.#queue.push(message);
    else this.#send(message);
    return told(qos, topicName, payload);
  }

  #send(message: PublishPacket): void {
    while (this.#sent.has(this.#nextPacketId)) this.#nextPacketId = (this.#nextPacketId % 20) + 1;
    const packetId = this.#nextPacketId;
    this.#nextPacketId = (this.#nextPacketId % 20) + 1;
    const sent = { message: { ...message, packetId }, isReceived: false };
    this.#sent.set(packetId, sent);
    this.connection!.send(sent.message);
  }

  /** Handles so many of the packets that have arrived. */
  handle(count: number): void {
    const { connection } = this;
    if (connection === null) return;
    this.#arrive(connection);
    for (const packet of this.#arrived.splice(0, count)) this.#handle(packet, connection);
  }

  #arrive(connection: TestServer): void {
    for (const packet of connection.takeAll()) {
      this.#arrived.push(packet);
      const sent = 'packetId' in packet ? this.#sent.get(packet.packetId!) : undefined;
      if (sent === undefined || (packet.type !== 'puback' && packet.type !== 'pubrec')) continue;
      this.answered.add(told(sent.message.qos, sent.message.topicName, sent.message.payload));
    }
  }

  #handle(packet: Packet, connection: TestServer): void {
    switch (packet.type) {
      case 'publish': {
        const packetId = packet.packetId!;
        if (packet.qos !== 2 || !this.#received.has(packetId)) {
          this.taken.push(told(packet.qos, packet.topicName, packet.payload));
        }
        if (packet.qos === 2) this.#received.add(packetId);
        connection.send(packet.qos === 2 ? pubrec(packetId) : puback(packetId));
        return;
      }
      case 'pubrel':
        this.#received.delete(packet.packetId);
        connection.send(pubcomp(packet.packetId));
        return;
      case 'puback':
      case 'pubcomp':
        this.#sent.delete(packet.packetId);
        return;
      case 'pubrec':
        if (this.#sent.has(packet.packetId)) this.#sent.get(packet.packetId)!.isReceived = true;
        connection.send({ type: 'pubrel', packetId: packet.packetId, reasonCode: 0, properties: {} });
        return;
      case 'subscribe': {
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos);
        connection.send({ type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} });
        return;
      }
      default:
        throw new Error(`expected a packet of a client, got ${packet.type}`);
    }
  }

  /** Its session is gone, and what it had for the client with it. */
  lose(): void {
    this.#hasSession = false;
    this.#queue.length = 0;
  }

  /** The connection is gone, and what has arrived and was not handled with it. */
  cut(error: Error | undefined): void {
    const { connection } = this;
    if (connection === null) return;
    this.#arrive(connection);
    this.connection = null;
    this.#arrived = [];
    connection.cut(error);
  }
}

export function told(qos: Qos, topicName: string, payload: Uint8Array): Told {
  return `${qos}/${topicName}/${new TextDecoder().decode(payload)}`;
}
