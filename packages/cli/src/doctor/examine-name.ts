/** Which addresses the server's name has. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Examination } from './examination.ts';
import { codeOf } from './examination.ts';
import { ReachFailure } from './reach.ts';

export interface FoundAddress {
  readonly address: string;
  readonly family: number;
}

/** @returns the addresses in the order in which they are tried; empty if there are none, which has been told */
export async function examineName({
  server,
  findings,
  timeoutMs,
  signal,
  nowMs,
}: Examination): Promise<readonly FoundAddress[]> {
  const { host } = server;
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const startMs = nowMs();
  try {
    const addresses = await inTime(lookup(host, { all: true, order: 'verbatim' }), timeoutMs, signal);
    const shown = addresses.map(({ address }) => address).join(', ');
    findings.good('name', `${host} is ${shown}`, nowMs() - startMs);
    return addresses;
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error);
    const advice =
      code === 'EAI_AGAIN' || code === 'NO_ANSWER'
        ? 'No name server answered. Is this machine online, and are its name servers right (/etc/resolv.conf)? An address in place of the name would do.'
        : `Is the name written right? Names such as raspberrypi.local are found only in the same network, and need mDNS on this machine. An address in place of the name would do.`;
    findings.bad('name', `the name ${host} was not found (${code})`, advice, nowMs() - startMs);
    return [];
  }
}

/** The system's lookup cannot be called off; it goes on without anybody who waits for it. */
function inTime<Value>(looking: Promise<Value>, timeoutMs: number, signal: AbortSignal): Promise<Value> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return new Promise((resolve, reject) => {
    limit.addEventListener('abort', () => reject(new ReachFailure('NO_ANSWER')), { once: true });
    looking.then(resolve, reject);
  });
}
