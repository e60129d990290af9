/** Listens for clients, and connects each to the server. */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Target } from '../conformance/target.ts';
import { targetsFor } from '../conformance/target-for.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { Interrupted } from '../interruption.ts';
import { textStyleFor } from '../text-style.ts';
import { CaptureFile } from './capture-file.ts';
import { HeldOutput } from './held-output.ts';
import { ProxiedConnection } from './proxied-connection.ts';
import type { ProxiedThing } from './proxied-packet.ts';
import { proxiedJson, proxiedText } from './proxied-text.ts';
import type { ListenAddress, ProxyFlags } from './proxy-flags.ts';
import type { ProxyRules } from './proxy-rules.ts';

type ProxyValues = FlagValues<ProxyFlags>;

const DEFAULT_LISTEN: Readonly<ListenAddress> = { host: '127.0.0.1', port: 1884 };
/** How long it may take to reach the server, in ms. */
const CONNECT_MS = 30_000;
/** At once; a further client is closed. */
const MOST_CONNECTIONS = 10_000;

/**
 * Runs until a signal comes.
 * @throws {CommandFailure} for a port that cannot be listened on, a file that cannot be written
 */
export async function runProxy(values: ProxyValues, io: CommandIo): Promise<number> {
  const [target] = await targetsFor([], values, io);
  return new PacketProxy(target!, values, io).run();
}

class PacketProxy {
  readonly #target: Target;
  readonly #values: ProxyValues;
  readonly #io: CommandIo;
  readonly #rules: ProxyRules;
  readonly #open: Set<ProxiedConnection> = new Set();
  readonly #output: HeldOutput;
  readonly #tellThing: (thing: ProxiedThing) => string;
  #capture: CaptureFile | undefined;
  #connections = 0;
  #packets = 0;
  #violations = 0;
  #faults = 0;

  constructor(target: Target, values: ProxyValues, io: CommandIo) {
    this.#target = target;
    this.#values = values;
    this.#io = io;
    this.#rules = rulesFrom(values);
    const style = textStyleFor(io.stdout as NodeJS.WriteStream);
    const { verbose, ndjson } = values;
    this.#tellThing = (thing) =>
      ndjson ? proxiedJson(thing, verbose) : proxiedText(thing, { style, verbose });
    this.#output = new HeldOutput((isHeld) => {
      for (const connection of this.#open) connection.holdForOutput(isHeld);
    });
  }

  async run(): Promise<number> {
    const { pcap, listen, quiet } = this.#values;
    const { signal, stderr } = this.#io;
    const over = new Promise<void>((resolve, reject) => {
      if (pcap !== undefined) this.#capture = new CaptureFile(pcap, this.#output, reject);
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // Looked at below, and it may come before.
    over.catch(() => {});
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#onClient(client));
    server.maxConnections = MOST_CONNECTIONS;
    try {
      const address = await listening(server, listen ?? DEFAULT_LISTEN);
      server.on('error', ({ message }) => this.#warn(`a client could not be taken: ${message}`));
      server.on('drop', () => this.#warn(`a client was closed: ${MOST_CONNECTIONS} are connected`));
      if (!quiet)
        stderr.write(`Listening on ${address}, connecting to ${this.#target.name}; Ctrl+C ends it\n`);
      await over;
    } finally {
      server.close();
      for (const connection of this.#open) connection.end('the proxy ends');
      await this.#capture?.close();
    }
    // Who has closed the pipe wants to know no more.
    if (!quiet && signal.reason instanceof Interrupted) stderr.write(`${this.#summary()}\n`);
    return ExitCode.Success;
  }

  #onClient(client: Socket): void {
    const { nowMs, wallMs, random } = this.#io;
    const number = ++this.#connections;
    const connection: ProxiedConnection = new ProxiedConnection({
      number,
      client,
      rules: this.#rules,
      capture: this.#capture?.open(number, wallMs()),
      tell: (thing) => this.#tell(thing),
      nowMs,
      wallMs,
      random,
      onEnd: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    if (this.#output.isHeld) connection.holdForOutput(true);
    const text = `a client has connected from ${client.remoteAddress} port ${client.remotePort}`;
    this.#tell({
      kind: 'event',
      wallMs: wallMs(),
      connection: number,
      direction: 'toServer',
      text,
      isBad: false,
    });
    void this.#reachServer(connection);
  }

  async #reachServer(connection: ProxiedConnection): Promise<void> {
    const timer = setTimeout(
      () => connection.end(`${this.#target.name} was not reached within ${CONNECT_MS / 1000} s`),
      CONNECT_MS,
    );
    try {
      connection.attach(await this.#target.open(connection, connection.openingSignal));
    } catch (error) {
      connection.end(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(thing: ProxiedThing): void {
    if (thing.kind === 'packet') {
      this.#packets += 1;
      this.#violations += thing.violations.length;
      if (thing.fault !== undefined) this.#faults += 1;
    }
    this.#output.write(this.#io.stdout, this.#tellThing(thing));
  }

  #warn(text: string): void {
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#io.programName}: ${text}\n`);
  }

  #summary(): string {
    return `${counted(this.#connections, 'connection')}, ${counted(this.#packets, 'packet')}, ${counted(this.#faults, 'fault')} made, ${counted(this.#violations, 'violation')} of the specification seen`;
  }
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
function listening(server: Server, { host, port }: ListenAddress): Promise<string> {
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'something listens there already; --listen takes another port'
          : error.message;
      reject(new CommandFailure(`cannot listen on ${shownHost}:${port}: ${why}`, { cause: error }));
    };
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`${shownHost}:${bound}`);
    });
  });
}
