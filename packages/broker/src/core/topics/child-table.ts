/**
 * The nodes of a tree, found by their parent and text, without making a string: one table for the whole tree instead of
 * a map in every node. Open addressing with linear probing; removal closes the gap, so nothing is left behind by nodes
 * that come and go. It is cut into shards, because doubling one table of a million entries stops everything for tens of
 * milliseconds, and doubling a 32nd of it does not.
 */

const SHARD_BITS = 5;
const MIN_CAPACITY = 8;

export interface ChildNode<P extends object> {
  readonly parent: P | null;
  readonly text: string;
}

export class ChildTable<P extends object, N extends ChildNode<P>> {
  readonly #shards: Shard<P, N>[] = [];

  constructor() {
    for (let i = 0; i < 1 << SHARD_BITS; i++) this.#shards.push(new Shard());
  }

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.count, 0);
  }

  /** Slots there is memory for. */
  get capacity(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.capacity, 0);
  }

  /** The child of `parent` whose text is `text[start, end)`. The hash, never 0, is of parent and text. */
  find(parent: P, text: string, start: number, end: number, hash: number): N | undefined {
    return this.#shards[hash >>> (32 - SHARD_BITS)]!.find(parent, text, start, end, hash);
  }

  /** Adds a node that is not there yet. */
  add(node: N, hash: number): void {
    this.#shards[hash >>> (32 - SHARD_BITS)]!.add(node, hash);
  }

  /** Deletes a node that is there. */
  delete(node: N, hash: number): void {
    this.#shards[hash >>> (32 - SHARD_BITS)]!.delete(node, hash);
  }
}

class Shard<P extends object, N extends ChildNode<P>> {
  /** 0 is an empty slot. */
  #hashes: Int32Array = new Int32Array(MIN_CAPACITY);
  #nodes: (N | undefined)[] = new Array(MIN_CAPACITY);
  #mask = MIN_CAPACITY - 1;
  count = 0;

  get capacity(): number {
    return this.#mask + 1;
  }

  find(parent: P, text: string, start: number, end: number, hash: number): N | undefined {
    const hashes = this.#hashes;
    const mask = this.#mask;
    for (let i = hash & mask; hashes[i] !== 0; i = (i + 1) & mask) {
      if (hashes[i] !== hash) continue;
      const node = this.#nodes[i]!;
      if (node.parent === parent && node.text.length === end - start && text.startsWith(node.text, start)) {
        return node;
      }
    }
    return undefined;
  }

  add(node: N, hash: number): void {
    if ((this.count + 1) * 4 > (this.#mask + 1) * 3) this.#resize((this.#mask + 1) * 2);
    this.#put(node, hash);
    this.count++;
  }

  delete(node: N, hash: number): void {
    const hashes = this.#hashes;
    const nodes = this.#nodes;
    const mask = this.#mask;
    let gap = hash & mask;
    while (nodes[gap] !== node) gap = (gap + 1) & mask;
    // Whoever stands behind the gap moves into it, unless that would put them before the slot they hash to.
    for (let i = (gap + 1) & mask; hashes[i] !== 0; i = (i + 1) & mask) {
      if (((i - hashes[i]!) & mask) < ((i - gap) & mask)) continue;
      hashes[gap] = hashes[i]!;
      nodes[gap] = nodes[i];
      gap = i;
    }
    hashes[gap] = 0;
    nodes[gap] = undefined;
    this.count--;
    if (this.count * 8 < mask + 1 && mask + 1 > MIN_CAPACITY) this.#resize((mask + 1) / 2);
  }

  #put(node: N, hash: number): void {
    let i = hash & this.#mask;
    while (this.#hashes[i] !== 0) i = (i + 1) & this.#mask;
    this.#hashes[i] = hash;
    this.#nodes[i] = node;
  }

  #resize(capacity: number): void {
    const hashes = this.#hashes;
    const nodes = this.#nodes;
    this.#hashes = new Int32Array(capacity);
    this.#nodes = new Array(capacity);
    this.#mask = capacity - 1;
    for (let i = 0; i < hashes.length; i++) {
      if (hashes[i] !== 0) this.#put(nodes[i]!, hashes[i]!);
    }
  }
}
