/** Listens for clients, and connects each to the server. */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { targetsFor } from '../conformance/target-for.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { textStyleFor } from '../text-style.ts';
import { CaptureFile } from './capture-file.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import type { ProxiedThing } from './proxied-packet.ts';
import { proxiedJson, proxiedText } from './proxied-text.ts';
import type { ListenAddress, ProxyFlags } from './proxy-flags.ts';
import type { ProxyRules } from './proxy-rules.ts';

type ProxyValues = FlagValues<ProxyFlags>;

const DEFAULT_LISTEN: Readonly<ListenAddress> = { host: '127.0.0.1', port: 1884 };
/** How long it may take to reach the server, in ms. */
const CONNECT_MS = 30_000;

/**
 * Runs until a signal comes.
 * @throws {CommandFailure} for a port that cannot be listened on, a file that cannot be written
 */
export async function runProxy(values: ProxyValues, io: CommandIo): Promise<number> {
  const [target] = await targetsFor([], values, io);
  const style = textStyleFor(io.stdout as NodeJS.WriteStream);
  const seen = { connections: 0, packets: 0, violations: 0, faults: 0 };
  const tell = (thing: ProxiedThing): void => {
    if (thing.kind === 'packet') {
      seen.packets += 1;
      seen.violations += thing.violations.length;
      if (thing.fault !== undefined) seen.faults += 1;
    }
    io.stdout.write(
      values.ndjson ? proxiedJson(thing) : proxiedText(thing, { style, verbose: values.verbose }),
    );
  };
  let fail: (failure: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const capture = values.pcap === undefined ? undefined : new CaptureFile(values.pcap, fail);
  const open = new Set<ProxiedConnection>();
  const rules = rulesFrom(values);
  const onClient = async (client: Socket): Promise<void> => {
    const number = ++seen.connections;
    const connection: ProxiedConnection = new ProxiedConnection({
      number,
      client: client.setNoDelay(true),
      rules,
      capture: capture?.open(number, io.wallMs()),
      tell,
      nowMs: () => io.nowMs(),
      wallMs: () => io.wallMs(),
      random: () => io.random(),
      onEnd: () => open.delete(connection),
    });
    open.add(connection);
    tell(
      eventOf(io, number, `a client has connected from ${client.remoteAddress} port ${client.remotePort}`),
    );
    try {
      const signal = AbortSignal.any([io.signal, AbortSignal.timeout(CONNECT_MS)]);
      connection.attach(await target!.open(connection, signal));
    } catch (error) {
      connection.end(error instanceof Error ? error.message : String(error));
    }
  };
  const server = createServer({ allowHalfOpen: true }, (client) => void onClient(client));
  const address = await listening(server, values.listen ?? DEFAULT_LISTEN);
  if (!values.quiet)
    io.stderr.write(`Listening on ${address}, connecting to ${target!.name}; Ctrl+C ends it\n`);
  try {
    await Promise.race([aborted(io.signal), failed]);
  } finally {
    server.close();
    for (const connection of open) connection.end('the proxy ends');
    await capture?.close();
  }
  if (!values.quiet)
    io.stderr.write(
      `${counted(seen.connections, 'connection')}, ${counted(seen.packets, 'packet')}, ${counted(seen.faults, 'fault')} made, ${counted(seen.violations, 'violation')} of the specification seen\n`,
    );
  return ExitCode.Success;
}

function eventOf(io: CommandIo, connection: number, text: string): ProxiedThing {
  return { kind: 'event', wallMs: io.wallMs(), connection, direction: 'toServer', text, isBad: false };
}

function rulesFrom(values: ProxyValues): ProxyRules {
  const { delay = 0, delayToServer = delay, delayToClient = delay, jitter = 0 } = values;
  return {
    delayToServerMs: delayToServer,
    delayToClientMs: delayToClient,
    jitterMs: jitter,
    drop: values.drop,
    duplicate: values.duplicate,
    cutAfterPackets: values.cutAfter,
    cutAfterBytes: values.cutAfterBytes,
    halfOpenAfterPackets: values.halfOpenAfter,
  };
}

/** @returns `address:port` */
function listening(server: ReturnType<typeof createServer>, { host, port }: ListenAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'something listens there already; --listen takes another port'
          : error.message;
      reject(new CommandFailure(`cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(
        typeof address === 'object' && address !== null ? `${host}:${address.port}` : `${host}:${port}`,
      );
    });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
