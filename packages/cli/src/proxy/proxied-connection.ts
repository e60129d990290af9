/**
 * One client with its connection to the server: what passes is told, delayed, left out, sent twice, swallowed or cut, as the
 * rules say. Each side is held while the other does not keep up, so that memory stays as it is.
 */
import type { Socket } from 'node:net';
import type { Transport, TransportListener } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import type { CapturedConnection } from './capture-file.ts';
import { DelayLine } from './delay-line.ts';
import type { Direction } from './direction.ts';
import { FaultChooser } from './fault-rule.ts';
import { PacketSplitter } from './packet-splitter.ts';
import { ProtocolWatch } from './protocol-watch.ts';
import type { Fault, ProxiedThing } from './proxied-packet.ts';
import type { ProxyRules } from './proxy-rules.ts';
import { Valve } from './valve.ts';

/** Held for one direction before the sender has to wait, in bytes. */
const MOST_HELD_BYTES = 1024 * 1024;
/** How long a client may take to close its side when the server has closed, in ms. */
const LINGER_MS = 2000;

const ANSWERS: ReadonlySet<string> = new Set(['puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback']);

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

/** `passing`: as the rules say. `cutting`: nothing more comes in, and what is held still leaves. */
type State = 'passing' | 'halfOpen' | 'cutting' | 'ended';

export class ProxiedConnection implements TransportListener {
  readonly #options: ProxiedConnectionOptions;
  readonly #watch: ProtocolWatch = new ProtocolWatch();
  readonly #drop: FaultChooser;
  readonly #duplicate: FaultChooser;
  readonly #lines: Readonly<Record<Direction, DelayLine>>;
  readonly #splitters: Readonly<Record<Direction, PacketSplitter>>;
  /** By who sends. */
  readonly #valves: Readonly<Record<Direction, Valve>>;
  readonly #opening: AbortController = new AbortController();
  #server: Transport | undefined;
  #state: State = 'passing';
  #packets = 0;
  #bytes = 0;
  /** Sends no more. */
  #hasClientEnded = false;
  #isClientGone = false;
  #isServerGone = false;
  #linger: NodeJS.Timeout | undefined;

