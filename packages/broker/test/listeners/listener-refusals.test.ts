import { describe, expect, test } from 'vitest';
import { ListenerRefusals } from '../../src/listeners/listener-refusals.ts';
import { PendingConnections } from '../../src/listeners/pending-connections.ts';

describe('Refusals of a listener', () => {
  function rig() {
    const lines: string[] = [];
    const clock = { nowMs: 0 };
    const log = {
      write: (level: string, code: string, text: string) => void lines.push(`${level} ${code} ${text}`),
    };
    return { lines, clock, refusals: new ListenerRefusals(log, { name: 'tls:1' }, () => clock.nowMs) };
  }

  test('are all counted, and each reason has one line in ten seconds', () => {
    const { lines, clock, refusals } = rig();
    for (let i = 0; i < 1000; i++) {
      refusals.report('tls-handshake-failed', '192.0.2.1:1', 'first');
      refusals.report('tls-handshake-failed', '192.0.2.1:1', 'second');
      refusals.report('maximum-connections', '192.0.2.1:1');
    }
    expect(lines).toEqual([
      'notice tls-handshake-failed tls:1: closed the connection from 192.0.2.1:1: first',
      'notice tls-handshake-failed tls:1: closed the connection from 192.0.2.1:1: second',
      'warning maximum-connections tls:1: closed the connection from 192.0.2.1:1: the listener has as many connections as `maximumConnections` allows',
    ]);
    expect(refusals.counts).toMatchObject({ 'tls-handshake-failed': 2000, 'maximum-connections': 1000 });
    clock.nowMs = 9_999;
    refusals.report('tls-handshake-failed', '192.0.2.2:2', 'first');
    expect(lines).toHaveLength(3);
    clock.nowMs = 10_000;
    refusals.report('tls-handshake-failed', '192.0.2.3:3', 'first');
    expect(lines.at(-1)).toBe(
      'notice tls-handshake-failed tls:1: closed the connection from 192.0.2.3:3: first (and 1000 more since the last report)',
    );
  });

  test('of ever new reasons share a line: at the limit, and one past it', () => {
    const { lines, refusals } = rig();
    for (let i = 0; i < 64; i++) refusals.report('tls-handshake-failed', 'a', `reason ${i}`);
    expect(lines).toHaveLength(64);
    for (let i = 64; i < 1000; i++) refusals.report('tls-handshake-failed', 'a', `reason ${i}`);
    expect(lines).toHaveLength(65);
    expect(refusals.counts['tls-handshake-failed']).toBe(1000);
  });
});

describe('Connections that are not through yet', () => {
  const connection = (told: string[], name: string) => ({
    onTimeout: () => void told.push(`${name} is late`),
    destroy: () => void told.push(`${name} is closed`),
  });

  test('are so many, and no more: at the limit, and one past it', () => {
    const pending = new PendingConnections(2, 1000, () => 0);
    const [a, b] = [connection([], 'a'), connection([], 'b')];
    pending.add(a);
    expect(pending.isFull).toBe(false);
    pending.add(b);
    expect(pending.isFull).toBe(true);
    pending.delete(a);
    expect(pending.isFull).toBe(false);
    pending.clear();
    expect(pending.size).toBe(0);
  });

  test('are closed without a word when their listener closes', () => {
    const told: string[] = [];
    const pending = new PendingConnections(9, 1000, () => 0);
    for (const name of ['a', 'b']) pending.add(connection(told, name));
    pending.clear();
    expect(told).toEqual(['a is closed', 'b is closed']);
  });

  test('are told when their time is up, in the order in which they came, and nobody else', async () => {
    const told: string[] = [];
    const clock = { nowMs: 0 };
    const pending = new PendingConnections(9, 1, () => clock.nowMs);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => connection(told, name));
    pending.add(a!);
    pending.add(b!);
    pending.delete(a!);
    clock.nowMs = 1;
    pending.add(c!);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['b is late']);
    expect(pending.size).toBe(1);
    clock.nowMs = 2;
    while (told.length === 1) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['b is late', 'c is late']);
  });
});
