import { describe, expect, test } from 'vitest';
import { restoreSignalDefaults } from '../src/signal-defaults.ts';

type Signal = 'SIGHUP' | 'SIGUSR1';

/** What a process does that is sent a signal. @param status of its parent */
function sent(signal: Signal, env: Record<string, string> = {}, status?: string): readonly string[] {
  const listeners = new Map<Signal, () => void>();
  const done: string[] = [];
  const signalled = {
    env,
    pid: 7,
    ppid: 3,
    on: (name: Signal, listener: () => void) => listeners.set(name, listener),
    removeAllListeners: (name: Signal) => done.push(`as by default at ${name}`),
    kill: (pid: number, name: Signal) => done.push(`${name} to ${pid}`),
  };
  restoreSignalDefaults(signalled, (pid) => {
    expect(pid).toBe(3);
    if (status === undefined) throw new Error('there is no such file');
    return status;
  });
  listeners.get(signal)!();
  return done;
}

const ENDED = (signal: Signal) => [`as by default at ${signal}`, `${signal} to 7`];

describe('SIGUSR1', () => {
  test('ends the process in place of opening the inspector', () => {
    expect(sent('SIGUSR1')).toEqual(ENDED('SIGUSR1'));
  });
});

describe('SIGHUP', () => {
  test.each([
    ['where nothing else is known', {}, undefined],
    ['under a shell', { _: '/usr/bin/mosquitto_sub' }, 'Name:\tbash\nSigIgn:\t0000000000380004\n'],
    ['where the parent tells nothing', {}, 'Name:\tbash\n'],
  ])('ends the process %s', (_name, env, status) => {
    expect(sent('SIGHUP', env, status)).toEqual(ENDED('SIGHUP'));
  });

  test.each([
    ['that nohup started', { _: '/usr/bin/nohup' }, undefined],
    ['of a script that nohup started', { _: '/usr/bin/mosquitto_sub' }, 'SigIgn:\t0000000000000001\n'],
  ])('is ignored by a process %s', (_name, env, status) => {
    expect(sent('SIGHUP', env, status)).toEqual([]);
  });
});
