import { describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';

describe('an answer given from inside the call', () => {
  it('of the authoriser is taken like one that is returned', () => {
    const asked: string[] = [];
    const world = new World({
      authorizer: {
        authorize(request, answer) {
          asked.push(request.topic);
          answer({ allowed: request.topic !== 'no' });
          answer({ allowed: false });
          return undefined;
        },
      },
    });
    const client = world.connect({ keepAlive: 10 });
    expect(client.subscribe([{ topicFilter: 'yes' }, { topicFilter: 'no' }])).toEqual([0, 0x87]);
    client.publish('yes', 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0);
    expect(client.takeTexts()).toEqual(['x']);
    expect(asked).toEqual(['yes', 'no', 'yes']);
  });

  it('of the authenticator, too', () => {
    const world = new World({
      authenticator: {
        authenticate(attempt, answer) {
          answer(attempt.username === 'a' ? { kind: 'accept' } : { kind: 'refuse', reasonCode: 0x86 });
          return undefined;
        },
      },
    });
    world.connect({ username: 'a' });
    const refused = world.connecting({ username: 'b' });
    expect(refused.takeOne('connack').reasonCode).toBe(0x86);
  });
});
