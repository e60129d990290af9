import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../src/server/log/log-entry.ts';
import { logTypeOf } from '../../src/server/log/log-entry.ts';
import type { LineStyle } from '../../src/server/log/log-line.ts';
import { escapeControls, logLine } from '../../src/server/log/log-line.ts';

const wallMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const entry: LogEntry = { wallMs, level: 'notice', code: 'connection-refused', text: '127.0.0.1:5: why' };

function style(format: LineStyle['format'], timestamps = 'iso'): LineStyle {
  return { format, timestamps, timeText: (given, time) => `${given} of ${time.getTime()}` };
}

describe('A line of the log', () => {
  test('has the time, the level, the code and the text', () => {
    expect(logLine(entry, style('text'))).toBe(
      '2026-01-02T03:04:05.006Z notice connection-refused: 127.0.0.1:5: why',
    );
  });

  test('has them as JSON', () => {
    const line = logLine({ ...entry, text: 'two\nlines "quoted"' }, style('json'));
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      time: '2026-01-02T03:04:05.006Z',
      level: 'notice',
      code: 'connection-refused',
      text: 'two\nlines "quoted"',
    });
  });

  test("has in Mosquitto's form the time and the text", () => {
    expect(logLine(entry, style('mosquitto', 'epoch'))).toBe('1767323045: 127.0.0.1:5: why');
    expect(logLine(entry, style('mosquitto', 'none'))).toBe('127.0.0.1:5: why');
  });

  test.each([
    ['none', 'notice connection-refused: 127.0.0.1:5: why'],
    ['epoch', '1767323045 notice connection-refused: 127.0.0.1:5: why'],
    ['%F\n', `%F\\n of ${wallMs} notice connection-refused: 127.0.0.1:5: why`],
  ])('has its time as %j', (timestamps, expected) => {
    expect(logLine(entry, style('text', timestamps))).toBe(expected);
  });

  test('has its level marked up where people read it', () => {
    expect(logLine(entry, style('text', 'none'), (level) => `<${level}>`)).toMatch(/^<notice> /);
  });

  test('lets no peer forge a line or command the terminal', () => {
    const forged = 'id\n2026-01-02T03:04:05.006Z notice stopped: x\r\u001b[2J\u009b31m\u202e';
    const line = logLine({ ...entry, text: forged }, style('text'));
    expect(line.split(/[\n\r]/)).toHaveLength(1);
    expect(line).toContain('id\\n2026-01-02');
    expect(line).toContain('\\u000d\\u001b[2J\\u009b31m\\u202e');
  });

  test('leaves other scripts and pictures as they are', () => {
    expect(escapeControls('Käse, 温度, 🌡')).toBe('Käse, 温度, 🌡');
  });
});

describe('The type of an entry', () => {
  test.each([
    ['error', 'x', 'error'],
    ['debug', 'subscribed', 'subscribe'],
    ['debug', 'unsubscribed', 'unsubscribe'],
    ['debug', 'websocket-closed', 'websockets'],
    ['warning', 'websocket-refused', 'warning'],
  ] as const)('of level %s and code %s is %s', (level, code, type) => {
    expect(logTypeOf({ wallMs, level, code, text: '' })).toBe(type);
  });
});
