import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import { jsonChanges } from '../../src/sub/json-changes.ts';
import { HISTORY_LENGTH, TopicHistory } from '../../src/sub/topic-history.ts';
import { TopicTree, TREE_LIMITS } from '../../src/sub/topic-tree.ts';
import { TreePicture } from '../../src/sub/tree-picture.ts';
import { barChart } from '../../src/terminal/bar-chart.ts';
import type { Size } from '../../src/terminal/line.ts';
import { columnsOf } from '../../src/terminal/shown-text.ts';
import { plainLine } from './plain-line.ts';

const SIZE: Size = { columns: 60, rows: 11 };

const message = (topicName: string, payload: string | Uint8Array = '', retain = false): ReceivedMessage => ({
  topicName,
  payload: Buffer.from(payload),
  qos: 0,
  retain,
  properties: {},
});

function treeOf(...topicNames: readonly string[]): TreePicture {
  const picture = new TreePicture('#', 0);
  for (const topicName of topicNames) picture.message(message(topicName, 'x'), 0, 0);
  return picture;
}

const lines = (picture: TreePicture, size = SIZE, nowMs = 60_000): readonly string[] =>
  picture.lines(size, nowMs, undefined).map(plainLine);

/** Marks and names of the nodes that are shown, from above, without their indentation. */
const shown = (picture: TreePicture, size = SIZE): readonly string[] =>
  lines(picture, size)
    .slice(1, -1)
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/ (?:=|\().*/, '')
        .replace(/\s+/g, ' ')
        .replace(/ [\d ]+$/, '')
        .trim(),
    );

function press(picture: TreePicture, ...keys: readonly string[]): void {
  for (const key of keys) expect(picture.key(key, SIZE, 60_000)).toBeUndefined();
}

