// What docs/guides/limiting.md shows is what the broker reads.

import { readFileSync } from 'node:fs';
import { createBroker, resolveProfile } from '@martlet/broker';
import { profileOptionsOf } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { errorLines, parsed } from './parsed.ts';

const guide = readFileSync(new URL('../../../../docs/guides/limiting.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);

describe('The guide to limiting', () => {
  test.each(examples)('has examples that are in order: %#', (text) => {
    expect(errorLines(text)).toEqual([]);
  });

  test('has examples that the broker takes, all of them together', () => {
    const profile = resolveProfile(profileOptionsOf(parsed(examples.join('\n'))));
    expect(profile.rates.users.get('gateway')).toMatchObject({
      connections: 500,
      subscriptions: 1000,
      messagesInPerSecond: null,
    });
    expect(profile.queues.map(({ whenFull }) => whenFull)).toEqual(['reject', 'keep-latest', 'drop-newest']);
    expect(profile.retainedQuotas).toEqual([{ topicPrefix: 'sensors', messages: 10_000, bytes: 10_000_000 }]);
    expect(profile.deadLetterPrefix).toBe('$dead-letter');
  });

  test('asks why as the program shows', async () => {
    const broker = createBroker({ rates: { perUser: { connections: 20 } } });
    const why = await broker.explain({
      clientId: 'door',
      topicName: 'home/door',
      action: 'publish',
      qos: 1,
    });
    expect(why.conclusion).toBe(
      'what client "door" publishes to home/door does not arrive: nobody is subscribed to home/door.',
    );
    await broker.close();
    await expect(broker.explain({ clientId: 'd', topicName: 't', action: 'publish' })).rejects.toThrow(
      'closed',
    );
  });
});
