/**
 * Signals that Node.js takes otherwise than other programs.
 *
 * At SIGUSR1 it would open its inspector, by which everybody on this machine could run code in the process. Here the signal ends
 * the process, as it does where a program has no use for it.
 *
 * Signals that were ignored when the process was started are not ignored any more once Node.js runs, and nothing tells that they
 * were. So whether `nohup` started this is found out otherwise, when SIGHUP comes: shells leave the name of what they start in
 * `_`, and a script that nohup started ignores the signal itself. An ignored SIGINT (`command &` in a script) cannot be found out.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const SIGHUP_BIT = 1n;

/** What of a process this needs. */
export interface DefaultProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly ppid: number;
  on(signal: 'SIGHUP' | 'SIGUSR1', listener: () => void): unknown;
  removeAllListeners(signal: 'SIGHUP' | 'SIGUSR1'): unknown;
  kill(pid: number, signal: 'SIGHUP' | 'SIGUSR1'): unknown;
}

/** @param statusOf what Linux tells of a process; throws where there is nothing of that */
export function restoreSignalDefaults(
  signalled: DefaultProcess = process,
  statusOf: (pid: number) => string = (pid) => readFileSync(`/proc/${pid}/status`, 'latin1'),
): void {
  const endBy = (signal: 'SIGHUP' | 'SIGUSR1'): void => {
    // Without a listener the signal does what it does by default.
    signalled.removeAllListeners(signal);
    signalled.kill(signalled.pid, signal);
  };
  signalled.on('SIGUSR1', () => endBy('SIGUSR1'));
  signalled.on('SIGHUP', () => {
    if (!isStartedByNohup(signalled.env) && !ignoresHangUp(signalled.ppid, statusOf)) endBy('SIGHUP');
  });
}

function isStartedByNohup({ _: started }: DefaultProcess['env']): boolean {
  return started !== undefined && basename(started) === 'nohup';
}

function ignoresHangUp(pid: number, statusOf: (pid: number) => string): boolean {
  try {
    const [, mask] = /^SigIgn:\s*([\da-f]+)$/m.exec(statusOf(pid)) ?? [];
    return mask !== undefined && (BigInt(`0x${mask}`) & SIGHUP_BIT) !== 0n;
  } catch {
    return false;
  }
}
