/**
 * One client with its connection to the server: what passes is told, delayed, left out, sent twice, swallowed or cut, as the
 * rules say. Each side is held while the other does not keep up, so that memory stays as it is.
 */
import type { Socket } from 'node:net';
import type { Transport, TransportListener } from '@martlet/client';
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import type { CapturedConnection } from './capture-file.ts';
import { DelayLine } from './delay-line.ts';
import type { Direction } from './direction.ts';
import { FaultChooser } from './fault-rule.ts';
import { PacketSplitter } from './packet-splitter.ts';
import { ProtocolWatch } from './protocol-watch.ts';
import type { Fault, ProxiedThing } from './proxied-packet.ts';
import type { ProxyRules } from './proxy-rules.ts';

/** Held for one direction before the sender has to wait, in bytes. */
const MOST_HELD_BYTES = 1024 * 1024;

export interface ProxiedConnectionOptions {
  readonly number: number;
  readonly client: Socket;
  readonly rules: ProxyRules;
  readonly capture: CapturedConnection | undefined;
  readonly tell: (thing: ProxiedThing) => void;
  nowMs(): number;
  wallMs(): number;
  random(): number;
  /** Both sides are gone. */
  onEnd(): void;
}

export class ProxiedConnection implements TransportListener {
  readonly #options: ProxiedConnectionOptions;
  readonly #watch: ProtocolWatch = new ProtocolWatch();
  readonly #drop: FaultChooser;
  readonly #duplicate: FaultChooser;
  readonly #lines: Readonly<Record<Direction, DelayLine>>;
  readonly #splitters: Readonly<Record<Direction, PacketSplitter>>;
  #server: Transport | undefined;
  #version: ProtocolVersion = 5;
  #packets = 0;
  #bytes = 0;
  /** Nothing passes any more, and nobody is told. */
  #isHalfOpen = false;
  #hasEnded = false;
  #isClientClosed = false;
  #isServerClosed = false;

  constructor(options: ProxiedConnectionOptions) {
    const { rules, random, client } = options;
    this.#options = options;
    this.#drop = new FaultChooser(rules.drop, random);
    this.#duplicate = new FaultChooser(rules.duplicate, random);
    this.#lines = {
      toServer: this.#line(rules.delayToServerMs, (bytes) => this.#toServer(bytes)),
      toClient: this.#line(rules.delayToClientMs, (bytes) => this.#toClient(bytes)),
    };
    this.#splitters = { toServer: this.#splitter('toServer'), toClient: this.#splitter('toClient') };
    client.on('data', (bytes) => this.#receive('toServer', bytes));
    client.on('drain', () => this.#server?.resume?.());
    client.on('error', () => {});
    client.on('end', () => this.#onClientEnd('the client has closed'));
    client.on('close', () => this.#onClientEnd('the connection of the client is gone'));
    client.pause();
  }

  /** The server has been reached. */
  attach(server: Transport): void {
    this.#server = server;
    this.#options.client.resume();
  }

  /** @param reason told as what the proxy does */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#tellEvent(undefined, reason, false);
    for (const line of Object.values(this.#lines)) line.close();
    this.#options.client.destroy();
    this.#server?.destroy();
    this.#options.onEnd();
  }

  // ---- of the server's connection ------------------------------------------------------------------------------------

  onBytes(bytes: Uint8Array): void {
    this.#receive('toClient', bytes);
  }

  onDrain(): void {
    this.#options.client.resume();
  }

  onClose(error?: Error): void {
    if (this.#isServerClosed || this.#hasEnded) return;
    this.#isServerClosed = true;
    const text =
      error === undefined ? 'the server has closed' : `the connection of the server broke: ${error.message}`;
    this.#tellEvent('toClient', text, error !== undefined);
    this.#options.capture?.end('toClient', this.#options.wallMs());
    if (this.#isHalfOpen) return;
    this.#lines.toClient.whenEmpty(() => {
      this.#options.client.end();
      this.#endIfBothAreGone();
    });
  }

  // ---- what passes -----------------------------------------------------------------------------------------------------

  #line(delayMs: number, release: (bytes: Uint8Array) => void): DelayLine {
    const { rules, nowMs, random } = this.#options;
    return new DelayLine({
      delayMs,
      jitterMs: rules.jitterMs,
      nowMs,
      random,
      setTimer: (callback, ms) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
      release,
    });
  }

  #splitter(direction: Direction): PacketSplitter {
    return new PacketSplitter(direction, () => this.#version, {
      onPacket: (packet, bytes) => this.#onPacket(packet, bytes, direction),
      onBytes: (bytes, problem) => {
        if (problem !== undefined)
          this.#tellEvent(direction, `cannot be read: ${problem} (${bytes.length} bytes)`, true);
        this.#pass(bytes, direction, 1);
      },
    });
  }

  #receive(direction: Direction, bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#bytes += bytes.length;
    const { cutAfterBytes } = this.#options.rules;
    if (cutAfterBytes !== undefined && this.#bytes > cutAfterBytes) {
      // The part that is still allowed leaves, so that a packet may be cut in two.
      const most = Math.max(0, bytes.length - (this.#bytes - cutAfterBytes));
      if (most > 0) this.#write(direction, bytes.subarray(0, most));
      this.end(`cut after ${cutAfterBytes} bytes`);
      return;
    }
    this.#splitters[direction].push(bytes);
    this.#holdIfFull(direction);
  }

  #onPacket(packet: Packet, bytes: Uint8Array, direction: Direction): void {
    if (this.#hasEnded) return;
    if (packet.type === 'connect') this.#version = packet.protocolVersion;
    const { rules, number, wallMs } = this.#options;
    const violations = this.#watch.look(packet, direction, bytes.length);
    this.#packets += 1;
    const fault = this.#faultFor(packet, direction);
    this.#options.tell({
      kind: 'packet',
      wallMs: wallMs(),
      connection: number,
      direction,
      packet,
      bytes,
      violations,
      fault,
    });
    this.#pass(bytes, direction, fault === 'duplicated' ? 2 : fault === undefined ? 1 : 0);
    if (this.#packets === rules.cutAfterPackets) this.end(`cut after ${this.#packets} packets`);
    else if (this.#packets === rules.halfOpenAfterPackets && !this.#isHalfOpen) {
      this.#isHalfOpen = true;
      this.#tellEvent(
        undefined,
        `half open after ${this.#packets} packets: nothing passes, nothing is closed`,
        false,
      );
    }
  }

