import { describe, expect, test } from 'vitest';
import type { LogFormat } from '../src/stream-log.ts';
import { escapeControls, StreamLog } from '../src/stream-log.ts';

function written(format: LogFormat, level: 'notice' | 'debug', write: (log: StreamLog) => void): string {
  let text = '';
  const sink = {
    write(chunk: string) {
      text += chunk;
    },
  };
  const now = (): Date => new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  write(new StreamLog(sink, { format, level, now, styleLevel: (name) => name }));
  return text;
}

describe('The log', () => {
  test('has the time, the level, the code and the text in a line', () => {
    const text = written('text', 'notice', (log) =>
      log.write('notice', 'connection-refused', '127.0.0.1:5: why'),
    );
    expect(text).toBe('2026-01-02T03:04:05.006Z notice connection-refused: 127.0.0.1:5: why\n');
  });

  test('has them as JSON', () => {
    const text = written('json', 'notice', (log) => log.write('error', 'a', 'two\nlines "quoted"'));
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      level: 'error',
      code: 'a',
      text: 'two\nlines "quoted"',
    });
  });

  test('leaves out what weighs less than asked for', () => {
    const all = (log: StreamLog): void => {
      for (const level of ['error', 'warning', 'notice', 'info', 'debug'] as const)
        log.write(level, 'c', 't');
    };
    expect(written('text', 'notice', all).match(/error|warning|notice|info|debug/g)).toEqual([
      'error',
      'warning',
      'notice',
    ]);
    expect(written('text', 'debug', all).trimEnd().split('\n')).toHaveLength(5);
  });

  test('lets no peer forge a line or command the terminal', () => {
    const forged = 'id\n2026-01-02T03:04:05.006Z notice stopped: x\r\u001b[2J\u009b31m\u202e';
    const text = written('text', 'notice', (log) => log.write('notice', 'c', forged));
    expect(text.trimEnd().split(/[\n\r]/)).toHaveLength(1);
    expect(text).toContain('id\\n2026-01-02');
    expect(text).toContain('\\u000d\\u001b[2J\\u009b31m\\u202e');
  });

  test('leaves other scripts and pictures as they are', () => {
    expect(escapeControls('Käse, 温度, 🌡')).toBe('Käse, 温度, 🌡');
  });
});
