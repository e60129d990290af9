import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import { TOPIC_LIMITS } from '../../src/sub/live-topics.ts';
import { tableColumns } from '../../src/sub/table-columns.ts';
import { TablePicture } from '../../src/sub/table-picture.ts';
import type { Size } from '../../src/terminal/line.ts';
import { columnsOf } from '../../src/terminal/shown-text.ts';
import { plainLine } from './plain-line.ts';

const SIZE: Size = { columns: 80, rows: 8 };

const message = (topicName: string, payload: string, retain = false): ReceivedMessage => ({
  topicName,
  payload: Buffer.from(payload),
  qos: 0,
  retain,
  properties: {},
});

function tableOf(...messages: readonly (readonly [string, string])[]): TablePicture {
  const picture = new TablePicture('#', 0);
  for (const [index, [topicName, payload]] of messages.entries())
    picture.message(message(topicName, payload), index * 1000, 0);
  return picture;
}

const lines = (picture: TablePicture, nowMs = 0, size = SIZE): readonly string[] =>
  picture.lines(size, nowMs, undefined).map(plainLine);

/** Topics that are shown, from above. */
const shown = (picture: TablePicture, nowMs = 0, size = SIZE): readonly string[] =>
  lines(picture, nowMs, size)
    .slice(2, -1)
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0]!);

function press(picture: TablePicture, keys: readonly string[], nowMs = 0): void {
  for (const key of keys) expect(picture.key(key, SIZE, nowMs)).toBeUndefined();
}

