/** The tree as lines: a function of what is known, what is chosen, the size and the time. */
import { counted } from '../amount-text.ts';
import type { Line, Size, Span } from '../terminal/line.ts';
import { shifted } from '../terminal/line.ts';
import { shortAmount, shortRate } from '../terminal/short-amount.ts';
import { atRight, columnsOf, shownText } from '../terminal/shown-text.ts';
import { footLine, noRoomText, statusLine } from './picture-lines.ts';
import { topicDetails } from './topic-details.ts';
import type { TopicTree, TreeNode } from './topic-tree.ts';
import { valueText } from './value-text.ts';

export interface TreeContent {
  /** What is subscribed to. */
  readonly title: string;
  readonly tree: TopicTree;
  /** `tree.visible`, which takes a while. */
  readonly nodes: readonly TreeNode[];
  /** One of `nodes`, if there are any. */
  readonly selected: TreeNode | undefined;
  /** The first node that is shown, from 0. */
  readonly offset: number;
  /** The first line of the details that is shown, from 0. */
  readonly detailsOffset: number;
  readonly isHelp: boolean;
  /** What is being typed. */
  readonly typed: string | undefined;
  readonly notice: string | undefined;
}

/** How a screen is divided. */
export interface TreeLayout {
  readonly treeRows: number;
  readonly treeColumns: number;
  readonly detailRows: number;
  readonly detailColumns: number;
  /** The details stand beside the tree, or else below it. */
  readonly isBeside: boolean;
}

/** Columns from which the details stand beside the tree. */
const WIDE = 76;
const SHARE_OF_TREE = 0.5;
/** Rows from which there is room for details below. */
const HIGH = 12;

export function treeLayout({ columns, rows }: Size): TreeLayout {
  const body = Math.max(0, rows - 2);
  if (columns >= WIDE) {
    const treeColumns = Math.floor(columns * SHARE_OF_TREE);
    const detailColumns = columns - treeColumns - 3;
    return { treeRows: body, treeColumns, detailRows: body, detailColumns, isBeside: true };
  }
  const detailRows = rows >= HIGH ? Math.floor((body - 1) / 2) : 0;
  const treeRows = detailRows === 0 ? body : body - 1 - detailRows;
  return { treeRows, treeColumns: columns, detailRows, detailColumns: columns, isBeside: false };
}

export function treeLines(content: TreeContent, size: Size, nowMs: number): readonly Line[] {
  const { title, tree, typed, notice, isHelp } = content;
  const { topics } = tree;
  const status = {
    title,
    note: noRoomText(topics.leftOut),
    figures: `${counted(topics.size, 'topic')}  ${counted(topics.count, 'message')}  ${shortRate(topics.rate(nowMs))}/s`,
  };
  return [
    statusLine(status, size.columns),
    ...(isHelp ? helpLines(size) : bodyLines(content, size, nowMs)),
    footLine({ typed, notice, keys: isHelp ? 'any key goes back' : KEYS }, size.columns),
  ];
}

const KEYS = '↑ ↓ ← → move  Enter opens  * all  / search  d clear retained  ? help  q quit';

const HELP = [
  ['↑ ↓  k j  PgUp PgDn  g G', 'move'],
  ['→  l', 'open, or go to the first one below'],
  ['←  h', 'close, or go to the one above'],
  ['Enter  space', 'open or close'],
  ['*  -', 'open or close all'],
  ['/', 'search in the names of topics; n and N go to the next and the one before'],
  ['K J', 'scroll the details'],
  ['d', 'clear the retained message of the topic at the server'],
  ['q  Ctrl-C', 'end'],
] as const;
const HELP_COLUMN = 26;

function helpLines({ columns, rows }: Size): readonly Line[] {
  const lines: Line[] = HELP.map(([keys, text]) => [
    { column: 0, text: shownText(keys, columns), style: 'bold' },
    { column: HELP_COLUMN, text: shownText(text, columns - HELP_COLUMN) },
  ]);
  return filled(lines, Math.max(0, rows - 2));
}

