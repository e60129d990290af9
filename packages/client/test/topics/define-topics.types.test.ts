// What the compiler says of typed topics: `tsc -p tsconfig.test.json` fails where an expectation does not hold, or where a
// wrong use is none. Vitest runs the same lines.

import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { Client } from '../../src/client/client.ts';
import type { Message } from '../../src/core/incoming/message.ts';
import { defineTopics } from '../../src/topics/define-topics.ts';
import type { ParametersOf, PatternOf } from '../../src/topics/pattern-types.ts';
import type { TopicsClient } from '../../src/topics/topics-client.ts';
import { DoubleClient } from './double-client.ts';
import { number } from './schemas.ts';

const topics = defineTopics({
  'home/{room}/temperature': number,
  'home/cellar/temperature': z.literal('cold'),
  'home/{room}/{device}/state': { schema: z.enum(['on', 'off']), qos: 1, retain: true },
  'log/{host}/{path...}': z.object({ text: z.string(), at: z.coerce.date().optional() }),
  status: z.object({ up: z.boolean().default(true) }),
});
const client = new DoubleClient();
const home = topics.of(client);

/** Compiled, and never called. */
const compiled = (_wrong: () => unknown): void => {};

test('A client of connect is a client for typed topics', () => {
  expectTypeOf<Client>().toExtend<TopicsClient>();
});

test('Parameters are known by name', () => {
  expectTypeOf<ParametersOf<'home/{room}/{device}/state'>>().toEqualTypeOf<{
    readonly room: string;
    readonly device: string;
  }>();
  expectTypeOf<ParametersOf<'log/{host}/{path...}'>>().toEqualTypeOf<{
    readonly host: string;
    readonly path: string;
  }>();
  expectTypeOf<keyof ParametersOf<'status'>>().toEqualTypeOf<never>();
  expectTypeOf<keyof ParametersOf<'a{b}/c{d'>>().toEqualTypeOf<never>();
});

type Overlapping = 'a/{x}' | 'a/b' | 'a/{x}/{y}' | 'a/{x}/c' | 'a/b/{y}' | 'a/b/{r...}' | 'z/{all...}';

test('A topic name finds the one pattern that it belongs to', () => {
  expectTypeOf<PatternOf<Overlapping, 'a/b'>>().toEqualTypeOf<'a/b'>();
  expectTypeOf<PatternOf<Overlapping, 'a/c'>>().toEqualTypeOf<'a/{x}'>();
  expectTypeOf<PatternOf<Overlapping, 'a/b/c'>>().toEqualTypeOf<'a/b/{y}'>();
  expectTypeOf<PatternOf<Overlapping, 'a/x/c'>>().toEqualTypeOf<'a/{x}/c'>();
  expectTypeOf<PatternOf<Overlapping, 'a/x/y'>>().toEqualTypeOf<'a/{x}/{y}'>();
  expectTypeOf<PatternOf<Overlapping, 'a/b/c/d'>>().toEqualTypeOf<'a/b/{r...}'>();
  expectTypeOf<PatternOf<Overlapping, 'z/a/b/c/d/e'>>().toEqualTypeOf<'z/{all...}'>();
  expectTypeOf<PatternOf<Overlapping, 'z/a'>>().toEqualTypeOf<'z/{all...}'>();
});

test('A topic name that fits nothing finds no pattern', () => {
  expectTypeOf<PatternOf<Overlapping, 'a'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, 'b/c'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, 'a/x/y/z'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, 'a/'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, 'a/+'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, 'z/#'>>().toEqualTypeOf<never>();
  expectTypeOf<PatternOf<Overlapping, string>>().toEqualTypeOf<never>();
});

test('A topic name with a part that is only known as a string finds its pattern', () => {
  expectTypeOf<PatternOf<Overlapping, `a/${string}/c`>>().toEqualTypeOf<'a/{x}/c'>();
  expectTypeOf<PatternOf<Overlapping, `z/${number}`>>().toEqualTypeOf<'z/{all...}'>();
});

