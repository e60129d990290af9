import { describe, expect, test } from 'vitest';
import { BENCH_FLAGS } from '../../src/bench/bench-flags.ts';
import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import { countOf, filterOf, shareOf, topicsOf } from '../../src/bench/bench-plan.ts';
import { makePlan, onlyScenario, parseScenario } from '../../src/bench/plan-making.ts';
import { planText } from '../../src/bench/plan-text.ts';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import { amount, rate, size } from '../../src/flags/quantity.ts';
import { samplePlan } from './sample-plan.ts';

function planOf(line: string, cores = 4): BenchPlan {
  const words = line.split(' ').filter((word) => word !== '');
  const positionals = { name: 'scenario', minimum: 0, maximum: 2 };
  const parsed = parseFlags(BENCH_FLAGS, words, { positionals });
  return makePlan(parseScenario(onlyScenario(parsed.positionals)), parsed.values, 0xabc, cores);
}

describe('A plan', () => {
  test('has what its scenario takes where nothing is said', () => {
    expect(planOf('')).toMatchObject({
      ...{
        scenario: 'pairs',
        publishers: 10,
        subscribers: 10,
        idle: 0,
        threads: 3,
        topicPrefix: 'bench/abc',
      },
      ...{ payloadBytes: 64, qos: 0, subscribeQos: 0, rate: null, inFlight: 20, count: null },
      ...{ warmUpMs: 1000, durationMs: 10_000, drainMs: 3000 },
    });
    expect(planOf('fan-out')).toMatchObject({ publishers: 1, subscribers: 100 });
    expect(planOf('fan-in')).toMatchObject({ publishers: 100, subscribers: 1 });
    expect(planOf('publish')).toMatchObject({ publishers: 10, subscribers: 0 });
    expect(planOf('connections')).toMatchObject({ publishers: 0, idle: 1000, warmUpMs: 0 });
    expect(planOf('subscribe')).toMatchObject({ idle: 100, subscriptionsEach: 10 });
  });

  test('has what is said', () => {
    const plan = planOf('fan-in --publishers 7 --rate 1.5k -q 2 --subscribe-qos 1 -s 1KiB --duration 1.1s');
    expect(plan).toMatchObject({ publishers: 7, rate: 1500, qos: 2, subscribeQos: 1, payloadBytes: 1024 });
    // In quarters of a second.
    expect(plan.durationMs).toBe(1250);
    expect(planOf('--count 100').warmUpMs).toBe(0);
    expect(planOf('-L mqtt://localhost/lab/one').topicPrefix).toBe('lab/one');
    expect(planOf('-L mqtt://localhost/lab -t hall').topicPrefix).toBe('hall');
    expect(planOf('-M 5').inFlight).toBe(5);
    expect(planOf('-s 1MiB --in-flight 32').inFlight).toBe(32);
    // Fewer than otherwise, where they are large.
    expect(planOf('-s 4MiB').inFlight).toBe(8);
    expect(planOf('--publishers 10 --topics 100k').topicsEach).toBe(100_000);
  });

  test('has at least one thread, and none without a connection', () => {
    expect(planOf('', 1).threads).toBe(1);
    expect(planOf('pairs --publishers 1', 64).threads).toBe(2);
    expect(planOf('--workers 8').threads).toBe(8);
  });

  test.each([
    ['pars', "got 'pars'; did you mean pairs?"],
    ['pairs fan-in', "expected one scenario, got 'fan-in' too"],
    ['--rate 5 --in-flight 3', 'expected one of them, got both'],
    ['--publishers 2 --subscribers 3', 'expected as many subscribers as publishers, got 2 and 3'],
    ['connections --size 100', '--size: expected it not with connections'],
    ['connections --rate 100', 'where --connect-rate says it'],
    ['fan-in -n 3', '-n: expected it not with fan-in'],
    ['publish --subscribers 3', '--subscribers: expected it not with publish'],
    ['pairs --subscriptions 3', 'only with subscribe'],
    ['-t a/+', 'without + and #'],
    ['-s 1MiB --in-flight 33', '--in-flight: expected at most 32 with payloads of 1048576 bytes, got 33'],
    ['--publishers 11 --topics 100000', 'expected at most 1000000 of all publishers together, got 1100000'],
    ['fan-in --publishers 10000 --subscribers 1001', 'expected at most 10000000 ways'],
    ['-t $SYS/x', 'not with $ in front'],
  ])('is refused for %s', (line, message) => {
    expect(() => planOf(line)).toThrow(message);
  });

  test('is told in one line', () => {
    expect(planText(planOf('-q 1 --rate 5k'))).toBe(
      'pairs: 10 publishers → 10 subscribers, 64 bytes, QoS 1, 5,000/s (open loop), 10 s, after 1 s of warm-up',
    );
    expect(planText(planOf('connections --connect-rate 100'))).toBe(
      'connections: 1,000 connections, 100/s new, held 1 s',
    );
  });

  test('gives every connection to one thread, and every message to one publisher', () => {
    const plan = samplePlan({ threads: 3, publishers: 10, count: 25 });
    const all = [0, 1, 2].flatMap((thread) => shareOf(plan, thread, 10));
    expect(all.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const counts = Array.from({ length: 10 }, (_, publisher) => countOf(plan, publisher));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(25);
  });

  test('says who subscribes to what', () => {
    expect(filterOf(samplePlan(), 3)).toBe('bench/1/3');
    expect(filterOf(samplePlan({ topicsEach: 2 }), 3)).toBe('bench/1/3/+');
    expect(topicsOf(samplePlan({ topicsEach: 2 }), 3)).toEqual(['bench/1/3/0', 'bench/1/3/1']);
    expect(filterOf(samplePlan({ scenario: 'fan-in' }), 0)).toBe('bench/1/#');
    expect(filterOf(samplePlan({ scenario: 'shared' }), 0)).toBe('$share/bench/bench/1/#');
  });
});

describe('Amounts on the command line', () => {
  test('have units', () => {
    expect(amount(1, 1e6)('10k')).toBe(10_000);
    expect(rate(1e6)('0.5')).toBe(0.5);
    expect(rate(1e6)('2k/s')).toBe(2000);
    expect(rate(1e6)('30/m')).toBe(0.5);
    expect(size(24, 1e6)('16KiB')).toBe(16_384);
    expect(size(24, 1e6)('16k')).toBe(16_000);
  });

  test.each(['', 'x', '1.5', '0', '10q', '1e3', '-1', '10k k'])('are refused: %j', (text) => {
    expect(() => amount(1, 1000)(text)).toThrow('expected a whole number from 1 to 1000');
  });
});
