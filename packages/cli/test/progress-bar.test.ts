import { describe, expect, test } from 'vitest';
import { barText, ProgressBar, REDRAWN_AFTER_MS, SHOWN_AFTER_MS } from '../src/progress-bar.ts';

const MIB = 1024 * 1024;
const plain = (_style: string, text: string): string => text;

/** A bar on a terminal with a clock that the test moves. */
function barOn(terminal: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  const clock = { nowMs: 0 };
  const write = (text: string): void => void written.push(text);
  const bar = new ProgressBar({ ...terminal, write }, plain, 'Reading', () => clock.nowMs);
  return { bar, clock, written };
}

describe('A progress bar', () => {
  test('shows nothing of work that is soon over, and then redraws at a bounded rate', () => {
    const { bar, clock, written } = barOn({ isTTY: true, columns: 100 });
    bar.show(10 * MIB, 40 * MIB);
    clock.nowMs = SHOWN_AFTER_MS - 1;
    bar.show(11 * MIB, 40 * MIB);
    expect(written).toEqual([]);
    clock.nowMs = SHOWN_AFTER_MS;
    bar.show(20 * MIB, 40 * MIB);
    bar.show(21 * MIB, 40 * MIB);
    expect(written).toEqual([`\r\u001b[KReading  ${'█'.repeat(15)}${'░'.repeat(15)}  50 %  20 of 40 MiB`]);
    clock.nowMs += REDRAWN_AFTER_MS;
    bar.show(40 * MIB, 40 * MIB);
    expect(written[1]).toContain(`${'█'.repeat(30)} 100 %  40 of 40 MiB`);
    clock.nowMs += REDRAWN_AFTER_MS;
    bar.show(1, 2000, 'message');
    expect(written[2]).toContain('   0 %  1 of 2,000 messages');
    bar.end();
    bar.end();
    expect(written.slice(3)).toEqual(['\r\u001b[K']);
  });

  test('writes nothing where nobody sees it move, or when there is nothing to do', () => {
    const elsewhere = barOn({});
    elsewhere.clock.nowMs = 10_000;
    elsewhere.bar.show(1, 2);
    elsewhere.bar.end();
    expect(elsewhere.written).toEqual([]);
    const empty = barOn({ isTTY: true });
    empty.clock.nowMs = 10_000;
    empty.bar.show(0, 0);
    empty.bar.end();
    expect(empty.written).toEqual([]);
  });

  test('shrinks where the line would be broken, and then leaves out words', () => {
    const shownAt = (columns: number): string | undefined => {
      const { bar, clock, written } = barOn({ isTTY: true, columns });
      clock.nowMs = 10_000;
      bar.show(7, 40, 'message', '21/s, 1 s left');
      expect(written[0]?.length).toBeLessThanOrEqual(columns + '\r\u001b[K'.length);
      return written[0]?.replace('\r\u001b[K', '');
    };
    const figures = ' 17 %  7 of 40 messages, 21/s, 1 s left';
    expect(shownAt(80)).toBe(`Reading  ${'█'.repeat(5)}${'░'.repeat(25)} ${figures}`);
    expect(shownAt(60)).toBe(`Reading  ${'█'.repeat(2)}${'░'.repeat(9)} ${figures}`);
    expect(shownAt(50)).toBe(`Reading  ${figures}`);
    expect(shownAt(40)).toBe(figures);
    expect(shownAt(30)).toBe(' 17 %  21/s, 1 s left');
    expect(shownAt(15)).toBe(' 17 %');
  });

  test.each([
    [300, 800, '300 of 800 bytes'],
    [40 * 1024, 130 * 1024, '40 of 130 KiB'],
    [0.61 * MIB, 2 * MIB, '0.6 of 2 MiB'],
    [1.99 * MIB, 2 * MIB, '1.9 of 2 MiB'],
    [2000 * MIB, 4000 * MIB, '2,000 of 4,000 MiB'],
  ])('counts %d of %d bytes in a unit that shows how far it is', (done, total, text) => {
    const { bar, clock, written } = barOn({ isTTY: true, columns: 100 });
    clock.nowMs = 10_000;
    bar.show(done, total);
    expect(written).toEqual([expect.stringContaining(` %  ${text}`)]);
  });
});

test('A terminal that does not know its width is taken for one of 80 columns', () => {
  for (const columns of [0, undefined]) {
    const { bar, clock, written } = barOn({ isTTY: true, ...(columns !== undefined && { columns }) });
    clock.nowMs = 10_000;
    bar.show(MIB, 2 * MIB);
    expect(written).toEqual([expect.stringContaining('1 of 2 MiB')]);
  }
});

test('A bar has as many columns as it was given, full to its share', () => {
  expect([0, 0.24, 0.5, 1].map((share) => barText(share, 4, plain))).toEqual([
    '░░░░',
    '█░░░',
    '██░░',
    '████',
  ]);
});