describe('the tree', () => {
  test('has as many lines as the screen, and none is wider', () => {
    const picture = new TreePicture('漢字/#', 0);
    for (let i = 0; i < 12; i++)
      picture.message(
        message(`漢字${'/長'.repeat(i)}/\u001b/`, `{"水":["${'水'.repeat(90)}",${i}]}`, true),
        0,
        0,
      );
    press(picture, '*', 'G');
    for (let rows = 2; rows < 20; rows++)
      for (let columns = 1; columns < 120; columns += 3) {
        const drawn = picture.lines({ columns, rows }, 0, undefined);
        expect(drawn).toHaveLength(rows);
        for (const span of drawn.flat())
          expect([span.text, span.column + columnsOf(span.text) <= columns]).toEqual([span.text, true]);
      }
  });

  test('opens its first level, but not what servers say of themselves', () => {
    expect(shown(treeOf('b/x/y', 'a', '$SYS/load'))).toEqual(['› ▸ $SYS', 'a', '▾ b', '▸ x']);
  });

  test('counts what came at and below each level', () => {
    const picture = treeOf('a/b/c', 'a/b', 'a/d', 'a/b');
    press(picture, '*');
    expect(lines(picture).slice(1, 5)).toEqual([
      '› ▾ a (3 topics)                                   4',
      '    ▾ b = x                                        3',
      '        c = x                                      1',
      '      d = x                                        1',
    ]);
  });

  test('goes in with right and out with left', () => {
    const picture = treeOf('a/b/c', 'a/d');
    press(picture, 'right');
    expect(shown(picture)).toEqual(['▾ a', '› ▸ b', 'd']);
    press(picture, 'l', 'l');
    expect(shown(picture)).toEqual(['▾ a', '▾ b', '› c', 'd']);
    press(picture, 'right', 'left');
    expect(shown(picture)).toEqual(['▾ a', '› ▾ b', 'c', 'd']);
    press(picture, 'h', 'left');
    expect(shown(picture)).toEqual(['› ▾ a', '▸ b', 'd']);
    press(picture, 'left', 'left');
    expect(shown(picture)).toEqual(['› ▸ a']);
    press(picture, 'space');
    expect(shown(picture)).toEqual(['› ▾ a', '▸ b', 'd']);
    press(picture, 'return');
    expect(shown(picture)).toEqual(['› ▸ a']);
  });

  test('keeps what is selected in sight, and selected when others come', () => {
    const picture = treeOf(...Array.from({ length: 30 }, (_, i) => `t${i + 10}`));
    press(picture, 'G');
    expect(shown(picture).at(-1)).toBe('› t39');
    press(picture, 'pageup', 'up');
    expect(shown(picture)[0]).toBe('› t30');
    press(picture, 'home', 'k');
    expect(shown(picture)[0]).toBe('› t10');
    press(picture, 'pagedown', 'j');
    for (let i = 0; i < 9; i++) picture.message(message(`s${i}`), 0, 0);
    expect(shown(picture)).toContain('› t19');
    press(picture, 'end');
    expect(shown(picture).at(-1)).toBe('› t39');
  });

  test('finds topics by a part of their names, one after the other', () => {
    const picture = treeOf('a/one', 'b/x/two', 'b/x/three', 'c/TWO');
    press(picture, '/', 't', 'w', 'o');
    expect(lines(picture).at(-1)).toBe('/two█');
    expect(shown(picture)).toContain('› two');
    press(picture, 'return', 'n');
    expect(shown(picture)).toContain('› TWO');
    press(picture, 'n');
    expect(shown(picture)).toContain('› two');
    press(picture, 'N');
    expect(shown(picture)).toContain('› TWO');
    press(picture, '/', 'z', 'q');
    expect(picture.key('escape', SIZE, 0)).toBeUndefined();
    expect(shown(picture)).toContain('› TWO');
    press(picture, '/', 'z', 'return', 'n');
    expect(lines(picture).at(-1)).toBe('no topic has "z" in its name');
  });

  test('closes all, and selects what the selected one stands below', () => {
    const picture = treeOf('a/b/c', 'd');
    press(picture, '*', 'j', 'j', '-');
    expect(shown(picture)).toEqual(['› ▸ a', 'd']);
  });

  test('shows its keys until the next one', () => {
    const picture = treeOf('a');
    press(picture, '?');
    expect(lines(picture).join('\n')).toContain('search in the names of topics');
    press(picture, 'q');
    expect(shown(picture)).toEqual(['› a']);
    expect(picture.key('q', SIZE, 0)).toEqual({ kind: 'quit' });
  });

  test('asks before it has a retained message cleared, and only where one is', () => {
    const picture = treeOf('b');
    press(picture, 'd');
    expect(lines(picture).at(-1)).toMatch(/^no retained message is known here/);
    picture.message(message('a', 'kept', true), 0, 0);
    press(picture, 'up', 'd');
    expect(lines(picture, { columns: 100, rows: 8 }).at(-1)).toMatch(
      /^clear the retained message of a\? y\/n/,
    );
    press(picture, 'q');
    expect(lines(picture).at(-1)).toBe('nothing was cleared');
    press(picture, 'd');
    expect(picture.key('y', SIZE, 0)).toEqual({ kind: 'removeRetained', topicName: 'a' });
    picture.message(message('a', '', true), 0, 0);
    press(picture, 'd');
    expect(lines(picture).at(-1)).toMatch(/^no retained message is known here/);
  });

  test('knows no keys before anything has come', () => {
    const picture = new TreePicture('a/#', 0);
    press(picture, 'down', 'right', 'left', 'space', '*', '-', 'n', 'd', 'J', 'K', '/', 'x', 'return');
    expect(lines(picture)[1]).toBe('waiting for messages of a/#');
  });

  test('scrolls the details as far as there are any', () => {
    const picture = treeOf('a');
    picture.message(message('a', Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n')), 0, 0);
    const size = { columns: 100, rows: 10 };
    const details = (): readonly string[] =>
      lines(picture, size)
        .slice(1, -1)
        .map((line) => line.split('│ ')[1] ?? '');
    expect(details()[0]).toBe('a');
    picture.key('J', size, 0);
    expect(details()[0]).toBe('2 messages, 310 bytes, 0/s');
    for (let i = 0; i < 100; i++) picture.key('J', size, 0);
    expect(details().at(-1)).toMatch(/ x$/);
    for (let i = 0; i < 100; i++) picture.key('K', size, 0);
    expect(details()[0]).toBe('a');
  });

  test('shows what a topic had last, and numbers as a chart', () => {
    const picture = new TreePicture('#', 0);
    for (let i = 0; i <= 8; i++) picture.message(message('n', String(i)), i * 1000, i * 1000);
    const details = lines(picture, { columns: 100, rows: 24 }, 9000)
      .slice(1, -1)
      .map((line) => (line.split('│ ')[1] ?? '').replace(/\d\d:\d\d:\d\d/, 'TIME'));
    expect(details).toEqual([
      'n',
      '9 messages, 9 bytes, 1.0/s',
      'TIME, 1s ago, QoS 0, 1 byte',
      '',
      '8',
      '',
      '       ▄█',
      '    ▁▄███',
      '  ▁▅█████',
      '▁▅███████',
      'last 9: 0 to 8',
      '',
      'last 9 messages',
      ...[8, 7, 6, 5, 4, 3, 2, 1, 0].map((i) => `TIME  ${i}`),
    ]);
  });
});

describe('changes of JSON', () => {
  test.each([
    ['{"a":1,"b":{"c":[true,2]}}', '{"a":1,"b":{"c":[false,2]}}', ['b.c.0: true → false']],
    ['{"a":1,"gone":null}', '{"a":"1","new":{}}', ['a: 1 → "1"', '+ new: {}', '- gone: null']],
    ['{"a":1}', '{"a":1}', []],
    ['20', '21', []],
    ['{"a":1}', 'no JSON', []],
    ['{"__proto__":1}', '{"__proto__":2}', ['__proto__: 1 → 2']],
    [`[${'1,'.repeat(500)}1]`, `[${'2,'.repeat(500)}2]`, []],
  ])('from %s to %s', (before, after, changes) => {
    expect(jsonChanges(Buffer.from(before), Buffer.from(after))).toEqual(changes);
  });

  test('are shown among the details', () => {
    const picture = treeOf();
    for (const lux of [230, 231]) picture.message(message('hall', `{"lux": ${lux}}`), 0, 0);
    const drawn = lines(picture, { columns: 100, rows: 20 });
    const at = drawn.findIndex((line) => line.endsWith('│ changed'));
    expect(drawn[at + 1]).toMatch(/│ lux: 230 → 231$/);
  });
});

describe('the topics of the tree', () => {
  test('have so many nodes, and messages of others are counted', () => {
    const tree = new TopicTree(0, { ...TREE_LIMITS, nodes: 4 });
    for (const name of ['a/b/c', 'a/d', 'a/e', 'f', 'a/b']) tree.onMessage(message(name), 0, 0);
    expect(tree.all.map(({ name }) => name)).toEqual(['a', 'a/b', 'a/b/c', 'a/d']);
    expect(tree.topics).toMatchObject({ count: 5, leftOut: 2, size: 3 });
    expect(tree.root).toMatchObject({ messages: 3, topics: 3 });
  });

  test('have so many levels, and the rest stays together', () => {
    const tree = new TopicTree(0, { ...TREE_LIMITS, levels: 3 });
    for (const name of ['a/b/c', 'a/b/c/d/e']) tree.onMessage(message(name), 0, 0);
    expect(tree.all.map(({ level }) => level)).toEqual(['a', 'b', 'c', 'c/d/e']);
    const deep = new TopicTree(0);
    deep.onMessage(message('/'.repeat(65_535)), 0, 0);
    expect(deep.all).toHaveLength(TREE_LIMITS.levels);
  });

  test('remember their last messages, of each its beginning', () => {
    const history = new TopicHistory();
    for (let i = 0; i <= HISTORY_LENGTH; i++) history.add(message('a', String(i)), i);
    expect(history.latest.map(({ wallMs }) => wallMs)).toEqual(
      Array.from({ length: HISTORY_LENGTH }, (_, i) => HISTORY_LENGTH - i),
    );
    history.add(message('a', 'x'.repeat(65)), 0);
    expect(history.latest[0]).toMatchObject({ payloadLength: 65, payload: { length: 64 } });
  });
});

describe('a chart', () => {
  test.each([
    [[0, 1], 2, [' █', '▁█']],
    [[5, 5], 1, ['▅▅']],
    [[-1e308, 1e308], 1, ['▁▁']],
    [[9, 0, 15], 1, ['▅▁█']],
  ])('of %j is %j', (values, rows, drawn) => {
    expect(barChart(values, 10, rows)).toEqual(drawn);
  });

  test('has the last numbers that there is room for', () => {
    expect(barChart([100, 0, 1], 2, 1)).toEqual(['▁█']);
  });
});
