import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

describe('a message that was taken', () => {
  it('[MQTT-4.5.0-1] v5 v3.1.1 is added to the session of every client with a matching subscription, there or away', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const connect = (clientId: string) =>
        world.connect({
          clientId,
          protocolVersion,
          cleanStart: false,
          properties: protocolVersion === V5 ? { sessionExpiryInterval: 1000 } : {},
        });
      const clientIds = ['a', 'b', 'c', 'd'];
      for (const clientId of clientIds) connect(clientId).subscribe('t/#', 1);
      connect('other').subscribe('u', 1);
      const here = connect('a');
      for (const clientId of ['b', 'c', 'd', 'other']) connect(clientId).drop();
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t/1', 'one', { qos: 1 });
      publisher.publish('t/2', 'two', { qos: 2 });
      expect(here.takeTexts()).toEqual(['one', 'two']);
      for (const clientId of ['b', 'c', 'd']) {
        expect(connect(clientId).takeTexts()).toEqual(['one', 'two']);
      }
      expect(connect('other').take()).toEqual([]);
    }
  });

  it('is delivered to its own publisher, and to all others, once', () => {
    const world = new World();
    const clients = Array.from({ length: 5 }, () => world.connect());
    for (const client of clients) client.subscribe('t', 2);
    clients[0]!.publish('t', 'x', { qos: 2 });
    for (const client of clients) expect(client.takeTexts()).toEqual(['x']);
  });
});
