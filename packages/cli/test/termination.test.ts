import { describe, expect, test } from 'vitest';
import type { EndingSignal } from '../src/termination.ts';
import { endingSignal, SAME_WISH_MS } from '../src/termination.ts';

/** A process that is sent signals at times. */
function signalledProcess() {
  const listeners = new Map<EndingSignal, () => void>();
  const exits: number[] = [];
  let nowMs = 1000;
  const ending = endingSignal(
    {
      on: (signal, listener) => listeners.set(signal, listener),
      exit: (code) => exits.push(code),
    },
    () => nowMs,
  );
  const send = (signal: EndingSignal, afterMs: number): void => {
    nowMs += afterMs;
    listeners.get(signal)!();
  };
  return { ending, exits, send };
}

describe('The first signal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('asks for an orderly end: %s', async (signal) => {
    const { ending, exits, send } = signalledProcess();
    send(signal, 0);
    expect(await ending).toBe(signal);
    expect(exits).toEqual([]);
  });

  test('is the same wish when it comes again within a moment', () => {
    const { exits, send } = signalledProcess();
    send('SIGINT', 0);
    send('SIGINT', 0);
    send('SIGINT', SAME_WISH_MS - 1);
    expect(exits).toEqual([]);
  });
});

describe('A second signal ends the process at once', () => {
  test('when the same comes after a moment', () => {
    const { exits, send } = signalledProcess();
    send('SIGTERM', 0);
    send('SIGTERM', SAME_WISH_MS);
    expect(exits).toEqual([143]);
  });

  test('when it is another one', () => {
    const { exits, send } = signalledProcess();
    send('SIGTERM', 0);
    send('SIGINT', 0);
    expect(exits).toEqual([130]);
  });
});
