/** Topics as a tree of their levels, with what came at and below each. It is bounded in all directions. */
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { LiveTopic } from './live-topic.ts';
import type { TopicLimits } from './live-topics.ts';
import { LiveTopics, TOPIC_LIMITS } from './live-topics.ts';
import { SecondCounts } from './second-counts.ts';
import { TopicHistory } from './topic-history.ts';

export interface TreeLimits extends TopicLimits {
  readonly nodes: number;
  /** Levels beyond stay together in the last one. */
  readonly levels: number;
}

export const TREE_LIMITS: Readonly<TreeLimits> = { ...TOPIC_LIMITS, nodes: 50_000, levels: 64 };

/** Bytes of a payload before the last one. */
const LONGEST_PREVIOUS = 2048;

export class TreeNode {
  readonly level: string;
  readonly parent: TreeNode | undefined;
  /** 0 for the first level; -1 for the root, which has no level. */
  readonly depth: number;
  isExpanded: boolean;
  /** Messages at and below it. */
  messages = 0;
  /** Topics at and below it. */
  topics = 0;
  /** What came at it, if anything did. */
  topic: LiveTopic | undefined;
  /** The payload before the last one, if it was short. */
  previous: Uint8Array | undefined;
  readonly history: TopicHistory = new TopicHistory();
  readonly seconds: SecondCounts;
  readonly #children: Map<string, TreeNode> = new Map();
  #sorted: readonly TreeNode[] | undefined;

  constructor(level: string, parent: TreeNode | undefined, nowMs: number) {
    this.level = level;
    this.parent = parent;
    this.depth = parent === undefined ? -1 : parent.depth + 1;
    // The first level is open, but for what servers say of themselves.
    this.isExpanded = this.depth < 0 || (this.depth === 0 && !level.startsWith('$'));
    this.seconds = new SecondCounts(nowMs);
  }

  /** By name. */
  get children(): readonly TreeNode[] {
    this.#sorted ??= [...this.#children.values()].sort((a, b) => (a.level < b.level ? -1 : 1));
    return this.#sorted;
  }

  child(level: string): TreeNode | undefined {
    return this.#children.get(level);
  }

  add(level: string, nowMs: number): TreeNode {
    const child = new TreeNode(level, this, nowMs);
    this.#children.set(level, child);
    this.#sorted = undefined;
    return child;
  }

  /** All its levels: the name of a topic, or how the names of those below it begin. */
  get name(): string {
    const levels: string[] = [];
    for (let node: TreeNode = this; node.parent !== undefined; node = node.parent) levels.push(node.level);
    return levels.reverse().join('/');
  }
}

export class TopicTree {
  readonly root: TreeNode;
  readonly topics: LiveTopics;
  readonly #limits: TreeLimits;
  /** Nodes of topics, by the names of those. */
  readonly #nodes: Map<string, TreeNode> = new Map();
  #nodeCount = 0;

  constructor(nowMs: number, limits: TreeLimits = TREE_LIMITS) {
    this.#limits = limits;
    this.root = new TreeNode('', undefined, nowMs);
    this.topics = new LiveTopics(nowMs, limits);
  }

  onMessage(message: ReceivedMessage, nowMs: number, wallMs: number): void {
    const { topicName } = message;
    const known = this.#nodes.get(topicName);
    const levels = known === undefined ? this.#levelsOf(topicName) : [];
    if (this.#nodeCount + this.#missing(levels) > this.#limits.nodes) {
      this.topics.leaveOut(nowMs);
      return;
    }
    const previous = known?.topic?.payload;
    const topic = this.topics.onMessage(message, nowMs, wallMs);
    if (topic === undefined) return;
    const node = known ?? this.#place(levels, topic, nowMs);
    node.previous = previous !== undefined && previous.length <= LONGEST_PREVIOUS ? previous : undefined;
    node.history.add(message, wallMs);
    for (let above: TreeNode | undefined = node; above !== undefined; above = above.parent) {
      above.messages++;
      above.seconds.add(nowMs);
    }
  }

  /** Nodes that can be seen, from above: those whose parents are all expanded. */
  get visible(): readonly TreeNode[] {
    return this.#walk(({ isExpanded }) => isExpanded);
  }

  /** From above. */
  get all(): readonly TreeNode[] {
    return this.#walk(() => true);
  }

  #walk(isEntered: (node: TreeNode) => boolean): readonly TreeNode[] {
    const nodes: TreeNode[] = [];
    const waiting = this.root.children.toReversed();
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      nodes.push(node);
      if (isEntered(node)) for (const child of node.children.toReversed()) waiting.push(child);
    }
    return nodes;
  }

  #levelsOf(topicName: string): readonly string[] {
    const levels = topicName.split('/');
    const most = this.#limits.levels;
    return levels.length <= most ? levels : [...levels.slice(0, most - 1), levels.slice(most - 1).join('/')];
  }

  /** How many nodes the levels still need. */
  #missing(levels: readonly string[]): number {
    let node: TreeNode | undefined = this.root;
    let found = 0;
    for (; found < levels.length; found++) {
      node = node.child(levels[found]!);
      if (node === undefined) break;
    }
    return levels.length - found;
  }

  #place(levels: readonly string[], topic: LiveTopic, nowMs: number): TreeNode {
    let node = this.root;
    for (const level of levels) {
      const child = node.child(level);
      if (child === undefined) this.#nodeCount++;
      node = child ?? node.add(level, nowMs);
    }
    node.topic = topic;
    this.#nodes.set(topic.topicName, node);
    for (let above: TreeNode | undefined = node; above !== undefined; above = above.parent) above.topics++;
    return node;
  }
}
