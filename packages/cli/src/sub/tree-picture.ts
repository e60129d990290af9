/** `--tree`: topics as a tree that is walked by keys, with all that is known of the selected one. */
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { Key } from '../terminal/keyboard.ts';
import type { Line, Size } from '../terminal/line.ts';
import { typedText } from '../terminal/typed-text.ts';
import type { Picture, PictureWish } from './picture.ts';
import { topicDetails } from './topic-details.ts';
import type { TreeLimits, TreeNode } from './topic-tree.ts';
import { TopicTree } from './topic-tree.ts';
import { treeLayout, treeLines } from './tree-lines.ts';

/** What the next key is for. */
type Mode =
  | { readonly kind: 'walking' }
  | { readonly kind: 'searching'; readonly from: TreeNode | undefined }
  | { readonly kind: 'help' }
  /** Whether the retained message of a topic is to be cleared. */
  | { readonly kind: 'asking'; readonly topicName: string };

const WALKING: Readonly<Mode> = { kind: 'walking' };

export class TreePicture implements Picture {
  readonly #title: string;
  readonly #tree: TopicTree;
  #mode: Mode = WALKING;
  #selected: TreeNode | undefined;
  #offset = 0;
  #detailsOffset = 0;
  #search = '';
  /** Answers the last key. */
  #answer: string | undefined;

  /** @param title what is subscribed to */
  constructor(title: string, nowMs: number, limits?: TreeLimits) {
    this.#title = title;
    this.#tree = new TopicTree(nowMs, limits);
  }

  message(message: ReceivedMessage, nowMs: number, wallMs: number): void {
    this.#tree.onMessage(message, nowMs, wallMs);
  }

  key(key: Key, size: Size, nowMs: number): PictureWish | undefined {
    this.#answer = undefined;
    this.#selected ??= this.#tree.root.children[0];
    const mode = this.#mode;
    switch (mode.kind) {
      case 'help':
        this.#mode = WALKING;
        return undefined;
      case 'asking':
        return this.#onAnswer(key, mode.topicName);
      case 'searching':
        this.#onSearchKey(key, mode.from);
        break;
      case 'walking':
        if (key === 'q') return { kind: 'quit' };
        this.#onWalkingKey(key, size, nowMs);
    }
    this.#keepInSight(size);
    return undefined;
  }

  lines(size: Size, nowMs: number, notice: string | undefined): readonly Line[] {
    const nodes = this.#tree.visible;
    const selected = this.#selected ?? nodes[0];
    const content = {
      title: this.#title,
      tree: this.#tree,
      nodes,
      selected,
      offset: this.#offsetFor(nodes, selected, size),
      detailsOffset: this.#detailsOffset,
      isHelp: this.#mode.kind === 'help',
      typed: this.#typed,
      notice: this.#answer ?? notice,
    };
    return treeLines(content, size, nowMs);
  }

  summary(): string {
    return this.#tree.topics.summary;
  }

