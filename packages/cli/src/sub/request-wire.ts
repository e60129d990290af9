/**
 * SUBSCRIBE and UNSUBSCRIBE as Mosquitto's tools send them, below a client that has its own way with them: one packet for all
 * topic filters, with the properties that the user gives and no others, whatever this session had before. Each PUBLISH is
 * then one message, however many filters it matches; the client gives it out as `unrouted`, since it knows of no
 * subscription.
 *
 * It looks at what the server sends only while an answer is due, or if packet identifiers are asked for, which the client
 * does not tell.
 */
import type { OpenTransport, Transport, TransportListener } from '@martlet/client';
import type {
  ProtocolVersion,
  ReasonCode,
  SubscribeProperties,
  Subscription,
  UnsubscribeProperties,
} from '@martlet/protocol';
import { decodePacket, encodePacket, FrameResult, PacketStream } from '@martlet/protocol';

/** No packet is longer. */
const ANY_LENGTH = 268_435_460;
const PUBLISH = 3;
const SUBACK = 9;
const UNSUBACK = 11;

export interface RequestWireOptions {
  /** The packet identifier of SUBSCRIBE; UNSUBSCRIBE has the next one. The client, which counts from 1 on, must not use them. */
  readonly firstPacketId: number;
  /** Whether `packetId` is wanted, which costs a look at each packet. */
  readonly hasPacketIds: boolean;
  /** One reason code for each filter, in their order. */
  readonly onSubscribed: (reasonCodes: readonly ReasonCode[], packetId: number) => void;
  readonly onUnsubscribed: () => void;
}

export class RequestWire {
  readonly #options: RequestWireOptions;
  #transport: Transport | undefined;
  #listener: TransportListener | undefined;
  #version: ProtocolVersion = 5;
  /** Answers that the server owes. */
  #due = 0;
  #stream: PacketStream;
  #packetId: number | undefined;
  /** The client, or whoever takes the messages, wants nothing more to be read. */
  #isPausedAbove = false;
  #isHeld = false;

  constructor(options: RequestWireOptions) {
    this.#options = options;
    this.#stream = this.#newStream();
  }

  /** Of the message that the client is giving out; undefined at QoS 0. */
  get packetId(): number | undefined {
    return this.#packetId;
  }

  /** For `ClientNeeds.wrapTransport`. */
  wrap(open: OpenTransport): OpenTransport {
    return async (server, listener, signal) => {
      this.#due = 0;
      this.#stream = this.#newStream();
      this.#isPausedAbove = false;
      const transport = await open(
        server,
        {
          onBytes: (bytes) => this.#onBytes(bytes),
          onDrain: () => listener.onDrain(),
          onClose: (error) => listener.onClose(error),
        },
        signal,
      );
      this.#listener = listener;
      this.#transport = transport;
      if (this.#isHeld) transport.pause?.();
      return this.#above(transport);
    };
  }

  /** Asks for the filters. @param version of the connection */
  subscribe(
    subscriptions: readonly Subscription[],
    properties: SubscribeProperties,
    version: ProtocolVersion,
  ): void {
    const packetId = this.#options.firstPacketId;
    const packet = { type: 'subscribe', packetId, subscriptions, properties } as const;
    this.#request(encodePacket(packet, version), version);
  }

  /** @param version of the connection */
  unsubscribe(
    topicFilters: readonly string[],
    properties: UnsubscribeProperties,
    version: ProtocolVersion,
  ): void {
    const packetId = this.#options.firstPacketId + 1;
    const packet = { type: 'unsubscribe', packetId, topicFilters, properties } as const;
    this.#request(encodePacket(packet, version), version);
  }

  /** Reads nothing more, until `release`: what has been read is not written yet. */
  hold(): void {
    this.#isHeld = true;
    this.#transport?.pause?.();
  }

  release(): void {
    this.#isHeld = false;
    if (!this.#isPausedAbove) this.#transport?.resume?.();
  }

  #request(bytes: Uint8Array, version: ProtocolVersion): void {
    this.#version = version;
    this.#due++;
    this.#transport?.write(bytes);
  }

  #above(transport: Transport): Transport {
    return {
      write: (bytes) => transport.write(bytes),
      get sentBytes() {
        return transport.sentBytes;
      },
      end: () => transport.end(),
      destroy: () => transport.destroy(),
      ...(transport.pause === undefined
        ? {}
        : {
            pause: () => {
              this.#isPausedAbove = true;
              transport.pause?.();
            },
          }),
      ...(transport.resume === undefined
        ? {}
        : {
            resume: () => {
              this.#isPausedAbove = false;
              if (!this.#isHeld) transport.resume?.();
            },
          }),
    };
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#due === 0 && this.#stream.keptBytes === 0 && !this.#options.hasPacketIds) {
      this.#listener!.onBytes(bytes);
      return;
    }
    try {
      this.#stream.receive(bytes, 0, bytes.length);
    } catch {
      // No packet begins like this. What was before it has been handed on.
      this.#transport?.destroy();
    }
  }

  #newStream(): PacketStream {
    const onFrame = (bytes: Uint8Array, start: number, body: number, end: number): FrameResult => {
      const type = bytes[start]! >> 4;
      if (type === SUBACK || type === UNSUBACK) this.#onAnswer(bytes, start, body, end);
      else {
        this.#packetId = type === PUBLISH ? packetIdOf(bytes, start, body) : undefined;
        this.#listener!.onBytes(bytes.subarray(start, end));
      }
      return FrameResult.Next;
    };
    return new PacketStream({ onFrame, onShown: () => {} }, ANY_LENGTH);
  }

  /** @throws {RemoteError} */
  #onAnswer(bytes: Uint8Array, start: number, body: number, end: number): void {
    const packet = decodePacket(bytes, start, body, end, this.#version);
    this.#due = Math.max(0, this.#due - 1);
    if (packet.type === 'suback') this.#options.onSubscribed(packet.reasonCodes, packet.packetId);
    else this.#options.onUnsubscribed();
  }
}

/** Undefined at QoS 0. A packet that is too short is left to the client, which refuses it. */
function packetIdOf(bytes: Uint8Array, start: number, body: number): number | undefined {
  if ((bytes[start]! & 0x06) === 0) return undefined;
  const at = body + 2 + ((bytes[body]! << 8) | bytes[body + 1]!);
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
