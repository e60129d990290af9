/** Whether something listens at each address, and if not, what does on the usual ports of MQTT. */
import { isIP } from 'node:net';
import type { Examination } from './examination.ts';
import { authorityOf, codeOf } from './examination.ts';
import type { FoundAddress } from './examine-name.ts';
import { openSocket } from './reach.ts';

/** What listens there on most servers. */
const USUAL_PORTS: readonly (readonly [number, string])[] = [
  [1883, 'MQTT: mqtt://'],
  [8883, 'MQTT over TLS: mqtts://'],
  [8080, 'WebSocket: ws://'],
  [9001, 'WebSocket: ws://'],
  [443, 'WebSocket over TLS: wss://'],
];

/** @returns whether at least one address can be connected to */
export async function examineTcp(
  examination: Examination,
  addresses: readonly FoundAddress[],
): Promise<boolean> {
  const { server, findings, nowMs } = examination;
  const failures: (readonly [string, string])[] = [];
  let opened = 0;
  for (const { address } of addresses) {
    const startMs = nowMs();
    const failure = await tryPort(address, server.port, examination);
    if (failure === undefined) {
      opened += 1;
      findings.good('TCP', `port ${server.port} of ${address} is open`, nowMs() - startMs);
    } else {
      failures.push([address, failure]);
    }
  }
  if (opened > 0) {
    for (const [address, code] of failures) {
      findings.warning(
        'TCP',
        `port ${server.port} of ${address} cannot be reached (${code})`,
        'Other addresses of this name work, but clients that try this one first wait for it. Let the server listen there too, or take the address out of the name.',
      );
    }
    return true;
  }
  for (const [address, code] of failures) {
    const elsewhere = code === 'ECONNREFUSED' ? await openPorts(address, examination) : [];
    findings.bad(
      'TCP',
      `port ${server.port} of ${address}: ${meaningOf(code)}`,
      adviceFor(code, address, elsewhere),
    );
  }
  return false;
}

/**
 * The same through a proxy, or from a chosen address of this machine: then there is one way, and nothing to compare.
 * @returns whether the server can be connected to
 */
export async function examineDialed(examination: Examination): Promise<boolean> {
  const { server, findings, proxyName, nowMs } = examination;
  const step = proxyName === undefined ? 'TCP' : 'proxy';
  const startMs = nowMs();
  try {
    (await openSocket(examination)).destroy();
    const way = proxyName === undefined ? '' : `${proxyName} has connected to `;
    findings.good(step, `${way}${authorityOf(server)}${way === '' ? ' is open' : ''}`, nowMs() - startMs);
    return true;
  } catch (error) {
    examination.signal.throwIfAborted();
    const code = codeOf(error);
    const said = code === 'UNKNOWN' && error instanceof Error ? error.message : meaningOf(code);
    const advice =
      code === 'EADDRNOTAVAIL'
        ? 'This machine has no such address: look at -A.'
        : proxyName === undefined
          ? adviceFor(code, server.host, [])
          : 'Is the proxy running there, does it know this user, and may it reach the server? Try without --proxy, too.';
    const way = proxyName === undefined ? '' : `${proxyName}: `;
    findings.bad(step, `${way}${said}`, advice, nowMs() - startMs);
    return false;
  }
}

/** @returns undefined if it is open, else the code of what happened */
async function tryPort(address: string, port: number, examination: Examination): Promise<string | undefined> {
  const server = { ...examination.server, port };
  try {
    (await openSocket({ ...examination, server }, address)).destroy();
    return undefined;
  } catch (error) {
    examination.signal.throwIfAborted();
    return codeOf(error);
  }
}

async function openPorts(address: string, examination: Examination): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [port, what] of USUAL_PORTS) {
    if (port === examination.server.port) continue;
    if ((await tryPort(address, port, examination)) === undefined) found.push(`${port} (usually ${what})`);
  }
  return found;
}

function meaningOf(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ETIMEDOUT':
    case 'NO_ANSWER':
      return 'no answer';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to that network';
    default:
      return `cannot be connected to (${code})`;
  }
}

function adviceFor(code: string, address: string, elsewhere: readonly string[]): string {
  switch (code) {
    case 'ECONNREFUSED':
      if (elsewhere.length > 0)
        return `The machine is there, and something listens on port ${elsewhere.join(', ')}. Is one of these meant?`;
      return isLoopback(address)
        ? 'Is the server running on this machine, and on this port?'
        : 'The machine is there. Is the server running on it? Mosquitto 2 listens on the machine itself only, until its configuration has a line such as "listener 1883"; Martlet until it is started with --host 0.0.0.0.';
    case 'ETIMEDOUT':
    case 'NO_ANSWER':
      return 'Either the machine is switched off or the address is wrong, or a firewall drops the packets: on the machine, at a router, or in the rules of a cloud provider.';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'Is this machine in the right network (Wi-Fi, VPN), and has it IPv6 if the address is of that kind?';
    default:
      return 'The system says no more about it than this code.';
  }
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith('127.') : address === '::1';
}
