// A connection over something that is no socket: here a transport that keeps what it is given.

import type { Transport } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import type { Packet } from '@martlet/protocol';
import {
  decodePacket,
  encodePacket,
  FrameResult,
  PacketStream,
  ProtocolVersion,
  ReasonCode,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';

const VERSION = ProtocolVersion.V5;

/** What a client at the other end would receive. */
class KeepingTransport implements Transport {
  readonly peer = 'message-port:1';
  readonly received: Packet[] = [];
  readonly ended: Promise<void>;
  readonly #stream: PacketStream;
  readonly #waiting: { readonly type: Packet['type']; readonly resolve: (packet: Packet) => void }[] = [];
  #resolveEnded: () => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#stream = new PacketStream(
      {
        onShown: () => {},
        onFrame: (bytes, start, body, end) => {
          this.#onPacket(
            decodePacket(bytes.slice(start, end), 0, body - start, end - start, VERSION, { from: 'server' }),
          );
          return FrameResult.Next;
        },
      },
      1024,
    );
  }

  next(type: Packet['type']): Promise<Packet> {
    return new Promise((resolve) => this.#waiting.push({ type, resolve }));
  }

  #onPacket(packet: Packet): void {
    this.received.push(packet);
    const index = this.#waiting.findIndex(({ type }) => type === packet.type);
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve(packet);
  }

  write(bytes: Uint8Array): boolean {
    this.#stream.receive(bytes, 0, bytes.length);
    return true;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) this.write(piece);
    return true;
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.#resolveEnded();
  }

  destroy(): void {
    this.#resolveEnded();
  }
}

const CONNECT: Packet = {
  type: 'connect',
  protocolVersion: VERSION,
  clientId: 'port',
  cleanStart: true,
  keepAlive: 0,
  properties: {},
};
const ORIGIN = { listener: 'ports', kind: 'in-process' } as const;

describe('A transport of the application', () => {
  test('gives a connection like any other', async () => {
    const broker = createBroker();
    const transport = new KeepingTransport();
    const sink = broker.attach(transport, ORIGIN)!;
    const send = (packet: Packet): void => {
      const bytes = encodePacket(packet, VERSION);
      sink.receive(bytes, 0, bytes.length);
    };
    const connack = transport.next('connack');
    send(CONNECT);
    expect(await connack).toMatchObject({ reasonCode: ReasonCode.Success });

    const suback = transport.next('suback');
    send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 't/+', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expect(await suback).toMatchObject({ reasonCodes: [ReasonCode.GrantedQos1] });

    const publish = transport.next('publish');
    await broker.publish('t/1', 'hello', { qos: 1 });
    expect(await publish).toMatchObject({
      topicName: 't/1',
      qos: 1,
      payload: new TextEncoder().encode('hello'),
    });

    const disconnect = transport.next('disconnect');
    const closing = broker.close();
    expect(await disconnect).toMatchObject({ reasonCode: ReasonCode.ServerShuttingDown });
    await transport.ended;
    sink.onClosed(null);
    await closing;
    expect(broker.gauges.connections).toBe(0);
  });

  test('is refused beyond the limit of connections, and after close', async () => {
    const broker = createBroker({ limits: { connections: 1 } });
    expect(broker.attach(new KeepingTransport(), ORIGIN)).not.toBeNull();
    expect(broker.attach(new KeepingTransport(), ORIGIN)).toBeNull();
    expect(broker.metrics.connectionsRefused).toBe(1);
    await broker.close();
    const later = createBroker();
    await later.close();
    expect(later.attach(new KeepingTransport(), ORIGIN)).toBeNull();
  });
});