  constructor(options: ProxiedConnectionOptions) {
    const { rules, random, client } = options;
    this.#options = options;
    this.#drop = new FaultChooser(rules.drop, random);
    this.#duplicate = new FaultChooser(rules.duplicate, random);
    this.#lines = {
      toServer: this.#line('toServer', rules.delayToServerMs),
      toClient: this.#line('toClient', rules.delayToClientMs),
    };
    this.#splitters = { toServer: this.#splitter('toServer'), toClient: this.#splitter('toClient') };
    this.#valves = {
      toServer: new Valve(
        () => client.pause(),
        () => client.resume(),
      ),
      toClient: new Valve(
        () => this.#server?.pause?.(),
        () => this.#server?.resume?.(),
      ),
    };
    client.on('data', (bytes) => this.#receive('toServer', bytes));
    client.on('drain', () => this.#valves.toClient.set('peer', false));
    client.on('error', () => {});
    client.on('end', () => this.#onClientEnd('the client has closed'));
    client.on('close', () => this.#onClientClose());
    this.#valves.toServer.set('unreached', true);
  }

  /** Aborted when nobody needs the server any more. */
  get openingSignal(): AbortSignal {
    return this.#opening.signal;
  }

  /** The server has been reached. */
  attach(server: Transport): void {
    if (this.#state === 'ended') {
      server.destroy();
      return;
    }
    this.#server = server;
    this.#valves.toServer.set('unreached', false);
  }

  /** What is told of packets waits, or does no more. */
  holdForOutput(isHeld: boolean): void {
    this.#valves.toServer.set('output', isHeld);
    this.#valves.toClient.set('output', isHeld);
  }

  /** Breaks both sides. @param reason told as what the proxy does */
  end(reason: string): void {
    if (this.#state === 'ended') return;
    this.#tellEvent(undefined, reason, false);
    this.#options.capture?.reset(this.#options.wallMs());
    this.#finish();
  }

  // ---- of the server's connection ------------------------------------------------------------------------------------

  onBytes(bytes: Uint8Array): void {
    this.#receive('toClient', bytes);
  }

  onDrain(): void {
    this.#valves.toServer.set('peer', false);
  }

  onClose(error?: Error): void {
    if (this.#isServerGone || this.#state === 'ended') return;
    this.#isServerGone = true;
    this.#passRest('toClient');
    const text =
      error === undefined ? 'the server has closed' : `the connection of the server broke: ${error.message}`;
    this.#tellEvent('toClient', text, error !== undefined);
    if (this.#state === 'halfOpen') {
      this.#finishIfBothAreGone();
      return;
    }
    const { client, capture, wallMs } = this.#options;
    this.#lines.toClient.whenEmpty(() => {
      capture?.end('toClient', wallMs());
      client.end();
      this.#linger = setTimeout(() => client.destroy(), LINGER_MS);
      this.#finishIfBothAreGone();
    });
  }

  // ---- what passes -----------------------------------------------------------------------------------------------------

  #line(direction: Direction, delayMs: number): DelayLine {
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
      release: (bytes) => this.#send(bytes, direction),
    });
  }

  #splitter(direction: Direction): PacketSplitter {
    return new PacketSplitter(direction, () => this.#watch.version, {
      onPacket: (packet, bytes) => this.#onPacket(packet, bytes, direction),
      onBytes: (bytes, problem) => {
        if (problem !== undefined)
          this.#tellEvent(direction, `cannot be read: ${problem} (${bytes.length} bytes)`, true);
        this.#pass(bytes, direction, 1);
      },
    });
  }

  #receive(direction: Direction, bytes: Uint8Array): void {
    if (this.#state === 'ended' || this.#state === 'cutting') return;
    const { cutAfterBytes = Number.POSITIVE_INFINITY } = this.#options.rules;
    const left = cutAfterBytes - this.#bytes;
    this.#bytes += bytes.length;
    this.#splitters[direction].push(bytes.length > left ? bytes.subarray(0, left) : bytes);
    if (bytes.length < left) return;
    // A packet may be cut in two: the part that has come leaves.
    this.#passRest(direction);
    this.#cut(`cut after ${cutAfterBytes} bytes`);
  }

  #onPacket(packet: Packet, bytes: Uint8Array, direction: Direction): void {
    if (this.#state === 'ended' || this.#state === 'cutting') return;
    const { rules, number, wallMs, tell } = this.#options;
    this.#packets += 1;
    const fault = this.#faultFor(packet, direction);
    // An answer that never arrives ends no exchange for who waits for it.
    const isLostAnswer = fault === 'dropped' && ANSWERS.has(packet.type);
    const violations = isLostAnswer ? [] : this.#watch.look(packet, direction, bytes.length);
    if (fault === 'duplicated') this.#watch.onTwice(packet, direction);
    tell({
      kind: 'packet',
      wallMs: wallMs(),
      connection: number,
      direction,
      packet,
      protocolVersion: this.#watch.version,
      bytes,
      violations,
      fault,
    });
    this.#pass(bytes, direction, fault === 'duplicated' ? 2 : fault === undefined ? 1 : 0);
    if (this.#packets === rules.halfOpenAfterPackets) {
      this.#state = 'halfOpen';
      this.#tellEvent(
        undefined,
        `half open after ${this.#packets} packets: nothing passes, nothing is closed`,
        false,
      );
    }
    if (this.#packets === rules.cutAfterPackets) this.#cut(`cut after ${this.#packets} packets`);
  }

  #faultFor({ type }: Packet, direction: Direction): Fault | undefined {
    if (this.#state === 'halfOpen') return 'swallowed';
    // Both count every packet, whatever the other does.
    const isDropped = this.#drop.chooses(type, direction);
    const isDuplicated = this.#duplicate.chooses(type, direction);
    return isDropped ? 'dropped' : isDuplicated ? 'duplicated' : undefined;
  }

  #pass(bytes: Uint8Array, direction: Direction, times: number): void {
    if (this.#state !== 'passing' || bytes.length === 0) return;
    const line = this.#lines[direction];
    for (let i = 0; i < times; i++) line.push(bytes);
    this.#valves[direction].set('delay', line.heldBytes >= MOST_HELD_BYTES);
  }

  /** Of what ends in the middle of a packet, the part that has come. */
  #passRest(direction: Direction): void {
    const rest = this.#splitters[direction].takeRest();
    if (rest.length === 0) return;
    this.#tellEvent(direction, `ends in the middle of a packet, after ${rest.length} bytes of it`, true);
    this.#pass(rest, direction, 1);
  }

  #send(bytes: Uint8Array, direction: Direction): void {
    this.#valves[direction].set('delay', this.#lines[direction].heldBytes >= MOST_HELD_BYTES);
    if (this.#state === 'ended' || (direction === 'toServer' ? this.#isServerGone : this.#isClientGone))
      return;
    const { capture, wallMs, client } = this.#options;
    capture?.data(direction, bytes, wallMs());
    const hasRoom = direction === 'toServer' ? this.#server?.write(bytes) !== false : client.write(bytes);
    if (!hasRoom) this.#valves[direction].set('peer', true);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  #onClientEnd(text: string): void {
    if (this.#hasClientEnded || this.#state === 'ended') return;
    this.#hasClientEnded = true;
    this.#passRest('toServer');
    this.#tellEvent('toServer', text, false);
    if (this.#state === 'halfOpen') return;
    const { capture, wallMs } = this.#options;
    this.#lines.toServer.whenEmpty(() => {
      capture?.end('toServer', wallMs());
      if (this.#server === undefined) this.#opening.abort(new Error('the client has gone'));
      this.#server?.end();
    });
  }

  #onClientClose(): void {
    this.#isClientGone = true;
    clearTimeout(this.#linger);
    this.#onClientEnd('the connection of the client is gone');
    // Nobody takes what the server still sends, and it must not wait for that.
    this.#valves.toClient.set('peer', false);
    this.#finishIfBothAreGone();
  }

  #finishIfBothAreGone(): void {
    if (this.#isClientGone && this.#isServerGone) this.#finish();
  }

  /** When what is held has left. */
  #cut(reason: string): void {
    if (this.#state === 'ended' || this.#state === 'cutting') return;
    this.#state = 'cutting';
    this.#lines.toServer.whenEmpty(() => this.#lines.toClient.whenEmpty(() => this.end(reason)));
  }

  #finish(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#linger);
    for (const line of Object.values(this.#lines)) line.close();
    this.#opening.abort(new Error('the connection has ended'));
    this.#options.client.destroy();
    this.#server?.destroy();
    this.#options.onEnd();
  }

  #tellEvent(direction: Direction | undefined, text: string, isBad: boolean): void {
    const { tell, wallMs, number } = this.#options;
    tell({ kind: 'event', wallMs: wallMs(), connection: number, direction, text, isBad });
  }
}
