/**
 * Reads the retained messages that match a topic filter, a bounded number at a time: `#` may match millions, and no
 * subscriber may stop the others.
 *
 * Messages may be set and deleted between two readings. Every message that was there when the cursor was opened, and
 * still is when its turn comes, is read once. What was set since is left out: the subscription was there before it, so
 * it has come as any message does. What was deleted is gone.
 *
 * This rests on three properties of the tree: children are appended behind their siblings, a node that was taken out
 * has neither message nor children and keeps its pointer to the next one, and nodes are never put back.
 */

import type { Retainable, RetainedNode, RetainedNodeTable } from './retained-node.ts';
import { findChild } from './retained-node.ts';

const DOLLAR = 0x24;

/** Where the walk stands among the children of one node. */
interface Step<M> {
  node: RetainedNode<M> | null;
  /** Which level of the filter the node is compared with; the last one is that of a `#`, however deep the node. */
  readonly level: number;
  /** Whether the node's siblings are to follow. */
  readonly siblings: boolean;
}

export class RetainedCursor<M extends Retainable> {
  readonly #nodes: RetainedNodeTable<M>;
  readonly #levels: readonly string[];
  /** Messages with a later sequence were set after the cursor was opened. */
  readonly #openedAt: number;
  readonly #steps: Step<M>[] = [];

  /** Made by `RetainedMessages.match`. */
  constructor(root: RetainedNode<M>, nodes: RetainedNodeTable<M>, openedAt: number, topicFilter: string) {
    this.#nodes = nodes;
    this.#levels = topicFilter.split('/');
    this.#openedAt = openedAt;
    this.#descend(root, 0);
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#steps.length === 0;
  }

  /**
   * Appends the next messages.
   * @param limit how many nodes of the tree to visit, which bounds both the work and the messages.
   * @returns how many messages were appended: none does not mean done.
   */
  read(limit: number, into: M[]): number {
    const before = into.length;
    for (let visited = 0; visited < limit && this.#steps.length > 0; visited++) {
      const step = this.#steps[this.#steps.length - 1]!;
      const node = step.node;
      if (node === null) {
        this.#steps.pop();
        continue;
      }
      step.node = step.siblings ? node.next : null;
      this.#visit(node, step.level, into);
    }
    return into.length - before;
  }

  #visit(node: RetainedNode<M>, level: number, into: M[]): void {
    const wildcard = this.#levels[level] === '#' || this.#levels[level] === '+';
    // A filter that begins with a wildcard matches no topic that begins with $. [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
    if (level === 0 && wildcard && node.text.charCodeAt(0) === DOLLAR && this.#steps.length === 1) return;
    const multi = this.#levels[level] === '#';
    const matched = multi || level === this.#levels.length - 1 || this.#levels[level + 1] === '#';
    if (matched && node.message !== null && node.sequence <= this.#openedAt) into.push(node.message);
    if (multi) this.#descend(node, level);
    else if (level + 1 < this.#levels.length) this.#descend(node, level + 1);
  }

  #descend(parent: RetainedNode<M>, level: number): void {
    const text = this.#levels[level]!;
    const siblings = text === '+' || text === '#';
    const node = siblings ? parent.firstChild : (findChild(this.#nodes, parent, text) ?? null);
    if (node !== null) this.#steps.push({ node, level, siblings });
  }
}