test('publish takes the parameters and the value of its pattern', () => {
  topics.publish(client, 'home/{room}/temperature', { room: 'kitchen' }, 21.5, { qos: 1 });
  topics.publish(client, 'home/{room}/{device}/state', { room: 'kitchen', device: 'lamp' }, 'on');
  topics.publish(client, 'status', {}, {});
  compiled(() => {
    // @ts-expect-error a value of another type
    topics.publish(client, 'home/{room}/temperature', { room: 'kitchen' }, '21.5');
    // @ts-expect-error a value that is none of the enumeration
    topics.publish(client, 'home/{room}/{device}/state', { room: 'kitchen', device: 'lamp' }, 'dim');
    // @ts-expect-error a parameter is missing
    topics.publish(client, 'home/{room}/{device}/state', { room: 'kitchen' }, 'on');
    // @ts-expect-error a parameter that the pattern has not
    topics.publish(client, 'home/{room}/temperature', { rom: 'kitchen' }, 21.5);
    // @ts-expect-error a parameter that is no string
    topics.publish(client, 'home/{room}/temperature', { room: 1 }, 21.5);
    // @ts-expect-error a pattern that is not defined
    topics.publish(client, 'home/{room}/humidity', { room: 'kitchen' }, 40);
    // @ts-expect-error an option that publish has not
    topics.publish(client, 'status', {}, {}, { quality: 1 });
  });
});

test('publish to a topic name takes the value of the pattern that it belongs to', () => {
  home.publish('home/kitchen/temperature', 21.5);
  home.publish('home/cellar/temperature', 'cold');
  home.publish('home/kitchen/lamp/state', 'off');
  home.publish('log/web/a/b/c', { text: 'x' });
  const room: string = 'kitchen';
  home.publish(`home/${room}/temperature`, 21.5);
  compiled(() => {
    // @ts-expect-error a value of another type
    home.publish('home/kitchen/temperature', '21.5');
    // @ts-expect-error the literal pattern counts, whose value is another
    home.publish('home/cellar/temperature', 21.5);
    // @ts-expect-error a topic name that fits no pattern
    home.publish('garden/kitchen/temperature', 21.5);
    // @ts-expect-error a level too many
    home.publish('home/kitchen/temperature/now', 21.5);
    // @ts-expect-error a wildcard
    home.publish('home/+/temperature', 21.5);
    // @ts-expect-error a string of which nothing is known
    home.publish(room, 21.5);
    // @ts-expect-error what the schema makes of it, not what it takes
    home.publish('log/web/a', { text: 'x', at: 1n, more: 1 });
  });
});

test('subscribe gives parameters and what the schema makes of the payload', () => {
  topics.subscribe(client, 'home/{room}/temperature', {}, { qos: 1 }, (message) => {
    expectTypeOf(message.params).toEqualTypeOf<{ readonly room: string }>();
    expectTypeOf(message.value).toEqualTypeOf<number>();
    expectTypeOf(message).toExtend<Message>();
  });
  topics.subscribe(client, 'status', {}, {}, ({ value }) => {
    expectTypeOf(value).toEqualTypeOf<{ up: boolean }>();
  });
  home.subscribe('log/{host}/{path...}', { host: 'web' }, {}, async ({ value, params }) => {
    expectTypeOf(value).toEqualTypeOf<{ text: string; at?: Date | undefined }>();
    expectTypeOf(params.path).toEqualTypeOf<string>();
  });
  compiled(async () => {
    for await (const { params, value } of topics.subscribe(client, 'home/{room}/{device}/state')) {
      expectTypeOf(params).toEqualTypeOf<{ readonly room: string; readonly device: string }>();
      expectTypeOf(value).toEqualTypeOf<'on' | 'off'>();
    }
    await using subscription = await home.subscribe('home/cellar/temperature');
    for await (const { value } of subscription) expectTypeOf(value).toEqualTypeOf<'cold'>();

    // @ts-expect-error a parameter that the pattern has not
    topics.subscribe(client, 'home/{room}/temperature', { rom: 'kitchen' });
    // @ts-expect-error a pattern that is not defined
    home.subscribe('home/#');
    // @ts-expect-error params has no such name
    topics.subscribe(client, 'home/{room}/temperature', {}, {}, ({ params }) => params.device);
    // @ts-expect-error the value is no string
    topics.subscribe(client, 'home/{room}/temperature', {}, {}, ({ value }) => value.length);
    // @ts-expect-error whenInvalid is one of two
    topics.subscribe(client, 'status', {}, { whenInvalid: 'drop' });
  });
});

test('defineTopics takes schemas and nothing else', () => {
  compiled(() => {
    // @ts-expect-error no schema
    defineTopics({ a: {} });
    // @ts-expect-error a schema of no standard
    defineTopics({ a: { parse: (value: unknown) => value } });
    // @ts-expect-error QoS 3
    defineTopics({ a: { schema: number, qos: 3 } });
  });
});
