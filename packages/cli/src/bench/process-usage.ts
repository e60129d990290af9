/** What a process of this machine takes, as Linux tells it under /proc. */
import { readFileSync } from 'node:fs';
import { CommandFailure } from '../command-failure.ts';

export interface ProcessUsage {
  /** User and system time since it began, of all its threads, in ms. */
  readonly cpuMs: number;
  /** Resident memory. */
  readonly memoryBytes: number;
}

/** Ticks of the kernel's clock a second: what `getconf CLK_TCK` says on every Linux that Node.js runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

/** Null when it is gone, or when this system has no /proc. @param root for tests */
export function usageOfProcess(pid: number, root = '/proc'): ProcessUsage | null {
  try {
    const stat = readFileSync(`${root}/${pid}/stat`, 'latin1');
    const status = readFileSync(`${root}/${pid}/status`, 'latin1');
    // The second field is the name, in brackets, and may hold anything. utime and stime are the 14th and 15th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const [, memory] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    // One that has ended and waits for its parent has no memory.
    if (memory === undefined) return null;
    return { cpuMs: (ticks * 1000) / CLOCK_TICKS_PER_SECOND, memoryBytes: Number(memory) * 1024 };
  } catch {
    return null;
  }
}

/** @throws {CommandFailure} when it cannot be looked at */
export function requireProcess(pid: number): void {
  if (usageOfProcess(pid) !== null) return;
  throw new CommandFailure(
    `--broker-pid ${pid}: there is no such process on this machine, or no /proc to read it from; leave the flag out to go without`,
  );
}
