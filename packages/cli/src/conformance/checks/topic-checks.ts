/** Section 4.7 of the specification: which Topic Names a Topic Filter matches, and which filters there are. */
import type { Check } from '../check.ts';
import type { CheckWorld } from '../check-world.ts';
import { expectEqual, expectThat } from '../expectations.ts';
import { field, frame } from '../frame.ts';
import { packetsText } from '../packets-text.ts';

/** Filters behind the prefix of the check, and which of {@link NAMES} each matches. */
const NAMES = ['a', 'a/', '/a', 'a/b', 'a/b/c', 'a//c', 'A', 'a b', '$a'] as const;
const MATCHES: Readonly<Record<string, readonly (typeof NAMES)[number][]>> = {
  '#': NAMES,
  '+': ['a', 'A', 'a b', '$a'],
  a: ['a'],
  'a/#': ['a', 'a/', 'a/b', 'a/b/c', 'a//c'],
  'a/+': ['a/', 'a/b'],
  '+/+': ['a/', '/a', 'a/b'],
  'a/+/c': ['a/b/c', 'a//c'],
  '/+': ['/a'],
  '+/b/#': ['a/b', 'a/b/c'],
  'a//c': ['a//c'],
};

const INVALID_FILTERS: readonly string[] = ['a/#/b', '#/a', 'a#', 'a/b#', 'a+', '+a', 'a/+b', 'a+/b'];

/** A filter that is no filter is refused in SUBACK, or ends the connection. */
async function isNoFilter(world: CheckWorld, topicFilter: string): Promise<void> {
  const client = await world.connect('client');
  const bytes = frame(0x82, [0, 7], world.isV5 ? [0] : [], field(topicFilter), [0]);
  client.sendBytes(bytes, `SUBSCRIBE to ${JSON.stringify(topicFilter)}`);
  const answer = await client.nextOrClosed('SUBACK that refuses, or the end of the connection');
  if (answer === 'closed' || answer.type === 'disconnect') return;
  const isRefusal = answer.type === 'suback' && answer.reasonCodes.every((code) => code >= 0x80);
  expectThat(isRefusal, `the filter ${JSON.stringify(topicFilter)} to be refused`, packetsText([answer]));
}

export const TOPIC_CHECKS: readonly Check[] = [
  {
    id: 'topic-matching',
    title: 'matches Topic Names with Topic Filters as section 4.7 says',
    v5: ['MQTT-4.7.1-1', 'MQTT-4.7.1-2', 'MQTT-4.7.3-4', 'MQTT-3.3.2-3'],
    v311: ['MQTT-4.7.1-2', 'MQTT-4.7.1-3', 'MQTT-4.7.3-4', 'MQTT-3.3.2-3'],
    needs: ['wildcards'],
    run: async (world) => {
      const publisher = await world.connect('publisher');
      for (const [topicFilter, expected] of Object.entries(MATCHES)) {
        const subscriber = await world.connect('subscriber');
        await world.subscribed(subscriber, world.topic(topicFilter));
        for (const name of NAMES) world.send(publisher, world.topic(name), name);
        await publisher.untilPing();
        const messages = await world.messagesUpToNow(subscriber);
        const prefix = world.topic('');
        const got = messages.map(({ topicName }) => topicName.slice(prefix.length));
        const asked = got.filter((name) => (NAMES as readonly string[]).includes(name));
        expectEqual(asked.sort(), [...expected].sort(), `what ${topicFilter} matches`);
        await world.disconnect(subscriber);
      }
    },
  },
  {
    id: 'topic-parent',
    title: 'counts the level above to what a/# matches',
    v5: ['MQTT-4.7.1-1'],
    v311: ['MQTT-4.7.1-2'],
    needs: ['wildcards'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('sport/#'));
      const publisher = await world.connect('publisher');
      await world.publish(publisher, world.topic('sport'), 'x');
      expectEqual((await world.message(subscriber)).topicName, world.topic('sport'), 'what comes');
    },
  },
  {
    id: 'topic-dollar',
    title: 'hides topics that begin with $ from filters that begin with a wildcard',
    v5: ['MQTT-4.7.2-1'],
    v311: ['MQTT-4.7.2-1'],
    needs: ['wildcards'],
    run: async (world) => {
      const client = await world.connect('client');
      const name = world.topic('x');
      await world.subscribed(client, `+/${name}`);
      const publisher = await world.connect('publisher');
      world.send(publisher, `$${name.slice(0, 3)}/${name}`, 'hidden');
      const messages = await world.messagesUpToNow(client);
      expectThat(messages.length === 0, 'nothing', packetsText(messages));
    },
  },
  {
    id: 'topic-invalid-filters',
    title: 'refuses filters in which # or + does not stand alone in its level, or # not last',
    v5: ['MQTT-4.7.1-1', 'MQTT-4.7.1-2'],
    v311: ['MQTT-4.7.1-2', 'MQTT-4.7.1-3'],
    run: async (world) => {
      for (const topicFilter of INVALID_FILTERS) await isNoFilter(world, topicFilter);
    },
  },
  {
    id: 'topic-empty-filter',
    title: 'refuses an empty filter',
    v5: ['MQTT-4.7.3-1'],
    v311: ['MQTT-4.7.3-1'],
    run: (world) => isNoFilter(world, ''),
  },
  {
    id: 'topic-null-filter',
    title: 'refuses a filter with U+0000',
    v5: ['MQTT-4.7.3-2'],
    v311: ['MQTT-4.7.3-2'],
    run: (world) => isNoFilter(world, 'a\u0000b'),
  },
  {
    id: 'topic-case-and-form',
    title: 'takes names that differ in case or in Unicode form for different ones',
    v5: ['MQTT-4.7.3-4'],
    v311: ['MQTT-4.7.3-4'],
    run: async (world) => {
      const subscriber = await world.connect('subscriber');
      await world.subscribed(subscriber, world.topic('caf\u00e9'));
      const publisher = await world.connect('publisher');
      for (const name of ['CAF\u00c9', 'cafe\u0301', 'caf\u00e9'])
        await world.publish(publisher, world.topic(name), name);
      const messages = await world.messagesUpToNow(subscriber);
      expectEqual(
        messages.map(({ topicName }) => topicName),
        [world.topic('caf\u00e9')],
        'what comes',
      );
    },
  },
];
