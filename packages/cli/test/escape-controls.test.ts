import { expect, test } from 'vitest';
import { escapeControls } from '../src/escape-controls.ts';

test('A text of peers cannot command the terminal, nor begin a line', () => {
  expect(escapeControls('a\nb\tc\r\u001b[2J\u009b31m\u202e')).toBe(
    'a\\nb\\tc\\u000d\\u001b[2J\\u009b31m\\u202e',
  );
});

test('Other scripts and pictures stay as they are', () => {
  expect(escapeControls('Käse, 温度, 🌡')).toBe('Käse, 温度, 🌡');
});
