// The application publishes and subscribes in the broker's own process.

import type { Broker, PublishOptions, ReceivedMessage } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { RecordedLog } from './recorded-log.ts';

let broker: Broker;
let log: RecordedLog;

beforeEach(() => {
  log = new RecordedLog();
  broker = createBroker({ log });
});
afterEach(() => broker.close());

/** The next message that matches. */
function nextMessage(topicFilter: string): Promise<ReceivedMessage> {
  return new Promise((resolve) => {
    const subscription = broker.subscribe(topicFilter, (message) => {
      subscription.unsubscribe();
      resolve(message);
    });
  });
}

describe('A message of the application', () => {
  test('reaches the application as it was published', async () => {
    const received = nextMessage('home/+/temperature');
    await broker.publish('home/kitchen/temperature', '21.5', {
      qos: 1,
      properties: {
        contentType: 'text/plain',
        userProperties: [
          ['room', 'kitchen'],
          ['room', 'second'],
        ],
      },
    });
    const message = await received;
    expect(message.topicName).toBe('home/kitchen/temperature');
    expect(message.payload).toEqual(new TextEncoder().encode('21.5'));
    expect(message.text()).toBe('21.5');
    expect(message.json()).toBe(21.5);
    expect(message.qos).toBe(1);
    expect(message.retained).toBe(false);
    expect(message.properties).toMatchObject({
      contentType: 'text/plain',
      userProperties: [
        ['room', 'kitchen'],
        ['room', 'second'],
      ],
    });
    expectTypeOf(message.qos).toEqualTypeOf<0 | 1 | 2>();
    expectTypeOf(message.json()).toBeUnknown();
  });

  test('may be bytes', async () => {
    const received = nextMessage('bytes');
    const payload = Uint8Array.of(0, 0xff, 0x80);
    const published = broker.publish('bytes', payload);
    await published;
    expect((await received).payload).toEqual(Uint8Array.of(0, 0xff, 0x80));
  });

  test('that is retained comes to later subscribers, marked so, until an empty one clears it', async () => {
    await broker.publish('state', 'on', { retain: true });
    const message = await nextMessage('state');
    expect([message.text(), message.retained]).toEqual(['on', true]);

    await broker.publish('state', '', { retain: true });
    const seen: string[] = [];
    broker.subscribe('state', (each) => seen.push(each.text()));
    const later = nextMessage('state');
    await broker.publish('state', 'live');
    await later;
    expect(seen).toEqual(['live']);
  });

  test('may be published from a handler of another', async () => {
    const answered = nextMessage('answer');
    broker.subscribe('question', (message) => void broker.publish('answer', `${message.text()}!`));
    await broker.publish('question', 'six by nine');
    expect((await answered).text()).toBe('six by nine!');
  });

  test('is not given to a subscription that has ended', async () => {
    const seen: string[] = [];
    const subscription = broker.subscribe('t', (message) => seen.push(message.text()));
    const first = nextMessage('t');
    await broker.publish('t', '1');
    await first;
    subscription.unsubscribe();
    subscription.unsubscribe();
    const second = nextMessage('t');
    await broker.publish('t', '2');
    await second;
    expect(seen).toEqual(['1']);
  });

  test.each([
    ['messageExpiryInterval', { properties: { messageExpiryInterval: Number.NaN } }],
    ['messageExpiryInterval', { properties: { messageExpiryInterval: -1 } }],
    ['messageExpiryInterval', { properties: { messageExpiryInterval: 1.5 } }],
    ['messageExpiryInterval', { properties: { messageExpiryInterval: 2 ** 32 } }],
    ['payloadFormatIndicator', { properties: { payloadFormatIndicator: 2 } }],
    ['contentType', { properties: { contentType: 7 } }],
    ['contentType', { properties: { contentType: 'a\0' } }],
    ['responseTopic', { properties: { responseTopic: 'a/#' } }],
    ['correlationData', { properties: { correlationData: 'text' } }],
    ['userProperties', { properties: { userProperties: { a: 'b' } } }],
    ['userProperties', { properties: { userProperties: ['a'] } }],
    ['contentTyp', { properties: { contentTyp: 'text/plain' } }],
    ['qos', { qos: 3 }],
    ['retain', { retain: 'yes' }],
  ])('is refused with an error that names %s: %j', async (name, options) => {
    const quiet = createBroker({ sysInterval: 0 });
    const publishing = quiet.publish('a', 'x', { retain: true, ...(options as PublishOptions) });
    await expect(publishing).rejects.toThrow(name);
    expect(await publishing.catch((error) => ['TypeError', 'RangeError'].includes(error.name))).toBe(true);
    expect(quiet.gauges.retainedMessages).toBe(0);
    expect(quiet.outcomes.counts['no-matching-subscribers']).toBe(0);
    await quiet.close();
  });

  test('is refused with a payload that is neither text nor bytes', async () => {
    await expect(broker.publish('a', 7 as never)).rejects.toThrow('payload');
  });

  test.each([0, 1] as const)('at QoS %i may be as large as the largest packet of a client', async (qos) => {
    const small = createBroker({ limits: { maximumPacketSize: 1024 }, sysInterval: 0 });
    // Fixed header 3, topic name 3, no properties 1, and a packet identifier.
    const room = 1024 - 3 - 3 - 1 - (qos === 0 ? 0 : 2);
    await small.publish('a', new Uint8Array(room), { qos, retain: true });
    expect(small.gauges.retainedMessages).toBe(1);
    await expect(small.publish('b', new Uint8Array(room + 1), { qos, retain: true })).rejects.toThrow(
      'at most 1024 bytes (limit maximumPacketSize), got 1025',
    );
    expect(small.gauges.retainedMessages).toBe(1);
    await small.close();
  });

  test('and a subscription have topics of as many bytes as those of clients', async () => {
    const short = createBroker({ limits: { topicBytes: 4 } });
    await short.publish('abcd', 'x');
    await expect(short.publish('abcde', 'x')).rejects.toThrow('more bytes');
    short.subscribe('ab/#', () => {});
    expect(() => short.subscribe('abc/#', () => {})).toThrow('more bytes');
    await short.close();
  });

  test('is refused with a local error for a topic name that is none', async () => {
    await expect(broker.publish('', 'x')).rejects.toThrow(TypeError);
    await expect(broker.publish('a/+', 'x')).rejects.toThrow('topic name "a/+"');
  });
});

describe('A subscription of the application', () => {
  test.each(['', 'a/#/b', 'a+', '$share/group/a'])('is refused for %j', (topicFilter) => {
    expect(() => broker.subscribe(topicFilter, () => {})).toThrow(TypeError);
  });

  test('whose handler throws is reported, and disturbs no other', async () => {
    const other = nextMessage('t');
    broker.subscribe('t', () => {
      throw new Error('handler failed');
    });
    const later = nextMessage('t');
    await broker.publish('t', 'x');
    expect([(await other).text(), (await later).text()]).toEqual(['x', 'x']);
    expect(log.textsOf('handler-error')).toEqual([expect.stringContaining('handler failed')]);
  });
});