function bodyLines(content: TreeContent, size: Size, nowMs: number): readonly Line[] {
  const { nodes, selected, offset, detailsOffset, title } = content;
  const { treeRows, treeColumns, detailRows, detailColumns, isBeside } = treeLayout(size);
  if (nodes.length === 0) {
    const text = shownText(`waiting for messages of ${title}`, size.columns);
    return filled([[{ column: 0, text, style: 'dim' }]], Math.max(0, size.rows - 2));
  }
  const shown = nodes.slice(offset, offset + treeRows);
  const left = filled(
    shown.map((node) => nodeLine(node, node === selected, treeColumns, nowMs)),
    treeRows,
  );
  const all = selected === undefined || detailRows === 0 ? [] : topicDetails(selected, detailColumns, nowMs);
  const details = filled(all.slice(detailsOffset), detailRows);
  if (isBeside)
    return left.map((line, row) => [
      ...line,
      { column: treeColumns + 1, text: '│', style: 'dim' },
      ...shifted(details[row] ?? [], treeColumns + 3),
    ]);
  if (detailRows === 0) return left;
  return [...left, [{ column: 0, text: '─'.repeat(size.columns), style: 'dim' }], ...details];
}

function filled(lines: readonly Line[], rows: number): readonly Line[] {
  return Array.from({ length: rows }, (_, row) => lines[row] ?? []);
}

const INDENT = 2;
/** Of the mark of the selected one, and of what can be opened. */
const MARKS = 4;
const COUNT_COLUMNS = 6;
const RATE_COLUMNS = 6;
/** `R`, count and rate, with a column between them. */
const FIGURES = 2 + COUNT_COLUMNS + 1 + RATE_COLUMNS + 2;
/** Deeper nodes are not indented any more. */
const DEEPEST_SHARE = 0.5;

/** `› ▾ hall = on          R    48  1.0/s` */
function nodeLine(node: TreeNode, isSelected: boolean, columns: number, nowMs: number): Line {
  const indent = Math.min(node.depth * INDENT, Math.floor(columns * DEEPEST_SHARE));
  const mark = node.children.length === 0 ? ' ' : node.isExpanded ? '▾' : '▸';
  const room = columns - indent - MARKS - FIGURES;
  const name = shownText(node.level === '' ? '(empty level)' : node.level, Math.max(0, room));
  const reading = node.topic?.reading(nowMs);
  const nameAt = indent + MARKS;
  const spans: Span[] = [
    { column: 0, text: isSelected ? '›' : ' ', style: 'yellow' },
    { column: indent + 2, text: mark, style: 'dim' },
    { column: nameAt, text: name, style: isSelected ? 'bold' : node.level === '' ? 'dim' : 'cyan' },
  ];
  const valueAt = nameAt + columnsOf(name);
  const rest = room - columnsOf(name) - 3;
  if (reading !== undefined && rest > 0) {
    const { payload, payloadLength } = reading;
    const value = payloadLength === 0 ? '' : valueText(payload, rest, payloadLength > payload.length);
    spans.push({ column: valueAt, text: ' = ', style: 'dim' }, { column: valueAt + 3, text: value });
  } else if (reading === undefined && rest > 0) {
    spans.push({
      column: valueAt + 1,
      text: shownText(`(${counted(node.topics, 'topic')})`, rest),
      style: 'dim',
    });
  }
  const figuresAt = columns - FIGURES + 1;
  if (figuresAt <= nameAt) return spans.filter(({ column, text }) => column + columnsOf(text) <= columns);
  if (reading?.isRetained === true) spans.push({ column: figuresAt, text: 'R', style: 'yellow' });
  const perSecond = node.seconds.rate(nowMs);
  const rate = perSecond === 0 ? '' : `${shortRate(perSecond)}/s`;
  spans.push(
    { column: figuresAt + 2, text: atRight(shortAmount(node.messages), COUNT_COLUMNS) },
    { column: figuresAt + 2 + COUNT_COLUMNS + 1, text: atRight(rate, RATE_COLUMNS + 1) },
  );
  return spans;
}