  #faultFor({ type }: Packet, direction: Direction): Fault | undefined {
    if (this.#isHalfOpen) return 'swallowed';
    // Both count every packet, whatever the other does.
    const isDropped = this.#drop.chooses(type, direction);
    const isDuplicated = this.#duplicate.chooses(type, direction);
    return isDropped ? 'dropped' : isDuplicated ? 'duplicated' : undefined;
  }

  #pass(bytes: Uint8Array, direction: Direction, times: number): void {
    if (this.#isHalfOpen) return;
    for (let i = 0; i < times; i++) this.#lines[direction].push(bytes);
  }

  #write(direction: Direction, bytes: Uint8Array): void {
    if (direction === 'toServer') this.#toServer(bytes);
    else this.#toClient(bytes);
  }

  #toServer(bytes: Uint8Array): void {
    if (this.#isServerClosed) return;
    this.#options.capture?.data('toServer', bytes, this.#options.wallMs());
    if (this.#server?.write(bytes) === false) this.#options.client.pause();
    else this.#letGoIfEmpty('toServer');
  }

  #toClient(bytes: Uint8Array): void {
    if (this.#isClientClosed) return;
    this.#options.capture?.data('toClient', bytes, this.#options.wallMs());
    if (!this.#options.client.write(bytes)) this.#server?.pause?.();
    else this.#letGoIfEmpty('toClient');
  }

  #holdIfFull(direction: Direction): void {
    if (this.#lines[direction].heldBytes < MOST_HELD_BYTES) return;
    if (direction === 'toServer') this.#options.client.pause();
    else this.#server?.pause?.();
  }

  #letGoIfEmpty(direction: Direction): void {
    if (this.#lines[direction].heldBytes >= MOST_HELD_BYTES) return;
    if (direction === 'toServer') {
      if (this.#server !== undefined) this.#options.client.resume();
    } else this.#server?.resume?.();
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  #onClientEnd(text: string): void {
    if (this.#isClientClosed || this.#hasEnded) return;
    this.#isClientClosed = true;
    this.#tellEvent('toServer', text, false);
    this.#options.capture?.end('toServer', this.#options.wallMs());
    if (this.#isHalfOpen) return;
    this.#lines.toServer.whenEmpty(() => {
      this.#server?.end();
      this.#endIfBothAreGone();
    });
  }

  #endIfBothAreGone(): void {
    if (this.#hasEnded || !this.#isClientClosed || !this.#isServerClosed) return;
    this.#hasEnded = true;
    for (const line of Object.values(this.#lines)) line.close();
    this.#options.client.destroy();
    this.#server?.destroy();
    this.#options.onEnd();
  }

  #tellEvent(direction: Direction | undefined, text: string, isBad: boolean): void {
    const { tell, wallMs, number } = this.#options;
    tell({ kind: 'event', wallMs: wallMs(), connection: number, direction, text, isBad });
  }
}
