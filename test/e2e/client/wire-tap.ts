// A relay that reads along: every packet between a client and its server, and the moment to cut the connection at one.

import type { Packet } from '@martlet/protocol';
import { decodePacket, FrameResult, PacketStream, ProtocolVersion } from '@martlet/protocol';
import type { Way } from '../../relay.ts';
import { Relay } from '../../relay.ts';

const MAXIMUM_PACKET_SIZE = 268_435_460;

export interface TappedPacket {
  /** Counts the connections, from 1. */
  readonly connection: number;
  readonly way: Way;
  readonly packet: Packet;
}

/** What one connection carries in both directions. */
class Reading {
  readonly #streams: Readonly<Record<Way, PacketStream>>;
  #version: ProtocolVersion = ProtocolVersion.V5;

  constructor(onPacket: (way: Way, packet: Packet) => void) {
    const stream = (way: Way): PacketStream =>
      new PacketStream(
        {
          onFrame: (bytes, start, body, end) => {
            const from = way === 'toServer' ? 'client' : 'server';
            // A copy: packets are looked at when the bytes have long gone on.
            const copy = bytes.slice(start, end);
            const packet = decodePacket(copy, 0, body - start, copy.length, this.#version, { from });
            if (packet.type === 'connect') this.#version = packet.protocolVersion;
            onPacket(way, packet);
            return FrameResult.Next;
          },
          onShown() {},
        },
        MAXIMUM_PACKET_SIZE,
      );
    this.#streams = { toServer: stream('toServer'), toClient: stream('toClient') };
  }

  read(way: Way, bytes: Uint8Array): void {
    this.#streams[way].receive(bytes, 0, bytes.length);
  }
}

export class WireTap {
  readonly relay: Relay;
  readonly packets: TappedPacket[] = [];
  /** Called for each packet before it is carried on: who cuts then, keeps it from arriving. */
  onPacket: (tapped: TappedPacket) => void = () => {};
  readonly #readings: Map<number, Reading> = new Map();

  private constructor(relay: Relay) {
    this.relay = relay;
  }

  static async start(targetPort: number): Promise<WireTap> {
    const relay = await Relay.start(targetPort, (bytes, way, connection) =>
      tap.#read(bytes, way, connection),
    );
    const tap = new WireTap(relay);
    return tap;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.relay.port}`;
  }

  /** Packets of one type that went one way. */
  of<Type extends Packet['type']>(way: Way, type: Type): readonly Extract<Packet, { type: Type }>[] {
    return this.packets.flatMap(({ way: its, packet }) =>
      its === way && packet.type === type ? [packet as Extract<Packet, { type: Type }>] : [],
    );
  }

  /** Cuts every connection, once, instead of carrying the next packet of this type. */
  cutAt(way: Way, type: Packet['type']): void {
    this.onPacket = ({ way: its, packet }) => {
      if (its !== way || packet.type !== type) return;
      this.onPacket = () => {};
      this.relay.cut();
    };
  }

  /** The most QoS 1 and 2 messages of one connection that were sent this way and not acknowledged at a time. */
  mostInFlight(way: Way): number {
    let most = 0;
    const open = new Set<number>();
    for (const { way: its, packet } of this.packets) {
      if (packet.type === 'publish' && its === way && packet.qos > 0) open.add(packet.packetId!);
      if ((packet.type === 'puback' || packet.type === 'pubcomp') && its !== way)
        open.delete(packet.packetId);
      most = Math.max(most, open.size);
    }
    return most;
  }

  close(): Promise<void> {
    return this.relay.close();
  }

  #read(bytes: Uint8Array, way: Way, connection: number): void {
    let reading = this.#readings.get(connection);
    if (reading === undefined) {
      reading = new Reading((itsWay, packet) => {
        const tapped = { connection, way: itsWay, packet };
        this.packets.push(tapped);
        this.onPacket(tapped);
      });
      this.#readings.set(connection, reading);
    }
    reading.read(way, bytes);
  }
}
