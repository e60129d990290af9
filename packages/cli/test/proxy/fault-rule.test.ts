// Which packets a rule is about.

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { FaultChooser, parseFaultRule } from '../../src/proxy/fault-rule.ts';

function chooser(...rules: readonly string[]): FaultChooser {
  const random = new SeededRandom(1);
  return new FaultChooser(rules.map(parseFaultRule), () => random.next());
}

test('a type, a direction, a share, a number', () => {
  expect(parseFaultRule('publish')).toEqual({
    type: 'publish',
    direction: undefined,
    share: 1,
    number: undefined,
  });
  expect(parseFaultRule('PUBACK@Client:2.5%')).toEqual({
    type: 'puback',
    direction: 'toClient',
    share: 0.025,
    number: undefined,
  });
  expect(parseFaultRule('any@server:#3')).toEqual({
    type: undefined,
    direction: 'toServer',
    share: 1,
    number: 3,
  });
});

test.each([
  ['', "expected a packet such as publish, publish:10% or puback@client:#3, got ''"],
  ['publish@', "expected a packet such as publish, publish:10% or puback@client:#3, got 'publish@'"],
  ['publsh', "expected a type of packet, or any, got 'publsh'; did you mean publish?"],
  ['publish:101%', "expected a share such as 10%, or a number such as #3, got '101%'"],
  ['publish:#0', "expected a share such as 10%, or a number such as #3, got '#0'"],
  ['publish:3', "expected a share such as 10%, or a number such as #3, got '3'"],
])('%j is refused', (given, text) => {
  expect(() => parseFaultRule(given)).toThrow(text);
});

describe('the chooser', () => {
  test('takes packets of the type that go where the rule says', () => {
    const faults = chooser('puback@client');
    expect(faults.chooses('puback', 'toClient')).toBe(true);
    expect(faults.chooses('puback', 'toServer')).toBe(false);
    expect(faults.chooses('publish', 'toClient')).toBe(false);
  });

  test('counts only what a rule is about', () => {
    const faults = chooser('publish@server:#2');
    const chosen = [
      faults.chooses('publish', 'toServer'),
      faults.chooses('publish', 'toClient'),
      faults.chooses('pingreq', 'toServer'),
      faults.chooses('publish', 'toServer'),
      faults.chooses('publish', 'toServer'),
    ];
    expect(chosen).toEqual([false, false, false, true, false]);
  });

  test('lets every rule count, whatever another one has taken', () => {
    const faults = chooser('publish:#1', 'any:#2');
    expect([1, 2, 3].map(() => faults.chooses('publish', 'toServer'))).toEqual([true, true, false]);
  });

  test('takes about the share of them', () => {
    const faults = chooser('any:10%');
    let count = 0;
    for (let i = 0; i < 10_000; i++) if (faults.chooses('publish', 'toServer')) count += 1;
    expect(count).toBeGreaterThan(900);
    expect(count).toBeLessThan(1100);
    const [none, all] = [chooser('any:0%'), chooser('any:100%')];
    expect(none.chooses('publish', 'toServer')).toBe(false);
    expect(all.chooses('publish', 'toServer')).toBe(true);
  });
});
