/**
 * What passes, as a capture that Wireshark opens (pcapng): each piece as a TCP segment between two addresses that stand for
 * client and server. What was encrypted on the way is not so here.
 */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { CommandFailure } from '../command-failure.ts';
import type { Direction } from './direction.ts';
import type { HeldOutput } from './held-output.ts';

/** Raw IP packets. */
const LINK_TYPE_RAW = 101;
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const IP_HEADER_BYTES = 20;
const TCP_HEADER_BYTES = 20;
/** Of one segment, so that its length fits into an IP packet. */
const SEGMENT_BYTES = 65_000;
const CLIENT_ADDRESS: readonly number[] = [10, 0, 0, 1];
const SERVER_ADDRESS: readonly number[] = [10, 0, 0, 2];
/** By which Wireshark knows MQTT. */
const SERVER_PORT = 1883;
const FIRST_CLIENT_PORT = 10_000;
const PORTS = 50_000;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

export class CaptureFile {
  readonly #stream: Writable;
  readonly #output: HeldOutput;

  /**
   * @param output holds back what passes while the file does not keep up
   * @param onFailed called once when it cannot be written
   */
  constructor(path: string, output: HeldOutput, onFailed: (failure: CommandFailure) => void) {
    this.#output = output;
    this.#stream = createWriteStream(path).once('error', (error) =>
      onFailed(CommandFailure.ofFile(path, error)),
    );
    this.#stream.write(sectionHeader());
    this.#stream.write(interfaceDescription());
  }

  /** A connection, with the handshake that begins it. @param number of the connection, from 1 on */
  open(number: number, wallMs: number): CapturedConnection {
    const connection = new CapturedConnection(FIRST_CLIENT_PORT + (number % PORTS), (packet, atMs) => {
      this.#output.write(this.#stream, enhancedPacket(packet, atMs));
    });
    connection.begin(wallMs);
    return connection;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.destroyed) resolve();
      else this.#stream.end(() => resolve());
    });
  }
}

export class CapturedConnection {
  readonly #clientPort: number;
  readonly #write: (packet: Buffer, wallMs: number) => void;
  /** The next byte that each side sends. */
  readonly #next: Record<Direction, number> = { toServer: 1000, toClient: 5000 };

  constructor(clientPort: number, write: (packet: Buffer, wallMs: number) => void) {
    this.#clientPort = clientPort;
    this.#write = write;
  }

  begin(wallMs: number): void {
    this.#segment('toServer', SYN, EMPTY, wallMs);
    this.#segment('toClient', SYN | ACK, EMPTY, wallMs);
    this.#segment('toServer', ACK, EMPTY, wallMs);
  }

  data(direction: Direction, bytes: Uint8Array, wallMs: number): void {
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES)
      this.#segment(direction, PSH | ACK, bytes.subarray(at, at + SEGMENT_BYTES), wallMs);
  }

  /** @param direction that of who closes */
  end(direction: Direction, wallMs: number): void {
    this.#segment(direction, FIN | ACK, EMPTY, wallMs);
  }

  /** Both sides are cut off. */
  reset(wallMs: number): void {
    this.#segment('toServer', RST | ACK, EMPTY, wallMs);
    this.#segment('toClient', RST | ACK, EMPTY, wallMs);
  }

  #segment(direction: Direction, flags: number, bytes: Uint8Array, wallMs: number): void {
    const fromClient = direction === 'toServer';
    const sequence = this.#next[direction];
    const acknowledged = flags & ACK ? this.#next[fromClient ? 'toClient' : 'toServer'] : 0;
    const packet = Buffer.alloc(IP_HEADER_BYTES + TCP_HEADER_BYTES + bytes.length);
    writeIpHeader(packet, fromClient);
    const tcp = packet.subarray(IP_HEADER_BYTES);
    tcp.writeUInt16BE(fromClient ? this.#clientPort : SERVER_PORT, 0);
    tcp.writeUInt16BE(fromClient ? SERVER_PORT : this.#clientPort, 2);
    tcp.writeUInt32BE(sequence >>> 0, 4);
    tcp.writeUInt32BE(acknowledged >>> 0, 8);
    tcp.writeUInt8((TCP_HEADER_BYTES / 4) << 4, 12);
    tcp.writeUInt8(flags, 13);
    tcp.writeUInt16BE(0xffff, 14);
    tcp.set(bytes, TCP_HEADER_BYTES);
    tcp.writeUInt16BE(tcpChecksum(packet), 16);
    this.#next[direction] = (sequence + bytes.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
    this.#write(packet, wallMs);
  }
}

const EMPTY = new Uint8Array(0);

function writeIpHeader(packet: Buffer, fromClient: boolean): void {
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(64, 8);
  packet.writeUInt8(6, 9);
  packet.set(fromClient ? CLIENT_ADDRESS : SERVER_ADDRESS, 12);
  packet.set(fromClient ? SERVER_ADDRESS : CLIENT_ADDRESS, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, IP_HEADER_BYTES), 0), 10);
}

/** Over the pseudo header of addresses, protocol and length, and all of the segment. */
function tcpChecksum(packet: Buffer): number {
  const segment = packet.subarray(IP_HEADER_BYTES);
  let sum = 6 + segment.length;
  for (let at = 12; at < IP_HEADER_BYTES; at += 2) sum += packet.readUInt16BE(at);
  return checksum(segment, sum);
}

function checksum(bytes: Buffer, start: number): number {
  let sum = start;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return block(SECTION_HEADER, body);
}

function interfaceDescription(): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(LINK_TYPE_RAW, 0);
  return block(INTERFACE_DESCRIPTION, body);
}

function enhancedPacket(packet: Buffer, wallMs: number): Buffer {
  const micros = BigInt(Math.round(wallMs * 1000));
  const head = Buffer.alloc(20);
  head.writeUInt32LE(Number(micros >> 32n), 4);
  head.writeUInt32LE(Number(micros & 0xffffffffn), 8);
  head.writeUInt32LE(packet.length, 12);
  head.writeUInt32LE(packet.length, 16);
  return block(ENHANCED_PACKET, Buffer.concat([head, packet, Buffer.alloc(-packet.length & 3)]));
}

function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(length, length - 4);
  return bytes;
}
