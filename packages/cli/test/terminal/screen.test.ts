import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { Line } from '../../src/terminal/line.ts';
import { Screen } from '../../src/terminal/screen.ts';

const CLOSE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

const line = (text: string): Line => [{ column: 0, text }];

/** A terminal that takes writes only when it is told to. */
class SlowTerminal extends PassThrough {
  readonly isTTY = true;
  columns = 20;
  rows = 3;

  constructor() {
    super({ highWaterMark: 1000 });
  }

  taken(): string {
    return String(this.read() ?? '');
  }
}

const opened: Screen[] = [];

function open(): { terminal: SlowTerminal; screen: Screen; resized: () => number } {
  const terminal = new SlowTerminal();
  let count = 0;
  const screen = new Screen(
    terminal,
    (_style, text) => text,
    () => count++,
  );
  opened.push(screen);
  screen.open();
  terminal.taken();
  return { terminal, screen, resized: () => count };
}

afterEach(() => {
  for (const screen of opened.splice(0)) screen.close();
});

describe('a screen', () => {
  test('writes only the lines that have changed', () => {
    const { terminal, screen } = open();
    screen.draw([line('a'), line('b'), line('c'), line('beyond the height')]);
    expect(terminal.taken()).toBe(
      '\u001b[?2026h\u001b[1;1H\u001b[2Ka\u001b[2;1H\u001b[2Kb\u001b[3;1H\u001b[2Kc\u001b[?2026l',
    );
    screen.draw([line('a'), line('B'), line('c')]);
    expect(terminal.taken()).toBe('\u001b[?2026h\u001b[2;1H\u001b[2KB\u001b[?2026l');
    screen.draw([line('a'), line('B'), line('c')]);
    expect(terminal.taken()).toBe('');
    screen.draw([line('a')]);
    expect(terminal.taken()).toBe('\u001b[?2026h\u001b[2;1H\u001b[2K\u001b[3;1H\u001b[2K\u001b[?2026l');
  });

  test('puts each piece at its column', () => {
    const { terminal, screen } = open();
    screen.draw([
      [
        { column: 0, text: 'a' },
        { column: 10, text: 'b' },
        { column: 12, text: '' },
      ],
    ]);
    expect(terminal.taken()).toContain('a\u001b[11Gb\u001b[?2026l');
  });

  test('leaves drawings out while the terminal has not taken the last one', async () => {
    const { terminal, screen } = open();
    screen.draw([line('x'.repeat(1500))]);
    screen.draw([line('left out')]);
    const drained = new Promise((resolve) => terminal.once('drain', resolve));
    expect(terminal.taken()).not.toContain('left out');
    await drained;
    screen.draw([line('drawn')]);
    expect(terminal.taken()).toContain('drawn');
  });

  test('draws everything again when the terminal has another size', () => {
    const { terminal, screen, resized } = open();
    screen.draw([line('a')]);
    terminal.taken();
    terminal.emit('resize');
    expect(resized()).toBe(1);
    expect(terminal.taken()).toBe('\u001b[2J');
    screen.draw([line('a')]);
    expect(terminal.taken()).toContain('a');
  });

  test('takes a size for granted where the terminal knows none', () => {
    const { terminal, screen } = open();
    terminal.columns = 0;
    terminal.rows = 0;
    expect(screen.size).toEqual({ columns: 80, rows: 24 });
  });

  test.each(['exit', 'uncaughtExceptionMonitor'] as const)(
    'gives the terminal back at %s of the process',
    (event) => {
      const { terminal } = open();
      // Whoever else listens is not to hear of it.
      const listener = process.listeners(event as 'exit').at(-1)!;
      listener(1);
      expect(terminal.taken()).toBe(CLOSE);
    },
  );

  test('leaves no listener and writes nothing once it is closed', () => {
    const before = process.listenerCount('exit');
    const { terminal, screen } = open();
    screen.close();
    expect(terminal.taken()).toBe(CLOSE);
    screen.close();
    screen.draw([line('late')]);
    expect(terminal.taken()).toBe('');
    expect(process.listenerCount('exit')).toBe(before);
    expect(terminal.listenerCount('resize')).toBe(0);
  });
});
