import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OpenConnections } from '../../src/listeners/open-connections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('The connections of a listener', () => {
  function rig(lingerMs = 1000) {
    const connections = new OpenConnections(lingerMs);
    const expired: string[] = [];
    const add = (name: string) => {
      const connection = {
        onLingerTimeout: () => {
          expired.push(name);
          connections.delete(connection);
        },
      };
      connections.add(connection);
      return connection;
    };
    return { connections, expired, add };
  }

  test('each have the linger time, from the moment they were ended', () => {
    const { connections, expired, add } = rig();
    const [a, b, c] = [add('a'), add('b'), add('c')];
    connections.linger(a);
    vi.advanceTimersByTime(400);
    connections.linger(b);
    connections.linger(a); // Once more makes it no longer.
    vi.advanceTimersByTime(599);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(399);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['a', 'b']);
    expect(connections.size).toBe(1);
    connections.linger(c);
    vi.advanceTimersByTime(1000);
    expect(expired).toEqual(['a', 'b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('need one timer, and none when they have closed in time', () => {
    const { connections, expired, add } = rig();
    const all = Array.from({ length: 100 }, (_, i) => add(String(i)));
    for (const connection of all) connections.linger(connection);
    expect(vi.getTimerCount()).toBe(1);
    for (const connection of all) connections.delete(connection);
    expect(vi.getTimerCount()).toBe(0);
    expect(expired).toEqual([]);
    expect(connections.size).toBe(0);
  });

  test('drain when the last of them has closed, and within the linger time', async () => {
    const { connections, expired, add } = rig();
    await connections.drain();
    const [a] = [add('a'), add('b')];
    let drained = false;
    const draining = connections.drain().then(() => {
      drained = true;
    });
    connections.delete(a!);
    await Promise.resolve();
    expect(drained).toBe(false);
    vi.advanceTimersByTime(1000);
    await draining;
    expect(expired).toEqual(['b']);
  });
});
