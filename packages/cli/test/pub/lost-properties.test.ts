import { expect, test } from 'vitest';
import type { InputMessage } from '../../src/messages/input-message.ts';
import { LostProperties } from '../../src/pub/lost-properties.ts';

const plain: InputMessage = { topicName: 'a', payload: 'x', options: { qos: 1, retain: true } };
const typed: InputMessage = { ...plain, options: { qos: 1, retain: false, contentType: 'text/plain' } };

test('Properties that an older version has no place for are told once where that version was asked for', () => {
  const told: string[] = [];
  const lost = new LostProperties(true, (text) => told.push(text));
  lost.check([plain, plain], 0);
  expect(told).toEqual([]);
  lost.check([plain, typed, typed], 2);
  lost.check([typed], 5);
  expect(told).toEqual([expect.stringMatching(/^message 4: its properties/)]);
});

test('They are refused where nobody has asked for that version', () => {
  const lost = new LostProperties(false, () => {});
  lost.check([plain], 0);
  expect(() => lost.check([plain, typed], 1)).toThrow('message 3: has properties');
});
