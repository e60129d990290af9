import { describe, expect, test } from 'vitest';
import { endAtSignal, Interrupted, interruptible } from '../src/interruption.ts';
import type { EndingSignal } from '../src/termination.ts';

function signalledProcess() {
  const listeners = new Map<EndingSignal, () => void>();
  const exits: number[] = [];
  return {
    exits,
    send: (signal: EndingSignal) => listeners.get(signal)!(),
    signalled: {
      on: (signal: EndingSignal, listener: () => void) => listeners.set(signal, listener),
      exit: (code: number) => exits.push(code),
    },
  };
}

describe('Work that can be interrupted', () => {
  test('is told of the signal, and its failure then is the interruption', async () => {
    const { signalled, send, exits } = signalledProcess();
    const working = interruptible(
      (abort) =>
        new Promise((_resolve, reject) => {
          abort.addEventListener('abort', () => reject(new Error('the stream was destroyed')));
        }),
      signalled,
    );
    send('SIGINT');
    const error = await working.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Interrupted);
    expect(error).toMatchObject({ exitCode: 130 });
    expect(exits).toEqual([]);
  });

  test('fails as itself without a signal, and is done if it was done all the same', async () => {
    const { signalled, send } = signalledProcess();
    await expect(interruptible(() => Promise.reject(new Error('its own')), signalled)).rejects.toThrow(
      'its own',
    );
    const done = interruptible(() => Promise.resolve('done'), signalled);
    send('SIGTERM');
    expect(await done).toBe('done');
  });
});

test('Work that makes nothing ends with the process', async () => {
  const { signalled, send, exits } = signalledProcess();
  endAtSignal(signalled);
  send('SIGTERM');
  await Promise.resolve();
  await Promise.resolve();
  expect(exits).toEqual([143]);
});
