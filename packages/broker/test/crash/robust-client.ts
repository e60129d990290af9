import type { Packet, Qos } from '@martlet/protocol';
import { expect } from 'vitest';
import type { Store } from '../../src/core/ports/store.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import type { World } from '../world/world.ts';

interface Outgoing {
  readonly packetId: number;
  readonly topicName: string;
  readonly text: string;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** PUBREC has come: from now on PUBREL is what is sent again. */
  released: boolean;
}

/** A client that does what the specification asks of it across connections and crashes of the broker, and forgets nothing. */
export class RobustClient {
  readonly clientId: string;
  /** What it was given, in order: at QoS 2 what came again is left out, at QoS 1 it is not. */
  readonly messages: { readonly topicName: string; readonly text: string }[] = [];
  /** What it may still answer on this connection, in order. */
  answers: Packet[] = [];
  /** What it sent while the broker could keep nothing: perhaps refused, and then behind what it published later. */
  readonly doubtful = new Set<string>();
  /** What it published and the broker refused. */
  readonly refused = new Set<string>();
  #world: World<Store> | null = null;
  #link: TestClient | null = null;
  #accepted = false;
  #wasAccepted = false;
  readonly #outgoing: Outgoing[] = [];
  readonly #received = new Set<number>();

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  get linked(): boolean {
    return this.#link !== null;
  }

  /** Everything it published is acknowledged. */
  get settled(): boolean {
    return this.#outgoing.length === 0;
  }

  connect(world: World<Store>): void {
    this.#world = world;
    this.#link = world.connecting({
      clientId: this.clientId,
      cleanStart: false,
      properties: { sessionExpiryInterval: 0xffff_ffff },
    });
    this.#accepted = false;
    this.answers = [];
  }

  subscribe(topicFilter: string, qos: 1 | 2): void {
    this.#link?.send({
      type: 'subscribe',
      packetId: 65_000,
      subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 2 }],
      properties: {},
    });
  }

  publish(topicName: string, text: string, qos: 1 | 2, retain = false): void {
    const packetId = this.#freePacketId();
    const message = { packetId, topicName, text, qos, retain, released: false };
    this.#outgoing.push(message);
    if (this.#accepted) this.#send(message, false);
  }

  /** The lowest, so that each is used again as soon as it may be. */
  #freePacketId(): number {
    let packetId = 1;
    while (this.#outgoing.some((message) => message.packetId === packetId)) packetId++;
    return packetId;
  }

  /** Looks at what has come. */
  look(): void {
    for (const packet of this.#link?.take() ?? []) this.#onPacket(packet);
    if (this.#link?.closed) this.#lose();
  }

  /** Sends the next of its answers. */
  answer(count: number): void {
    if (this.#accepted) for (const packet of this.answers.splice(0, count)) this.#link?.send(packet);
  }

  /** The network breaks. */
  drop(): void {
    this.#link?.drop();
    this.#lose();
  }

  /** The broker is gone. */
  #lose(): void {
    this.#link = null;
    this.#accepted = false;
    this.answers = [];
  }

  onCrash(): void {
    this.#lose();
  }

  #onPacket(packet: Packet): void {
    switch (packet.type) {
      case 'connack':
        if (packet.reasonCode !== 0) return;
        // What CONNACK told before a crash holds after it.
        expect(packet.sessionPresent || !this.#wasAccepted).toBe(true);
        this.#accepted = true;
        this.#wasAccepted = true;
        for (const message of this.#outgoing) this.#send(message, true);
        return;
      case 'publish':
        this.#onPublish(packet.topicName, packet.packetId, packet.qos, packet.payload);
        return;
      case 'pubrel':
        this.#received.delete(packet.packetId);
        this.answers.push(acknowledgement('pubcomp', packet.packetId));
        return;
      case 'pubrec': {
        const message = this.#outgoing.find(({ packetId }) => packetId === packet.packetId);
        if (message === undefined) return;
        if (packet.reasonCode >= 0x80) {
          this.#refuse(message);
          return;
        }
        message.released = true;
        this.#link?.send(acknowledgement('pubrel', packet.packetId));
        return;
      }
      case 'puback':
      case 'pubcomp': {
        const message = this.#outgoing.find(({ packetId }) => packetId === packet.packetId);
        if (message === undefined) return;
        if (packet.type === 'puback' && packet.reasonCode >= 0x80) this.#refuse(message);
        else this.#outgoing.splice(this.#outgoing.indexOf(message), 1);
        return;
      }
    }
  }

  #refuse(message: Outgoing): void {
    this.refused.add(message.text);
    this.#outgoing.splice(this.#outgoing.indexOf(message), 1);
  }

  #onPublish(topicName: string, packetId: number, qos: Qos, payload: Uint8Array): void {
    if (qos === 1) this.answers.push(acknowledgement('puback', packetId));
    if (qos === 2) {
      this.answers.push(acknowledgement('pubrec', packetId));
      if (this.#received.has(packetId)) return;
      this.#received.add(packetId);
    }
    this.messages.push({ topicName, text: new TextDecoder().decode(payload) });
  }

  #send({ packetId, topicName, text, qos, retain, released }: Outgoing, dup: boolean): void {
    if (this.#world?.core.context.keeping.refusal !== null) this.doubtful.add(text);
    this.#link?.send(
      released
        ? acknowledgement('pubrel', packetId)
        : publishPacket(topicName, text, { packetId, qos, retain, dup }),
    );
  }
}