  get #typed(): string | undefined {
    if (this.#mode.kind === 'searching') return `/${this.#search}`;
    if (this.#mode.kind === 'asking') return `clear the retained message of ${this.#mode.topicName}? y/n `;
    return undefined;
  }

  #onWalkingKey(key: Key, size: Size, nowMs: number): void {
    switch (key) {
      case '/':
        this.#search = '';
        this.#mode = { kind: 'searching', from: this.#selected };
        return;
      case '?':
        this.#mode = { kind: 'help' };
        return;
      case 'n':
        this.#find(1, this.#selected);
        return;
      case 'N':
        this.#find(-1, this.#selected);
        return;
      case '*':
        for (const node of this.#tree.all) node.isExpanded = true;
        return;
      case '-':
        this.#closeAll();
        return;
      case 'd':
        this.#askToClear(nowMs);
        return;
      case 'J':
        this.#scrollDetails(1, size, nowMs);
        return;
      case 'K':
        this.#scrollDetails(-1, size, nowMs);
        return;
      default:
        if (this.#selected !== undefined) this.#walk(key, this.#selected, size);
    }
  }

  #walk(key: Key, selected: TreeNode, size: Size): void {
    const page = Math.max(1, treeLayout(size).treeRows - 1);
    switch (key) {
      case 'up':
      case 'k':
        this.#move(-1);
        return;
      case 'down':
      case 'j':
        this.#move(1);
        return;
      case 'pageup':
        this.#move(-page);
        return;
      case 'pagedown':
        this.#move(page);
        return;
      case 'home':
      case 'g':
        this.#move(Number.NEGATIVE_INFINITY);
        return;
      case 'end':
      case 'G':
        this.#move(Number.POSITIVE_INFINITY);
        return;
      case 'right':
      case 'l':
        if (selected.isExpanded) this.#select(selected.children[0] ?? selected);
        else selected.isExpanded = true;
        return;
      case 'left':
      case 'h':
        if (selected.isExpanded && selected.children.length > 0) selected.isExpanded = false;
        else if (selected.parent!.depth >= 0) this.#select(selected.parent!);
        return;
      case 'return':
      case 'space':
        selected.isExpanded = !selected.isExpanded;
    }
  }

  #move(by: number): void {
    const nodes = this.#tree.visible;
    const from = nodes.indexOf(this.#selected!);
    this.#select(nodes[Math.max(0, Math.min(nodes.length - 1, from + by))]);
  }

  #select(node: TreeNode | undefined): void {
    if (node !== this.#selected) this.#detailsOffset = 0;
    this.#selected = node;
  }

  /** What was selected stays so, or what it stands below. */
  #closeAll(): void {
    for (const node of this.#tree.all) node.isExpanded = false;
    let node = this.#selected;
    while (node !== undefined && node.depth > 0) node = node.parent;
    this.#select(node);
  }

  #onSearchKey(key: Key, from: TreeNode | undefined): void {
    if (key === 'return' || key === 'escape') {
      this.#mode = WALKING;
      if (key === 'escape') this.#select(from);
      return;
    }
    const search = typedText(this.#search, key);
    if (search === undefined) return;
    this.#search = search;
    this.#select(from);
    // The one where the search began counts, if it matches.
    if (search !== '' && !(from !== undefined && this.#isFound(from))) this.#find(1, from);
  }

  #isFound({ topic }: TreeNode): boolean {
    return topic?.topicName.toLowerCase().includes(this.#search.toLowerCase()) === true;
  }

  /** The next topic that has what was searched for, which is brought to sight. @param step 1, or -1 for the one before */
  #find(step: 1 | -1, from: TreeNode | undefined): void {
    if (this.#search === '') return;
    const all = this.#tree.all;
    const start = from === undefined ? -1 : all.indexOf(from);
    for (let i = 1; i <= all.length; i++) {
      const node = all[(start + step * i + all.length * 2) % all.length]!;
      if (!this.#isFound(node)) continue;
      this.#select(node);
      for (let above = node.parent; above !== undefined; above = above.parent) above.isExpanded = true;
      return;
    }
    this.#answer = `no topic has ${JSON.stringify(this.#search)} in its name`;
  }

  #askToClear(nowMs: number): void {
    const reading = this.#selected?.topic?.reading(nowMs);
    if (reading?.isRetained === true) this.#mode = { kind: 'asking', topicName: reading.topicName };
    else this.#answer = 'no retained message is known here: expected a topic with R';
  }

  #onAnswer(key: Key, topicName: string): PictureWish | undefined {
    this.#mode = WALKING;
    if (key === 'y') return { kind: 'removeRetained', topicName };
    this.#answer = 'nothing was cleared';
    return undefined;
  }

  #scrollDetails(by: number, size: Size, nowMs: number): void {
    if (this.#selected === undefined) return;
    const { detailColumns, detailRows } = treeLayout(size);
    const last = topicDetails(this.#selected, detailColumns, nowMs).length - detailRows;
    this.#detailsOffset = Math.max(0, Math.min(this.#detailsOffset + by, last));
  }

  #keepInSight(size: Size): void {
    this.#offset = this.#offsetFor(this.#tree.visible, this.#selected, size);
  }

  /** The nearest to where it was at which the selected one can be seen. */
  #offsetFor(nodes: readonly TreeNode[], selected: TreeNode | undefined, size: Size): number {
    const { treeRows } = treeLayout(size);
    const at = selected === undefined ? 0 : nodes.indexOf(selected);
    const least = Math.max(0, at - treeRows + 1);
    const offset = Math.max(least, Math.min(this.#offset, Math.max(0, at)));
    return Math.max(0, Math.min(offset, nodes.length - treeRows));
  }
}
