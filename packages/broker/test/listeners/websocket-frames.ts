import { randomBytes } from 'node:crypto';

export const Opcode = { Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const;

/** One frame as a client sends it, masked. */
export function clientFrame(opcode: number, payload: Uint8Array, fin = true): Buffer {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.alloc(2 + extended + 4 + length);
  frame[0] = (fin ? 0x80 : 0) | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  mask.copy(frame, 2 + extended);
  for (let i = 0; i < length; i++) frame[2 + extended + 4 + i] = payload[i]! ^ mask[i & 3]!;
  return frame;
}

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Takes a server's frames out of a byte stream, however it is cut. */
export class ServerFrames {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): ServerFrame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: ServerFrame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): ServerFrame | undefined {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const short = rest[1]! & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < header) return undefined;
    const length =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < header + length) return undefined;
    this.#rest = rest.subarray(header + length);
    return { opcode: rest[0]! & 0x0f, payload: rest.subarray(header, header + length) };
  }
}
