import { describe, expect, test } from 'vitest';
import type { SystemdWorld } from '../../src/server/process/systemd.ts';
import { activatedSockets, Systemd } from '../../src/server/process/systemd.ts';

describe('Sockets that systemd has opened', () => {
  test('are those of this process, by their names', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'mqtt::tls' };
    expect(activatedSockets(env, 7)).toEqual([
      { descriptor: 3, name: 'mqtt' },
      { descriptor: 4, name: 'unknown' },
      { descriptor: 5, name: 'tls' },
    ]);
    expect(activatedSockets(env, 8)).toEqual([]);
  });

  test.each([
    {},
    { LISTEN_PID: '7' },
    { LISTEN_PID: '7', LISTEN_FDS: '-1' },
    { LISTEN_PID: '7', LISTEN_FDS: 'x' },
  ])('are none with %j', (env) => {
    expect(activatedSockets(env, 7)).toEqual([]);
  });
});

class Told implements SystemdWorld {
  readonly env: SystemdWorld['env'];
  readonly pid = 7;
  readonly lines: string[] = [];
  readonly timers: { callback: () => void; delayMs: number }[] = [];
  failure: string | null = null;

  constructor(env: SystemdWorld['env']) {
    this.env = env;
  }

  run(program: string, args: readonly string[], onFailure: (why: string) => void): void {
    this.lines.push(`${program} ${args.join(' ')}`);
    if (this.failure !== null) onFailure(this.failure);
  }

  monotonicMicroseconds(): bigint {
    return 12n;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    this.timers.push({ callback, delayMs });
    return () => this.timers.splice(0);
  }
}

describe('systemd', () => {
  test('is told nothing where it is not', () => {
    const world = new Told({ WATCHDOG_USEC: '1000000' });
    const systemd = new Systemd(() => {}, world);
    systemd.ready('x');
    systemd.reloading();
    systemd.stopping();
    expect(world.lines).toEqual([]);
    expect(world.timers).toEqual([]);
  });

  test('is told that the broker is ready, reloads, is alive and stops', () => {
    const world = new Told({ NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' });
    const systemd = new Systemd(() => {}, world);
    systemd.ready('2 listeners');
    expect(world.timers.map(({ delayMs }) => delayMs)).toEqual([15_000]);
    systemd.reloading();
    systemd.ready('3 listeners');
    expect(world.timers).toHaveLength(1);
    world.timers.shift()!.callback();
    expect(world.timers).toHaveLength(1);
    systemd.stopping();
    expect(world.timers).toEqual([]);
    expect(world.lines).toEqual([
      'systemd-notify READY=1 MAINPID=7 STATUS=2 listeners',
      'systemd-notify RELOADING=1 MONOTONIC_USEC=12',
      'systemd-notify READY=1 MAINPID=7 STATUS=3 listeners',
      'systemd-notify WATCHDOG=1',
      'systemd-notify STOPPING=1',
    ]);
  });

  test('is given no signs of life that are meant of another process, or for no time', () => {
    for (const more of [{ WATCHDOG_USEC: '9000000', WATCHDOG_PID: '8' }, { WATCHDOG_USEC: '0' }, {}]) {
      const world = new Told({ NOTIFY_SOCKET: '/run/x', ...more });
      new Systemd(() => {}, world).ready('x');
      expect(world.timers).toEqual([]);
    }
  });

  test('is given up with one line when it cannot be told', () => {
    const world = new Told({ NOTIFY_SOCKET: '/run/x' });
    world.failure = 'is not installed';
    const told: string[] = [];
    const systemd = new Systemd((text) => told.push(text), world);
    systemd.ready('x');
    systemd.stopping();
    expect(told).toEqual([
      'systemd cannot be told how the broker is: systemd-notify is not installed; use Type=exec, or install it',
    ]);
  });
});
