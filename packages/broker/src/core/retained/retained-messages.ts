/**
 * The retained messages: the last one of every topic that has one, found by topic name and by topic filter.
 *
 * A tree with a node for every level, so that a filter leads to what it matches without a look at anything else. The
 * children of a node are a linked list in the order in which they came, and all nodes are in one table by parent and
 * text. Limits and expiry are the caller's, who knows the options and the clock.
 *
 * @see RetainedCursor for how a large match is read in pieces while messages come and go.
 */

import { ChildTable } from '../topics/child-table.ts';
import { finishTextHash, stepTextHash } from '../topics/text-hash.ts';
import { RetainedCursor } from './retained-cursor.ts';
import type { Retainable, RetainedNodeTable } from './retained-node.ts';
import { nodeBytes, RetainedNode } from './retained-node.ts';

const SLASH = 0x2f;

export interface RetainedMessagesOptions {
  /** Any 32-bit integer; random, so that peers cannot prepare names that collide. @default 0 */
  readonly hashSeed?: number;
}

export class RetainedMessages<M extends Retainable> {
  readonly #root: RetainedNode<M>;
  readonly #nodes: RetainedNodeTable<M> = new ChildTable();
  #count = 0;
  #bytes = 0;
  #sequence = 0;

  constructor(options: RetainedMessagesOptions = {}) {
    this.#root = new RetainedNode(null, '', (options.hashSeed ?? 0) | 0);
  }

  get count(): number {
    return this.#count;
  }

  /** The sum of what the messages and the nodes of their topic names weigh: a name of 100 levels has 100 nodes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What `bytes` would be with this message set. */
  bytesWith(topicName: string, message: Retainable): number {
    let bytes = this.#bytes + message.bytes;
    let node: RetainedNode<M> | undefined = this.#root;
    let hash = node.hash;
    let start = 0;
    for (let i = 0; i <= topicName.length; i++) {
      const unit = i === topicName.length ? SLASH : topicName.charCodeAt(i);
      hash = stepTextHash(hash, unit);
      if (unit !== SLASH) continue;
      node &&= this.#nodes.find(node, topicName, start, i, finishTextHash(hash));
      if (node === undefined) bytes += nodeBytes(i - start);
      start = i + 1;
    }
    return bytes - (node?.message?.bytes ?? 0);
  }

  /** How many nodes the topic names have made, the root left out. */
  get nodeCount(): number {
    return this.#nodes.size;
  }

  get(topicName: string): M | null {
    return this.#find(topicName)?.message ?? null;
  }

  /** Keeps a message in place of the topic's last one. [MQTT-3.3.1-5] @returns the last one, or null. */
  set(topicName: string, message: M): M | null {
    const node = this.#make(topicName);
    const replaced = node.message;
    node.message = message;
    node.sequence = ++this.#sequence;
    this.#bytes += message.bytes;
    if (replaced === null) this.#count++;
    else this.#bytes -= replaced.bytes;
    return replaced;
  }

  /** Takes the topic's message out. @returns it, or null when there was none. */
  delete(topicName: string): M | null {
    const node = this.#find(topicName);
    const deleted = node?.message ?? null;
    if (node === undefined || deleted === null) return null;
    node.message = null;
    this.#count--;
    this.#bytes -= deleted.bytes;
    this.#prune(node);
    return deleted;
  }

  /** Opens a cursor over the messages whose topic a valid topic filter matches, as of now. */
  match(topicFilter: string): RetainedCursor<M> {
    return new RetainedCursor(this.#root, this.#nodes, this.#sequence, topicFilter);
  }

  #find(topicName: string): RetainedNode<M> | undefined {
    let node: RetainedNode<M> | undefined = this.#root;
    let hash = node.hash;
    let start = 0;
    for (let i = 0; i <= topicName.length && node !== undefined; i++) {
      const unit = i === topicName.length ? SLASH : topicName.charCodeAt(i);
      hash = stepTextHash(hash, unit);
      if (unit !== SLASH) continue;
      node = this.#nodes.find(node, topicName, start, i, finishTextHash(hash));
      start = i + 1;
    }
    return node;
  }

  #make(topicName: string): RetainedNode<M> {
    let node = this.#root;
    let hash = node.hash;
    let start = 0;
    for (let i = 0; i <= topicName.length; i++) {
      const unit = i === topicName.length ? SLASH : topicName.charCodeAt(i);
      hash = stepTextHash(hash, unit);
      if (unit !== SLASH) continue;
      const finished = finishTextHash(hash);
      node =
        this.#nodes.find(node, topicName, start, i, finished) ??
        this.#append(new RetainedNode(node, topicName.slice(start, i), hash), node, finished);
      start = i + 1;
    }
    return node;
  }

  #append(node: RetainedNode<M>, parent: RetainedNode<M>, finishedHash: number): RetainedNode<M> {
    node.previous = parent.lastChild;
    if (parent.lastChild === null) parent.firstChild = node;
    else parent.lastChild.next = node;
    parent.lastChild = node;
    this.#nodes.add(node, finishedHash);
    this.#bytes += nodeBytes(node.text.length);
    return node;
  }

  /** Takes out a node without message and children, and so on towards the root. */
  #prune(emptied: RetainedNode<M>): void {
    let node = emptied;
    while (node.message === null && node.firstChild === null && node.parent !== null) {
      const parent = node.parent;
      this.#nodes.delete(node, finishTextHash(node.hash));
      this.#bytes -= nodeBytes(node.text.length);
      if (node.previous === null) parent.firstChild = node.next;
      else node.previous.next = node.next;
      if (node.next === null) parent.lastChild = node.previous;
      else node.next.previous = node.previous;
      node.previous = null;
      node = parent;
    }
  }
}
