import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { World } from '../world/world.ts';

// Section 4.8 of MQTT 3.1.1. In 5.0 it is section 4.13.
describe('what goes wrong with a client of version 3.1.1', () => {
  it.each([
    ['a second CONNECT', [0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 2, 0x78, 0x79]],
    ['a packet that a server sends', [0x20, 2, 0, 0]],
    ['a packet type that is none', [0xf0, 0]],
    ['packet identifier 0', [0x32, 5, 0, 1, 0x61, 0, 0]],
    ['a packet that ends too soon', [0x82, 3, 0, 1, 0]],
    ['bytes behind a packet’s end', [0xe0, 1, 0]],
  ])('[MQTT-4.8.0-1] v3.1.1 %s closes its connection, and no other', (_what, bytes) => {
    const world = new World();
    const other = world.connect({ protocolVersion: 4 });
    const client = world.connect({ protocolVersion: 4 });
    client.sendBytes(Uint8Array.from(bytes));
    expect(client.closed).toBe(true);
    expect(client.take()).toEqual([]);
    other.send({ type: 'pingreq' });
    expect(other.take()).toEqual([{ type: 'pingresp' }]);
    expect(other.closed).toBe(false);
  });

  it('[MQTT-4.8.0-2] v3.1.1 with a message that cannot be kept closes the connection, without an acknowledgement', () => {
    const store = new MemoryStore({ commits: 'manual' });
    const world = new World({ store });
    const client = world.connect({ protocolVersion: 4 });
    const other = world.connect({ protocolVersion: 4 });
    client.publish('a', 'x', { qos: 1, retain: true });
    other.publish('b', 'x', { qos: 1 });
    expect(client.take()).toEqual([]);
    store.failCommit({ code: 'store-full', message: 'no space is left' });
    world.turn();
    expect(client.take()).toEqual([]);
    expect(client.closed).toBe(true);
    expect(other.takeOne('puback').packetId).toBe(1);
    expect(other.closed).toBe(false);
  });
});
