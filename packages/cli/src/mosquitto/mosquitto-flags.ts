/** The command line of `mosquitto`, the broker. */
import type { FlagValues, ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { text } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** As `mosquitto` has it. */
const MOST_PORTS = 10;

type Flags = {
  readonly config: ValueFlag<string>;
  readonly daemon: SwitchFlag;
  readonly port: ListFlag<number>;
  readonly quiet: SwitchFlag;
  readonly verbose: SwitchFlag;
  readonly testConfig: SwitchFlag;
  readonly tlsKeyLog: ValueFlag<string>;
};

export type MosquittoValues = FlagValues<Flags>;

export const MOSQUITTO_FLAGS: Readonly<Flags> = {
  config: {
    kind: 'value',
    names: ['-c', '--config-file'],
    placeholder: 'file',
    missing: '-c argument given, but no config file specified.',
    completes: 'file',
    parse: text('a file'),
    text: 'a mosquitto.conf; without it only this machine can connect',
  },
  daemon: {
    kind: 'switch',
    names: ['-d', '--daemon'],
    text: 'run in the background; the command ends when the broker serves',
  },
  port: {
    kind: 'list',
    names: ['-p', '--port'],
    placeholder: 'port',
    missing: '-p argument given, but no port specified.',
    parse: parsePort,
    text: `listen on this port of the loopback addresses, up to ${MOST_PORTS} times; without effect if the file has a listener`,
  },
  quiet: {
    kind: 'switch',
    names: ['-q', '--quiet'],
    text: 'log nothing, whatever the file and -v say',
  },
  verbose: {
    kind: 'switch',
    names: ['-v', '--verbose'],
    text: 'log everything, whatever the file says',
  },
  testConfig: {
    kind: 'switch',
    names: ['--test-config'],
    text: 'say what is wrong with the file, and end: 0 if nothing is, else 3',
  },
  tlsKeyLog: {
    kind: 'value',
    names: ['--tls-keylog'],
    placeholder: 'file',
    missing: '--tls-keylog argument given, but no file specified.',
    completes: 'file',
    parse: text('a file'),
    text: 'write the secrets of TLS there, for debugging, in the format of SSLKEYLOGFILE',
  },
};

/** `-h` is help here, and the host everywhere else: it is no flag of the table. A value that looks so is one. */
export function withHelpSpelledOut(words: readonly string[]): readonly string[] {
  const takingValues = Object.values(MOSQUITTO_FLAGS)
    .filter(({ kind }) => kind !== 'switch')
    .flatMap(({ names }) => names);
  return words.map((word, at) => {
    const isValue = at > 0 && takingValues.includes(words[at - 1]!);
    return word === '-h' && !isValue ? '--help' : word;
  });
}

/** Whether `-h` is among the words, and no value. */
export function asksForMosquittoHelp(words: readonly string[]): boolean {
  return withHelpSpelledOut(words).some((word, at) => word !== words[at]);
}

function parsePort(given: string): number {
  const [, digits = '0'] = /^\s*([+-]?\d+)/.exec(given) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(
    `expected a port from 1 to 65535, got '${given}'`,
    `Invalid port specified (${Number.isSafeInteger(port) ? port : 0}).`,
  );
}

/** @throws {UsageError} if they are too many */
export function checkPorts(ports: readonly number[]): void {
  if (ports.length <= MOST_PORTS) return;
  throw new UsageError(
    `-p: expected at most ${MOST_PORTS} ports, got ${ports.length}`,
    `Only ${MOST_PORTS} ports can be specified on the command line.`,
  );
}
