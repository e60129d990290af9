import { describe, expect, test } from 'vitest';
import { isGood } from '../../src/bench/judgement.ts';
import type { SampleResult } from './sample-result.ts';
import { CLEAN_PROOF, sampleResult } from './sample-result.ts';

function verdictsOf(sample: SampleResult): readonly string[] {
  return sampleResult(sample).verdicts.map(({ kind, text }) => `${kind}: ${text}`);
}

const LOSSY = { ...CLEAN_PROOF, received: 397, lost: 3, examples: ['publisher 0 → subscriber 0: 17–19'] };

describe('What a run comes to', () => {
  test('is good when everything came once and in order', () => {
    expect(verdictsOf({})).toEqual(['good: Proved: all 400 deliveries came, each once and in order.']);
    expect(isGood(sampleResult())).toBe(true);
  });

  test('is bad when something is lost that was promised, and names what', () => {
    const sample = { outcome: { proof: LOSSY } };
    expect(verdictsOf(sample)).toEqual([
      'bad: 3 of 400 deliveries (0.750 %) did not come, which had been promised at QoS 1 (publisher 0 → subscriber 0: 17–19).',
    ]);
    expect(isGood(sampleResult(sample))).toBe(false);
  });

  test('is no worse for losses at QoS 0', () => {
    const sample = { plan: { qos: 0 as const }, outcome: { proof: LOSSY } };
    expect(verdictsOf(sample)[0]).toMatch(/^note: 3 of 400 deliveries .* which QoS 0 allows/);
    expect(isGood(sampleResult(sample))).toBe(true);
  });

  test('excuses a group that has lost members', () => {
    const proof = { ...LOSSY, receiversLeftOut: 1 };
    const sample = { plan: { scenario: 'shared' as const, subscribers: 2 }, outcome: { proof } };
    expect(isGood(sampleResult(sample))).toBe(true);
    expect(verdictsOf(sample).join()).toContain('members of the group were lost');
  });

  test.each([
    [{ duplicates: 1 }, 1, 'note: 1 message came more than once, which QoS 1 allows.'],
    [{ duplicates: 2 }, 2, 'bad: 2 messages came more than once, which QoS 2 forbids.'],
    [{ reordered: 2 }, 1, 'bad: 2 messages came after later ones of the same publisher'],
    [{ altered: 1 }, 1, 'bad: 1 message came with another payload than was sent.'],
    [{ foreign: 1 }, 1, 'bad: 1 message came that was not for that subscriber'],
    [{ receiversLeftOut: 2 }, 1, 'note: 2 subscribers were not there all the time'],
  ] as const)('tells of %j at QoS %i', (changes, qos, text) => {
    const plan = { qos, subscribeQos: qos };
    const verdicts = verdictsOf({ plan, outcome: { proof: { ...CLEAN_PROOF, ...changes } } });
    expect(verdicts.some((verdict) => verdict.startsWith(text))).toBe(true);
  });

  test('allows another order between topics', () => {
    const sample = { plan: { topicsEach: 2 }, outcome: { proof: { ...CLEAN_PROOF, reordered: 5 } } };
    expect(verdictsOf(sample)).toEqual([
      'note: 5 messages came after later ones, of other topics, which MQTT allows.',
    ]);
  });

  test('tells of connections that could not be made, were lost, and of messages that failed', () => {
    const verdicts = verdictsOf({
      counts: { lostConnections: 1, failed: 2 },
      outcome: {
        refused: { 'not authorized': 3, busy: 1 },
        lost: { 'connection reset': 4 },
        failures: { 'quota exceeded': 8 },
        unanswered: 5,
      },
    });
    expect(verdicts.slice(0, 2)).toEqual([
      'bad: 4 of 2 connections (200 %) could not be made or used: not authorized (3 times); busy.',
      'bad: 4 of 2 connections (200 %) were lost during the run: connection reset (4 times).',
    ]);
    expect(verdicts).toContain('bad: 8 of 400 messages (2.00 %) failed: quota exceeded (8 times).');
    expect(verdicts).toContain('bad: 5 of 400 messages (1.25 %) were never answered by the server.');
  });

  test('warns when the generator was the limit, late, or could not send all', () => {
    expect(verdictsOf({ busy: 0.95, generatorCores: 0.9 })[1]).toMatch(
      /^warning: The generator was the limit: its thread worked 95 %/,
    );
    expect(verdictsOf({ busy: 0.95, generatorCores: 0.5 })[1]).toMatch(
      /^warning: The generator was held up: its thread wanted to work 95 % .* got 0\.500 cores/,
    );
    expect(verdictsOf({ busy: 0.89 })).toHaveLength(1);
    const late = { plan: { rate: 400 }, counts: { late: 1 } };
    expect(verdictsOf(late)[1]).toMatch(/^warning: 4 of 400 messages \(1.00 %\) left more than 1 ms late/);
    const behind = { plan: { rate: 800 }, outcome: { behind: 400 } };
    expect(verdictsOf(behind)[1]).toMatch(
      /^warning: 400 of 800 messages \(50.0 %\) could not be sent in the time: of 800\/s only 400\/s/,
    );
    expect(verdictsOf({ counts: { stalls: 1 } })[1]).toMatch(/^warning: 4 times a publisher waited 2 s/);
  });

  test('says when it was interrupted, or ended because nobody was left', () => {
    expect(verdictsOf({ outcome: { end: 'interrupted' } })[0]).toMatch(/^warning: The run was interrupted/);
    expect(verdictsOf({ outcome: { end: 'all connections lost' } })[0]).toMatch(/^bad: The run ended early/);
  });
});
