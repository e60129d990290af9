import { expect, test } from 'vitest';
import { TopicNames } from '../../src/core/outgoing/topic-names.ts';
import { World } from '../world/world.ts';

const utf8 = new TextEncoder();

test('A topic name is in UTF-8, also when it comes again and when others came between', () => {
  const names = new TopicNames();
  const given = ['a', 'ä/€/𝄞', 'a', 'a/b', 'ä/€/𝄞', 'a', ''];
  expect(given.map((name) => names.bytesOf(name))).toEqual(given.map((name) => utf8.encode(name)));
});

test('A topic name is known when it has been written, and not before', () => {
  const names = new TopicNames();
  expect(names.has('')).toBe(false);
  expect(names.has('a')).toBe(false);
  names.bytesOf('a');
  names.bytesOf('b');
  expect(names.has('a')).toBe(true);
  expect(names.bytesOf('b')).toEqual(utf8.encode('b'));
  expect(names.has('c')).toBe(false);
});

test('No more than 1024 topic names are remembered, and no long ones', () => {
  const names = new TopicNames();
  const long = 'x'.repeat(257);
  names.bytesOf(long);
  names.bytesOf('first');
  expect(names.has(long)).toBe(false);
  for (let i = 1; i < 1024; i++) names.bytesOf(`name ${i}`);
  expect(names.has('first')).toBe(true);
  names.bytesOf('one more');
  expect(names.has('first')).toBe(false);
  expect(names.bytesOf('first')).toEqual(utf8.encode('first'));
});

test('What is no topic name is refused after one that is, and as often as it comes', async () => {
  const world = new World();
  const client = world.connect();
  const server = await world.accept();
  const refused = ['a/+', '', 'a\0', '\ud800', 7 as unknown as string];
  for (const name of [...refused, 'a/ä', ...refused]) {
    if (refused.includes(name)) expect(() => client.publish(name, 'x')).toThrow(/topic name/);
    else client.publish(name, 'x');
  }
  await world.settle();
  expect(server.take('publish').topicName).toBe('a/ä');
  expect(server.takeAll()).toEqual([]);
  await world.close();
});
