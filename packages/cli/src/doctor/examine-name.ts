/** Which addresses the server's name has. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Examination } from './examination.ts';
import { codeOf } from './examination.ts';

export interface FoundAddress {
  readonly address: string;
  readonly family: number;
}

/** @returns the addresses in the order in which they are tried; empty if there are none, which has been told */
export async function examineName({
  server,
  findings,
  nowMs,
}: Examination): Promise<readonly FoundAddress[]> {
  const { host } = server;
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const startMs = nowMs();
  try {
    const addresses = await lookup(host, { all: true, order: 'verbatim' });
    const shown = addresses.map(({ address }) => address).join(', ');
    findings.good('name', `${host} is ${shown}`, nowMs() - startMs);
    return addresses;
  } catch (error) {
    const code = codeOf(error);
    const advice =
      code === 'EAI_AGAIN'
        ? 'No name server answered. Is this machine online, and are its name servers right (/etc/resolv.conf)? An address in place of the name would do.'
        : `Is the name written right? Names such as raspberrypi.local are found only in the same network, and need mDNS on this machine. An address in place of the name would do.`;
    findings.bad('name', `the name ${host} was not found (${code})`, advice, nowMs() - startMs);
    return [];
  }
}
