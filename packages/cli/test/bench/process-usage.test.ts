import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ProcessSampler } from '../../src/bench/process-sampler.ts';
import { requireProcess, usageOfProcess } from '../../src/bench/process-usage.ts';

const root = mkdtempSync(join(tmpdir(), 'martlet-proc-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function writeProcess(pid: number, stat: string, status: string): void {
  mkdirSync(join(root, String(pid)));
  writeFileSync(join(root, String(pid), 'stat'), stat);
  writeFileSync(join(root, String(pid), 'status'), status);
}

describe('What a process takes', () => {
  test('is read whatever its name is', () => {
    const stat = '42 (a) R 9 (b) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 1 1';
    writeProcess(42, stat, 'Name:\ta\nVmRSS:\t    2048 kB\nThreads:\t1\n');
    expect(usageOfProcess(42, root)).toEqual({ cpuMs: 3000, memoryBytes: 2_097_152 });
  });

  test('is nothing of one that is gone, or has ended and was not yet waited for', () => {
    writeProcess(
      43,
      '43 (z) Z 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 1 0 0',
      'Name:\tz\nState:\tZ (zombie)\n',
    );
    expect(usageOfProcess(43, root)).toBeNull();
    expect(usageOfProcess(44, root)).toBeNull();
    expect(() => requireProcess(2 ** 31 - 1)).toThrow('there is no such process on this machine');
  });
});

describe('Samples of a run', () => {
  function samplerOf(values: readonly (readonly [number, number | null])[]): ProcessSampler {
    let at = 0;
    const sampler = new ProcessSampler({
      nowMs: () => 1000 + values[at]![0],
      broker: () => {
        const cpuMs = values[at]![1];
        return cpuMs === null ? null : { cpuMs, memoryBytes: 1 };
      },
      generatorCpuMs: () => values[at]![0] * 2,
    });
    sampler.sample();
    sampler.begin(1000);
    for (at = 1; at < values.length; at++) sampler.sample();
    return sampler;
  }

  test('tell the time between two moments, in proportion between samples', () => {
    const sampler = samplerOf([
      [0, 100],
      [250, 110],
      [500, 150],
    ]);
    expect(sampler.cpuMs('brokerCpuMs', 0, 500)).toBe(50);
    expect(sampler.cpuMs('brokerCpuMs', 125, 375)).toBe(25);
    expect(sampler.cpuMs('brokerCpuMs', 250, 9000)).toBe(40);
    expect(sampler.cpuMs('generatorCpuMs', 0, 500)).toBe(1000);
  });

  test('tell nothing of what was never seen', () => {
    const sampler = samplerOf([
      [0, null],
      [250, null],
    ]);
    expect(sampler.cpuMs('brokerCpuMs', 0, 250)).toBeNull();
  });

  test('are bounded: a long run has them further apart', () => {
    const sampler = samplerOf(Array.from({ length: 20_000 }, (_, index) => [index * 250, index] as const));
    expect(sampler.samples.length).toBeLessThanOrEqual(2001);
    expect(sampler.cpuMs('brokerCpuMs', 0, 19_999 * 250)).toBeGreaterThan(19_900);
  });
});
