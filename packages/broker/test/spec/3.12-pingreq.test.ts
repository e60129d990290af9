import { describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';

describe.each([3, 4, 5] as const)('PINGREQ in version %i', (protocolVersion) => {
  it('[MQTT-3.12.4-1] v5 v3.1.1 is answered by a PINGRESP, each of several', () => {
    const client = new World().connect({ protocolVersion });
    client.send({ type: 'pingreq' }, { type: 'pingreq' });
    expect(client.take()).toEqual([{ type: 'pingresp' }, { type: 'pingresp' }]);
    expect(client.writes.at(-1)).toEqual(Uint8Array.of(0xd0, 0, 0xd0, 0));
  });

  it('[MQTT-3.12.4-1] v5 v3.1.1 is answered behind what came before it', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    client.subscribe('a');
    client.send(
      {
        type: 'publish',
        topicName: 'a',
        payload: new Uint8Array(3),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
        properties: {},
      },
      { type: 'pingreq' },
    );
    expect(client.take().map((packet) => packet.type)).toEqual(['publish', 'pingresp']);
  });

  it('with a body ends the connection', () => {
    const client = new World().connect({ protocolVersion });
    client.sendBytes(Uint8Array.of(0xc0, 1, 0));
    expect(client.closed).toBe(true);
    expect(client.take().map((packet) => packet.type)).toEqual(protocolVersion === 5 ? ['disconnect'] : []);
  });
});
