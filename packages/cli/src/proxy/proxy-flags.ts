/** The flags of `martlet proxy`. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { duration, text, unexpected, wholeNumber } from '../flags/value-parsers.ts';
import type { FaultRule } from './fault-rule.ts';
import { parseFaultRule } from './fault-rule.ts';

const LONGEST_DELAY_MS = 3_600_000;
const MOST = 1_000_000_000;
const FAULTS = 'Faults, on each connection';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export type ProxyFlags = ConnectionFlags & {
  readonly listen: ValueFlag<ListenAddress>;
  readonly verbose: SwitchFlag;
  readonly ndjson: SwitchFlag;
  readonly pcap: ValueFlag<string>;
  readonly delay: ValueFlag<number>;
  readonly delayToServer: ValueFlag<number>;
  readonly delayToClient: ValueFlag<number>;
  readonly jitter: ValueFlag<number>;
  readonly drop: ListFlag<FaultRule>;
  readonly duplicate: ListFlag<FaultRule>;
  readonly cutAfter: ValueFlag<number>;
  readonly cutAfterBytes: ValueFlag<number>;
  readonly halfOpenAfter: ValueFlag<number>;
};

/** @throws {UsageError} */
function parseListen(given: string): ListenAddress {
  const [, host, port] = /^(?:(\[[\da-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(given) ?? [];
  if (port !== undefined && Number(port) <= 65_535)
    return { host: (host ?? '127.0.0.1').replaceAll(/[[\]]/g, ''), port: Number(port) };
  throw unexpected('a port, or address:port, such as 1884 or 0.0.0.0:1884', given);
}

function delayFlag(name: string, what: string): ValueFlag<number> {
  return {
    kind: 'value',
    names: [name],
    placeholder: 'time',
    group: FAULTS,
    parse: duration(0, LONGEST_DELAY_MS),
    text: what,
  };
}

function countFlag(name: string, what: string): ValueFlag<number> {
  return {
    kind: 'value',
    names: [name],
    placeholder: 'count',
    group: FAULTS,
    parse: wholeNumber(1, MOST),
    text: what,
  };
}

export const PROXY_FLAGS: Readonly<ProxyFlags> = {
  listen: {
    kind: 'value',
    names: ['--listen'],
    placeholder: 'port',
    parse: parseListen,
    text: 'where clients connect, such as 1884 or 0.0.0.0:1884; default 127.0.0.1:1884, 0 for any free port',
  },
  verbose: { kind: 'switch', names: ['-v', '--verbose'], text: 'show the bytes of each packet too' },
  ndjson: { kind: 'switch', names: ['--ndjson'], text: 'print a line of JSON for each packet' },
  pcap: {
    kind: 'value',
    names: ['--pcap'],
    placeholder: 'file',
    completes: 'file',
    parse: text('a file'),
    text: 'write a capture for Wireshark (pcapng), which is not encrypted even if the server speaks TLS',
  },
  delay: delayFlag('--delay', 'hold everything for this time, such as 100ms'),
  delayToServer: delayFlag('--delay-to-server', 'the same for what goes to the server only'),
  delayToClient: delayFlag('--delay-to-client', 'the same for what goes to the client only'),
  jitter: delayFlag('--jitter', 'up to this much more or less, by chance'),
  drop: {
    kind: 'list',
    names: ['--drop'],
    placeholder: 'packets',
    group: FAULTS,
    parse: parseFaultRule,
    text: 'leave packets out: puback, publish:10%, publish@client:#3 (the third to the client), any:1%',
  },
  duplicate: {
    kind: 'list',
    names: ['--duplicate'],
    placeholder: 'packets',
    group: FAULTS,
    parse: parseFaultRule,
    text: 'send packets twice',
  },
  cutAfter: countFlag('--cut-after', 'break the connection after so many packets'),
  cutAfterBytes: countFlag(
    '--cut-after-bytes',
    'break it after so many bytes, in the middle of a packet perhaps',
  ),
  halfOpenAfter: countFlag('--half-open-after', 'let nothing pass after so many packets, and close nothing'),
  ...CONNECTION_FLAGS,
};
