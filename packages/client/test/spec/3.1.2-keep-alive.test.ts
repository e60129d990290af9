import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import { connect, publish, sent, subscribed, V5, VERSIONS } from './exchange.ts';

const PINGRESP = { type: 'pingresp' } as const;

/** Lets so many seconds pass, one by one; the server answers PINGREQ. Returns the longest gap between packets, in seconds. */
async function longestGap(world: World, server: TestServer, seconds: number): Promise<number> {
  let longest = 0;
  let silent = 0;
  for (let i = 0; i < seconds; i++) {
    await world.advance(1000);
    silent++;
    const packets = server.takeAll();
    if (packets.some((packet) => packet.type === 'pingreq')) server.send(PINGRESP);
    if (packets.length === 0) continue;
    longest = Math.max(longest, silent);
    silent = 0;
  }
  return Math.max(longest, silent);
}

describe.each(VERSIONS)('The keep alive of a client in version %i', (protocolVersion) => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-3.1.2-20] v5 [MQTT-3.1.2-23] v3.1.1 has PINGREQ sent in good time when there is nothing else', async () => {
    connect(world, { protocolVersion, keepAlive: 20 });
    const server = await world.accept();
    expect(server.connect.keepAlive).toBe(20);
    const gap = await longestGap(world, server, 200);
    expect(gap).toBeLessThan(20);
    expect(server.ended).toBeUndefined();
  });

  test('[MQTT-3.1.2-20] v5 [MQTT-3.1.2-23] v3.1.1 counts what is sent, not what is received', async () => {
    const client = connect(world, { protocolVersion, keepAlive: 20 });
    const server = await world.accept();
    await subscribed(world, client, server, '#');
    let silent = 0;
    for (let i = 0; i < 100; i++) {
      server.send(publish('t'));
      silent = (await longestGap(world, server, 1)) === 0 ? 0 : silent + 1;
      if (server.writes > 0) silent = 0;
      server.writes = 0;
      expect(silent).toBeLessThan(20);
    }
  });

  test('[MQTT-3.1.2-20] v5 [MQTT-3.1.2-23] v3.1.1 holds also while the application is slow and nothing is read', async () => {
    const client = connect(world, { protocolVersion, keepAlive: 20 });
    const server = await world.accept();
    client.subscribe('#', { bufferMessages: 1 });
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0], properties: {} });
    server.send(publish('t'), publish('t'));
    await world.settle();
    expect(server.isPaused).toBe(true);
    expect(await longestGap(world, server, 200)).toBeLessThan(20);
    expect(server.ended).toBeUndefined();
  });

  test('[MQTT-3.1.2-20] v5 [MQTT-3.1.2-23] v3.1.1 of 0 sends no PINGREQ', async () => {
    connect(world, { protocolVersion, keepAlive: 0 });
    const server = await world.accept();
    await world.advance(100_000_000);
    expect(sent(server)).toEqual([]);
  });
});

describe('The keep alive of a server', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('[MQTT-3.1.2-21] [MQTT-3.2.2-21] v5 takes the place of the one in CONNECT', async () => {
    for (const [keepAlive, serverKeepAlive] of [
      [60, 10],
      [0, 10],
      [10, 60],
    ] as const) {
      const client = connect(world, { protocolVersion: V5, keepAlive });
      const server = await world.accept({ properties: { serverKeepAlive } });
      const gap = await longestGap(world, server, 300);
      expect(gap).toBeLessThan(serverKeepAlive);
      expect(gap).toBeGreaterThanOrEqual(serverKeepAlive / 2);
      await client.close();
    }
  });

  test('[MQTT-3.1.2-21] v5 switches PINGREQ off when it is 0', async () => {
    connect(world, { keepAlive: 10 });
    const server = await world.accept({ properties: { serverKeepAlive: 0 } });
    await world.advance(1_000_000);
    expect(sent(server)).toEqual([]);
  });
});
