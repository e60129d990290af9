/**
 * Answers to peers that are no clients: anyone can send a datagram in another's name, and two gateways could answer each other
 * for ever. Each network is answered only so often, and each peer told once in a while to connect.
 */
import { TokenBucket } from './token-bucket.ts';

/** Networks and peers that are remembered; then the oldest is forgotten. */
const MOST_REMEMBERED = 10_000;
const TOLD_AGAIN_MS = 10_000;

export class StrangerAnswers {
  #perSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #toldMs = new Map<string, number>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** For each network, from now on. */
  set answersPerSecond(perSecond: number) {
    this.#perSecond = perSecond;
    this.#buckets.clear();
  }

  /** Whether an answer may go to this host's network now. */
  mayAnswer(host: string, nowMs: number): boolean {
    const network = networkOf(host);
    let bucket = this.#buckets.get(network);
    if (bucket === undefined) {
      makeRoom(this.#buckets);
      bucket = new TokenBucket(this.#perSecond, nowMs);
      this.#buckets.set(network, bucket);
    }
    return bucket.take(nowMs);
  }

  /** Whether this peer may be told (again) that nobody knows it. */
  mayTell(key: string, host: string, nowMs: number): boolean {
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < TOLD_AGAIN_MS) return false;
    if (!this.mayAnswer(host, nowMs)) return false;
    // Behind the others again: the first is the one that was told longest ago.
    this.#toldMs.delete(key);
    makeRoom(this.#toldMs);
    this.#toldMs.set(key, nowMs);
    return true;
  }
}

function makeRoom(remembered: Map<string, unknown>): void {
  if (remembered.size < MOST_REMEMBERED) return;
  const [oldest] = remembered.keys();
  remembered.delete(oldest!);
}

/** /24 of IPv4, /56 of IPv6; what is no address is a network of its own. */
function networkOf(node: string): string {
  // Behind a forwarder there are as many nodes as it says; the datagrams go to the forwarder.
  const [host = ''] = node.split('/');
  const v4 = /^(\d+\.\d+\.\d+)\.\d+$/u.exec(host);
  if (v4 !== null) return v4[1]!;
  if (!host.includes(':')) return host;
  const groups = expanded(host);
  return `${groups.slice(0, 3).join(':')}:${(groups[3] ?? '0').padStart(4, '0').slice(0, 2)}`;
}

/** The first groups of an IPv6 address, as many as stand before `::` and the zeros that it stands for. */
function expanded(host: string): string[] {
  const [head = '', tail] = host.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after];
}
