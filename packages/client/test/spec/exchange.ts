/** What the tests of the specification say again and again: packets of a server, and how a connection is lost. */
import type { Client, ClientOptions, TransportListener } from '@martlet/client';
import type {
  AcknowledgementPacket,
  ConnackPacket,
  Packet,
  PublishPacket,
  ReasonCode,
} from '@martlet/protocol';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { expect } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import type { World } from '../world/world.ts';

export const { V311, V5 } = ProtocolVersion;
export const VERSIONS = [V311, V5] as const;

/** Of a server that has taken the connection. */
export const CONNACK: ConnackPacket = {
  type: 'connack',
  sessionPresent: false,
  reasonCode: 0,
  properties: {},
};

/** A client. What is lost when the test ends is no news. */
export function connect(world: World, options: ClientOptions = {}): Client {
  const client = world.connect(options);
  client.on('error', () => {});
  return client;
}

export function acknowledgement(
  type: AcknowledgementPacket['type'],
  packetId: number,
  reasonCode: ReasonCode = 0,
): AcknowledgementPacket {
  return { type, packetId, reasonCode, properties: {} };
}

/** PUBLISH of a server. */
export function publish(topicName: string, options: Partial<PublishPacket> = {}): PublishPacket {
  return {
    type: 'publish',
    topicName,
    payload: new Uint8Array(0),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: {},
    ...options,
  };
}

/** What PUBLISH packets say, apart from how it is delivered. */
export function payloadsOf(packets: readonly Packet[]): string[] {
  return packets.flatMap((packet) =>
    packet.type === 'publish' ? [new TextDecoder().decode(packet.payload)] : [],
  );
}

/** Type and packet identifier of what the client has sent: `pubrel 3`. */
export function sent(server: TestServer): string[] {
  return server
    .takeAll()
    .map((packet) => ('packetId' in packet ? `${packet.type} ${packet.packetId}` : packet.type));
}

/** The options of a client whose session the server keeps when the connection is lost. */
export function keeping(protocolVersion: ProtocolVersion): ClientOptions {
  return { protocolVersion, sessionExpiryInterval: 3600 };
}

/**
 * The connection breaks, and the client connects again. When something was unanswered it is careful: there is one packet
 * under way, and one more for each answer.
 */
export async function reconnect(
  world: World,
  server: TestServer,
  connack: Partial<ConnackPacket> = { sessionPresent: true },
): Promise<TestServer> {
  server.cut();
  await reconnecting(world);
  return world.accept(connack);
}

/** Lets time pass until the client opens its next connection. */
export async function reconnecting(world: World): Promise<void> {
  for (let i = 0; i < 600 && world.opened.length === 0; i++) await world.advance(200);
}

/** A subscription to the filter that the server has granted. Its messages are taken and forgotten. */
export async function subscribed(
  world: World,
  client: Client,
  server: TestServer,
  topicFilter: string,
): Promise<void> {
  void client.subscribe(topicFilter, {}, () => {});
  await world.settle();
  const { packetId } = server.take('subscribe');
  server.send({ type: 'suback', packetId, reasonCodes: [2], properties: {} });
  await world.settle();
}

/** How a connection ended: the reason code of the DISCONNECT that the client sent, and that it closed. */
export async function disconnected(world: World, server: TestServer): Promise<ReasonCode> {
  await world.settle();
  expect(server.ended).toBeDefined();
  return server.take('disconnect').reasonCode;
}

/** The bytes of everything that a client writes, from CONNECT on, to a server that sends what it is told to. */
export class Wire {
  readonly bytes: number[] = [];
  readonly client: Client;
  readonly #world: World;
  readonly #version: ProtocolVersion;
  #listener: TransportListener | undefined;

  constructor(world: World, options: ClientOptions = {}) {
    this.#world = world;
    this.#version = options.protocolVersion ?? V5;
    this.client = connect(world, {
      ...options,
      transport: async (_server, listener) => {
        this.#listener = listener;
        return {
          write: (bytes) => {
            this.bytes.push(...bytes);
            return true;
          },
          end: () => queueMicrotask(() => listener.onClose()),
          destroy: () => queueMicrotask(() => listener.onClose()),
          pause: () => {},
          resume: () => {},
        };
      },
    });
  }

  /** The server sends a packet. Returns the bytes that the client wrote up to then, or since it was asked last. */
  async send(...packets: Packet[]): Promise<number[]> {
    await this.#world.settle();
    const before = this.take();
    for (const packet of packets) this.#listener!.onBytes(encodePacket(packet, this.#version));
    await this.#world.settle();
    return before;
  }

  /** The connection breaks. */
  lose(): void {
    const listener = this.#listener!;
    this.#listener = undefined;
    listener.onClose(new Error('the cable was pulled'));
  }

  /** Lets time pass until the client has opened its next connection. */
  async reopened(): Promise<void> {
    for (let i = 0; i < 600 && this.#listener === undefined; i++) await this.#world.advance(200);
  }

  /** What was written and not asked for yet. */
  take(): number[] {
    return this.bytes.splice(0);
  }
}