describe('the table', () => {
  test('has as many lines as the screen, and none is wider', () => {
    const picture = new TablePicture('漢字/#', 0);
    for (let i = 0; i < 30; i++)
      picture.message(message(`漢字/${'長'.repeat(i)}/\u001b`, '水'.repeat(50)), 0, 0);
    for (let rows = 1; rows < 12; rows++)
      for (let columns = 1; columns < 140; columns += 3) {
        const drawn = picture.lines({ columns, rows }, 0, undefined);
        expect(drawn.length).toBeGreaterThanOrEqual(rows);
        for (const span of drawn.flat())
          expect(span.column + columnsOf(span.text)).toBeLessThanOrEqual(columns);
      }
  });

  test('shows figures under their titles', () => {
    const picture = new TablePicture('home/#', 0);
    picture.message(message('home/door', 'open', true), 0, 0);
    picture.message(message('home/kitchen/temperature', '20'), 500, 0);
    picture.message(message('home/kitchen/temperature', '21.5'), 1500, 0);
    expect(lines(picture, 75_000)).toEqual([
      'home/#                                                 2 topics  3 messages  0/s',
      'TOPIC↑               VALUE                  RATE  AGE R  COUNT  BYTES TREND',
      'home/door            open                      0   1m R      1      4 ▁▁▁▁▁▁▁▁▁▁',
      '…kitchen/temperature 21.5                      0   1m        2      6 ▁█',
      '',
      '',
      '',
      'q quit  / filter  t r a c b sort  p pause  ↑ ↓ PgUp PgDn scroll',
    ]);
  });

  test('sorts by what keys say, the other way round at the second press', () => {
    const picture = tableOf(['b', 'xxxx'], ['a', 'x'], ['a', 'x'], ['c', 'xx']);
    const now = 3500;
    expect(shown(picture, now)).toEqual(['a', 'b', 'c']);
    press(picture, ['t'], now);
    expect(shown(picture, now)).toEqual(['c', 'b', 'a']);
    press(picture, ['c'], now);
    expect(shown(picture, now)).toEqual(['a', 'b', 'c']);
    press(picture, ['b'], now);
    expect(shown(picture, now)).toEqual(['b', 'a', 'c']);
    press(picture, ['a'], now);
    expect(shown(picture, now)).toEqual(['c', 'a', 'b']);
    press(picture, ['a'], now);
    expect(shown(picture, now)).toEqual(['b', 'a', 'c']);
    press(picture, ['r'], now);
    expect(shown(picture, now)[2]).toBe('b');
    expect(lines(picture, now)[1]).toContain('RATE↓');
  });

  test('filters by a part of the name, and by a topic filter', () => {
    const picture = tableOf(['home/a', '1'], ['home/b', '1'], ['HOME/c/x', '1']);
    press(picture, ['/', 'h', 'o', 'm', 'e', '/', 'C']);
    expect(shown(picture)).toEqual(['HOME/c/x']);
    expect(lines(picture).at(-1)).toBe('/home/C█');
    press(picture, ['return']);
    expect(lines(picture).at(-1)).toMatch(/^\/home\/C {2}Esc shows all/);
    press(picture, ['escape']);
    expect(shown(picture)).toHaveLength(3);
    press(picture, ['/', '+', '/', 'b', 'return']);
    expect(shown(picture)).toEqual(['home/b']);
    press(picture, ['/', 'q', 'p', 'escape']);
    expect(shown(picture)).toHaveLength(3);
    press(picture, ['/', 'z', 'z', 'return']);
    expect(lines(picture)[2]).toBe('no topic has "zz" in it');
  });

  test('stands still while it is paused, and counts', () => {
    const picture = tableOf(['a', 'before']);
    press(picture, ['p'], 1000);
    picture.message(message('a', 'after'), 2000, 0);
    picture.message(message('b', 'new'), 2000, 0);
    const paused = lines(picture, 9000);
    expect(paused[0]).toMatch(/^# {2}paused .* 2 topics {2}3 messages/);
    expect(paused[2]).toMatch(/^a +before .* 1s /);
    expect(paused[3]).toBe('');
    press(picture, ['space'], 9000);
    expect(lines(picture, 9000)[2]).toMatch(/^a +after .* 7s /);
    expect(shown(picture, 9000)).toEqual(['a', 'b']);
  });

  test('scrolls to its last row and no further', () => {
    const picture = tableOf(...Array.from({ length: 20 }, (_, i) => [`t${i + 10}`, ''] as const));
    expect(shown(picture)).toEqual(['t10', 't11', 't12', 't13', 't14']);
    press(picture, ['up', 'down', 'j']);
    expect(shown(picture)[0]).toBe('t12');
    press(picture, ['pagedown']);
    expect(shown(picture)[0]).toBe('t16');
    press(picture, ['end', 'down']);
    expect(shown(picture).at(-1)).toBe('t29');
    press(picture, ['k', 'pageup']);
    expect(shown(picture)[0]).toBe('t20');
    press(picture, ['G', 'g']);
    expect(shown(picture)[0]).toBe('t10');
    // A filter leaves fewer rows than it was scrolled by.
    press(picture, ['G', '/', '1', '1']);
    expect(shown(picture)).toEqual(['t11']);
  });

  test('says when there is no room for more topics', () => {
    const picture = new TablePicture('#', 0, { ...TOPIC_LIMITS, topics: 2 });
    for (const name of ['a', 'b', 'c', 'd']) picture.message(message(name, ''), 0, 0);
    expect(lines(picture)[0]).toMatch(/^# {2}no room for more topics: 2 /);
    expect(shown(picture)).toEqual(['a', 'b']);
  });

  test('shows a notice in place of the keys, and asks to end at q', () => {
    const picture = tableOf(['a', '']);
    expect(plainLine(picture.lines(SIZE, 0, 'connected\nagain').at(-1)!)).toBe('connected\\nagain');
    expect(picture.key('q', SIZE, 0)).toEqual({ kind: 'quit' });
    expect(picture.summary()).toBe('1 message of 1 topic');
  });
});

describe('the columns of the table', () => {
  test.each([
    [30, 'topic value'],
    [45, 'topic value rate retained'],
    [60, 'topic value rate age retained'],
    [65, 'topic value rate age retained trend'],
    [80, 'topic value rate age retained count bytes trend'],
    [120, 'topic value rate age retained count bytes trend'],
  ])('of %i columns are %s', (columns, names) => {
    const placed = tableColumns(columns, 100);
    expect(placed.map(({ name }) => name).join(' ')).toBe(names);
    const last = placed.at(-1)!;
    expect(last.start + last.width).toBe(columns);
  });
});
