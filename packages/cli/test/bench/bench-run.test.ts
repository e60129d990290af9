// A whole run with the sources, its threads in this process, against a broker that tests can watch.

import type { Broker } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { connect } from '@martlet/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BENCH_FLAGS } from '../../src/bench/bench-flags.ts';
import type { BenchResult } from '../../src/bench/bench-result.ts';
import { Generator } from '../../src/bench/generator.ts';
import type { LoadThreads, LoadThreadsListener } from '../../src/bench/load-threads.ts';
import { measure } from '../../src/bench/measuring.ts';
import { makePlan, parseScenario } from '../../src/bench/plan-making.ts';
import { RunClock } from '../../src/bench/run-clock.ts';
import type { ThreadTask } from '../../src/bench/thread-messages.ts';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import { testIo } from '../command-io.ts';

let broker: Broker;
let port = 0;

beforeAll(async () => {
  broker = createBroker();
  const listener = await broker.listen({ port: 0 });
  if (listener.address.kind === 'tcp') port = listener.address.port;
});
afterAll(() => broker.close());

/** Threads that are none: the same generators, told over the same plain data. */
function startHere(tasks: readonly ThreadTask[], listener: LoadThreadsListener): LoadThreads {
  const generators = tasks.map(({ thread, plan, values, creditMemory }) => {
    listener.onEvent(thread, { kind: 'ready' });
    return new Generator(plan, thread, creditMemory, {
      clock: new RunClock(),
      connect,
      options: {
        servers: [`mqtt://127.0.0.1:${port}`],
        clientId: values.clientId ?? '',
        protocolVersion: values.protocolVersion ?? 5,
        sessionExpiryInterval: values.sessionExpiry ?? 0,
        reconnect: false,
      },
      tell: (event) => listener.onEvent(thread, structuredClone(event)),
      // As if they had slept all the time: how busy this process is tells nothing.
      takeSleepUs: () => 1e12,
      loop: {
        immediately: (callback) => {
          setImmediate(callback);
        },
        after: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return () => clearTimeout(timer);
        },
      },
    });
  });
  return {
    tell: (command) => {
      for (const generator of generators) generator.obey(command).catch((error) => listener.onFailed(error));
    },
    end: async () => {},
  };
}

function bench(line: string, io = testIo()): Promise<BenchResult> {
  const words = ['-h', '127.0.0.1', '-p', String(port), ...line.split(' ')];
  const positionals = { name: 'scenario', minimum: 0, maximum: 1 };
  const parsed = parseFlags(BENCH_FLAGS, words, { positionals });
  const plan = makePlan(parseScenario(parsed.positionals[0]), parsed.values, 7, 2);
  return measure(plan, parsed.values, io, startHere);
}

describe('A run', () => {
  test('delivers and proves everything, and measures all of it', async () => {
    const result = await bench('fan-out --subscribers 4 --workers 2 --count 50 -q 1');
    expect(result.verdicts.map(({ kind }) => kind)).toEqual(['good']);
    expect(result.proof).toMatchObject({ expected: 200, received: 200, lost: 0 });
    expect(result.delivery?.count).toBe(200);
    expect(result.answer?.count).toBe(50);
    expect(result.connect?.count).toBe(5);
    expect(result.connections).toMatchObject({ asked: 5, made: 5, lost: 0 });
    expect(result.server).toMatchObject({ url: `mqtt://127.0.0.1:${port}`, protocolVersion: 5 });
    expect(result.measuredMs).toBeGreaterThan(0);
  });

  test('counts as foreign what others publish to its topics', async () => {
    const stranger = connect(`mqtt://127.0.0.1:${port}`);
    const io = testIo();
    // Answered as soon as the first message of the run has come.
    let isTold = false;
    await stranger.subscribe('crowded/#', ({ payload }) => {
      if (isTold || payload.length !== 64) return;
      isTold = true;
      stranger.publish('crowded/0', 'a stranger');
    });
    const result = await bench('pairs --publishers 1 --rate 200 --warm-up 0 --duration 500ms -t crowded', io);
    await stranger.close();
    expect(result.proof).toMatchObject({ expected: 100, received: 100, foreign: 1 });
    expect(result.verdicts[0]).toMatchObject({ kind: 'bad' });
  });

  test('ends early when it is interrupted, and nothing that was sent counts as lost', async () => {
    const io = testIo();
    const watcher = connect(`mqtt://127.0.0.1:${port}`);
    await watcher.subscribe('stopped/#', () => io.abort.abort(new Error('enough')));
    const result = await bench('pairs --rate 100 -q 1 --warm-up 0 --duration 10m -t stopped', io);
    await watcher.close();
    expect(result.end).toBe('interrupted');
    expect(result.proof).toMatchObject({ lost: 0 });
    expect(result.messages.sent).toBeGreaterThan(0);
    expect(result.generator.unsentMessages).toBe(0);
  });

  test('leaves no session behind that it had asked for', async () => {
    const result = await bench('pairs -V 5 -x 600 -q 1 --count 30 --publishers 2');
    expect(result.proof).toMatchObject({ received: 30, lost: 0 });
    // The last ones to go may not have gone yet, but will: they keep nothing.
    const kept = broker.sessions.filter(({ sessionExpiryInterval }) => sessionExpiryInterval > 0);
    expect(kept).toEqual([]);
  });

  test('fails in words when it cannot begin', async () => {
    await expect(bench('pairs -p 1')).rejects.toThrow('nothing listens on port 1');
    await expect(bench('pairs --broker-pid 2147483647')).rejects.toThrow('there is no such process');
  });
});
