import type { Deadline } from '@martlet/protocol';
import { Deadlines } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

class Alarm implements Deadline {
  heapIndex = -1;
  readonly firedAt: number[] = [];
  readonly #act: (alarm: Alarm, nowMs: number) => void;

  constructor(act: (alarm: Alarm, nowMs: number) => void = () => {}) {
    this.#act = act;
  }

  onDue(nowMs: number): void {
    this.firedAt.push(nowMs);
    this.#act(this, nowMs);
  }
}

describe('Deadlines', () => {
  test('are due never when none is set', () => {
    const deadlines = new Deadlines();
    expect(deadlines.nextMs()).toBe(Number.POSITIVE_INFINITY);
    expect(deadlines.run(1e12)).toBe(0);
    expect(deadlines.size).toBe(0);
  });

  test('fire once, when their time has come, earliest first', () => {
    const deadlines = new Deadlines();
    const order: Alarm[] = [];
    const alarms = [30, 10, 20].map((dueMs) => {
      const alarm = new Alarm((self) => order.push(self));
      deadlines.set(alarm, dueMs);
      return alarm;
    });
    expect(deadlines.nextMs()).toBe(10);
    expect(deadlines.run(9)).toBe(0);
    expect(deadlines.run(20)).toBe(2);
    expect(order).toEqual([alarms[1], alarms[2]]);
    expect(deadlines.nextMs()).toBe(30);
    expect(deadlines.run(30)).toBe(1);
    expect(deadlines.run(99)).toBe(0);
    expect(alarms.map((alarm) => alarm.firedAt)).toEqual([[30], [20], [20]]);
  });

  test('that are set again move, and those set to never are cleared', () => {
    const deadlines = new Deadlines();
    const alarm = new Alarm();
    deadlines.set(alarm, 10);
    deadlines.set(alarm, 50);
    expect([deadlines.size, deadlines.nextMs()]).toEqual([1, 50]);
    deadlines.set(alarm, 5);
    expect(deadlines.nextMs()).toBe(5);
    deadlines.set(alarm, Number.POSITIVE_INFINITY);
    expect([deadlines.size, alarm.heapIndex]).toEqual([0, -1]);
    deadlines.clear(alarm);
    expect(deadlines.run(100)).toBe(0);
  });

  test('can set and clear each other while they fire, themselves included', () => {
    const deadlines = new Deadlines();
    const cleared = new Alarm();
    const moved = new Alarm();
    const repeating = new Alarm((self, nowMs) => deadlines.set(self, nowMs + 10));
    const first = new Alarm(() => {
      deadlines.clear(cleared);
      deadlines.set(moved, 100);
    });
    deadlines.set(first, 1);
    deadlines.set(cleared, 2);
    deadlines.set(moved, 3);
    deadlines.set(repeating, 4);
    expect(deadlines.run(5)).toBe(2);
    expect(cleared.firedAt).toEqual([]);
    expect(moved.firedAt).toEqual([]);
    expect(deadlines.nextMs()).toBe(15);
    expect(deadlines.size).toBe(2);
  });

  test('stay in order when one is cleared among later ones', () => {
    // The last of the heap takes the place of the one that goes, and is due before all that stood around that.
    const deadlines = new Deadlines();
    const order: number[] = [];
    const times = [0, 100, 10, 10, 10, 110, 110, 110, 110, 20];
    const alarms = times.map((dueMs) => {
      const alarm = new Alarm(() => order.push(dueMs));
      deadlines.set(alarm, dueMs);
      return alarm;
    });
    deadlines.clear(alarms[5]!);
    for (let i = 0; i < 10; i++) deadlines.set(new Alarm(), 300);
    deadlines.run(200);
    expect(order).toEqual([0, 10, 10, 10, 20, 100, 110, 110, 110]);
  });

  test('are bounded per run, so that one that is always due cannot hold up the rest', () => {
    const deadlines = new Deadlines();
    const greedy = new Alarm((self) => deadlines.set(self, 0));
    deadlines.set(greedy, 0);
    expect(deadlines.run(10, 7)).toBe(7);
    expect(greedy.firedAt).toHaveLength(7);
    expect(deadlines.nextMs()).toBe(0);
  });

  test('stay in order when a callback throws', () => {
    const deadlines = new Deadlines();
    const failing = new Alarm(() => {
      throw new Error('failed');
    });
    const next = new Alarm();
    deadlines.set(failing, 1);
    deadlines.set(next, 2);
    expect(() => deadlines.run(5)).toThrow('failed');
    expect(deadlines.run(5)).toBe(1);
    expect(next.firedAt).toEqual([5]);
  });

  test('grow to thousands and shrink again, in order', () => {
    const deadlines = new Deadlines();
    const order: number[] = [];
    const alarms = Array.from({ length: 5000 }, (_, i) => {
      const dueMs = (i * 7919) % 5000;
      const alarm = new Alarm(() => order.push(dueMs));
      deadlines.set(alarm, dueMs);
      return alarm;
    });
    for (const alarm of alarms) if (alarm.heapIndex % 3 === 1) deadlines.clear(alarm);
    const left = deadlines.size;
    expect(deadlines.run(4999)).toBe(left);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(left);
    expect(left).toBeGreaterThan(2000);
    deadlines.set(alarms[0]!, 6000);
    expect(deadlines.nextMs()).toBe(6000);
  });

  test('refuse a time that is not a number', () => {
    expect(() => new Deadlines().set(new Alarm(), Number.NaN)).toThrow(TypeError);
  });

  test('agree with a list that is searched, under any order of setting, clearing and running', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('set'), alarm: fc.nat(30), ms: fc.nat(50) }),
      fc.record({ kind: fc.constant('clear'), alarm: fc.nat(30), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('run'), alarm: fc.nat(5), ms: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
        const deadlines = new Deadlines();
        const model = new Map<Alarm, number>();
        const dues: number[] = [];
        const alarms = Array.from({ length: 31 }, () => new Alarm((self) => dues.push(model.get(self)!)));
        let nowMs = 0;
        for (const { kind, alarm: index, ms } of actions) {
          const alarm = alarms[index]!;
          if (kind === 'set') {
            deadlines.set(alarm, nowMs + ms);
            model.set(alarm, nowMs + ms);
          } else if (kind === 'clear') {
            deadlines.clear(alarm);
            model.delete(alarm);
          } else {
            nowMs += ms;
            const due = [...model].filter(([, dueMs]) => dueMs <= nowMs);
            const expected = due.map(([, dueMs]) => dueMs).sort((a, b) => a - b);
            dues.length = 0;
            expect(deadlines.run(nowMs)).toBe(due.length);
            expect(dues).toEqual(expected);
            for (const [fired] of due) model.delete(fired);
          }
          expect(deadlines.size).toBe(model.size);
          expect(deadlines.nextMs()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
          expect(alarms.filter((each) => each.heapIndex >= 0 !== model.has(each))).toEqual([]);
        }
      }),
    );
  });
});
