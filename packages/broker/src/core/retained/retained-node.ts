import type { ChildTable } from '../topics/child-table.ts';
import { finishTextHash, stepTextHash } from '../topics/text-hash.ts';

const SLASH = 0x2f;

/** What the messages must have: what each weighs, in bytes, the same at every time. */
export interface Retainable {
  readonly bytes: number;
}

/** What a node costs besides its text: the object, and its place in the table. Measured: 131 to 158. */
const NODE_BYTES = 144;

/** What the node of a level so long, in UTF-16 code units, costs in bytes. */
export function nodeBytes(levelLength: number): number {
  return NODE_BYTES + levelLength;
}

/** One level of a topic name. The root stands for none. */
export class RetainedNode<M> {
  /** Null for the root. */
  readonly parent: RetainedNode<M> | null;
  readonly text: string;
  /** Of all levels up to this one, unfinished: it seeds the hashes of the children. */
  readonly hash: number;
  message: M | null = null;
  /** When the message was set, as a count of settings. */
  sequence = 0;
  firstChild: RetainedNode<M> | null = null;
  lastChild: RetainedNode<M> | null = null;
  previous: RetainedNode<M> | null = null;
  /** Kept when the node is taken out, so that a cursor that stands on it finds the way on. */
  next: RetainedNode<M> | null = null;

  constructor(parent: RetainedNode<M> | null, text: string, hash: number) {
    this.parent = parent;
    this.text = text;
    this.hash = hash;
  }
}

/** All nodes of one tree but its root. */
export type RetainedNodeTable<M> = ChildTable<RetainedNode<M>, RetainedNode<M>>;

/** The child of a node for one level. */
export function findChild<M>(
  nodes: RetainedNodeTable<M>,
  parent: RetainedNode<M>,
  level: string,
): RetainedNode<M> | undefined {
  let hash = parent.hash;
  for (let i = 0; i < level.length; i++) hash = stepTextHash(hash, level.charCodeAt(i));
  return nodes.find(parent, level, 0, level.length, finishTextHash(stepTextHash(hash, SLASH)));
}
