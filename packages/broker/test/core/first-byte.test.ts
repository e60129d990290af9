import { describe, expect, it } from 'vitest';
import { bytesOf, World } from '../world/world.ts';

describe('a connection that speaks something else', () => {
  it('is closed by its first byte, without waiting for what would be a packet', () => {
    const world = new World();
    const browser = world.open();
    browser.sendBytes(bytesOf('G'));
    expect(browser.closed).toBe(true);
    expect(browser.take()).toEqual([]);
    expect(world.eventsOf('connectionRefused')).toHaveLength(1);
  });

  it('may send its CONNECT byte by byte, if that is what it is', () => {
    const world = new World();
    const slow = world.open(4);
    for (const byte of [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61]) {
      slow.sendBytes(Uint8Array.of(byte));
    }
    expect(slow.takeOne('connack').reasonCode).toBe(0);
  });
});

describe('a connection that closes without a word', () => {
  it('was not refused, and fills no log', () => {
    const world = new World();
    world.open().drop();
    expect(world.log).toEqual([]);
    expect(world.core.context.metrics.connectsRefused).toBe(0);
    expect(world.core.gauges.connections).toBe(0);
  });
});
