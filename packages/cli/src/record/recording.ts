/** A recording under way, from the connection to the summary. */
import type { Client, Message } from '@martlet/client';
import { matches } from '@martlet/protocol';
import { bytesText, counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { clientFor } from '../connection/client-for.ts';
import { connectionFailureOf } from '../connection/connection-failure.ts';
import { serverUrlsFor } from '../connection/server-urls-for.ts';
import { TransportValve } from '../connection/transport-valve.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { Interrupted } from '../interruption.ts';
import { StatusLine } from '../terminal/status-line.ts';
import type { RecordFlags } from './record-flags.ts';
import { RecordingFile } from './recording-file.ts';
import { timeText } from './time-text.ts';

type RecordValues = FlagValues<RecordFlags>;

const EVERYTHING = '#';
const RECONNECT = { minimumDelayMs: 500, maximumDelayMs: 10_000 } as const;
/** A timer takes no more, in ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

export class Recording {
  readonly #values: RecordValues;
  readonly #path: string;
  readonly #io: CommandIo;
  readonly #status: StatusLine;
  readonly #valve: TransportValve = new TransportValve();
  #file: RecordingFile | undefined;
  #beganMs: number;
  #failure: unknown;
  #isOver = false;
  #onOver: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(values: RecordValues, path: string, io: CommandIo) {
    this.#values = values;
    this.#path = path;
    this.#io = io;
    this.#status = new StatusLine(io.stderr, () => io.nowMs());
    this.#beganMs = io.nowMs();
  }

  /**
   * @returns the exit code; Ctrl+C is how a recording is meant to end
   * @throws {CommandFailure} for a file that cannot be written
   * @throws {ConnectionFailure} when there is no connection, or it is lost for good
   */
  async run(): Promise<number> {
    const { signal } = this.#io;
    const onAbort = (): void => this.#finish();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const client = await this.#connect();
      this.#file = await this.#createFile();
      this.#beganMs = this.#io.nowMs();
      await this.#subscribe(client);
      this.#endAt(this.#beganMs + (this.#values.duration ?? Number.POSITIVE_INFINITY));
      await this.#untilOver();
      await client.close();
    } catch (error) {
      if (!(signal.reason instanceof Interrupted) || this.#file === undefined) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(this.#timer);
      this.#status.end();
      await this.#file?.close();
    }
    this.#failure ??= this.#file?.failure;
    if (this.#failure !== undefined) throw this.#failure;
    this.#tellSummary();
    return ExitCode.Success;
  }

  #connect(): Promise<Client> {
    return clientFor(this.#values, this.#io, {
      protocolVersion: 5,
      options: { reconnect: RECONNECT, fallback: this.#values.protocolVersion === undefined },
      wrapTransport: (open) => this.#valve.wrap(open),
      prepare: (client) => this.#listen(client),
    });
  }

  #listen(client: Client): void {
    client.on('offline', ({ error, reconnectMs }) => {
      if (this.#file !== undefined && reconnectMs !== undefined)
        this.#tell(`${error.message}; what comes meanwhile is missing, trying again`);
    });
    client.on('closed', (error) => {
      if (error !== undefined)
        this.#fail(connectionFailureOf(error, client.server?.protocolVersion ?? 5, 'the server'));
    });
    client.on('error', () => {});
    client.on('warning', ({ message }) => this.#tell(message));
  }

  async #createFile(): Promise<RecordingFile> {
    const [server = ''] = await serverUrlsFor(this.#values);
    const header = {
      startedAt: new Date(this.#io.wallMs()).toISOString(),
      server: server.replace(/\/\/[^@/]*@/, '//'),
      filters: this.#filters,
    };
    const place = { path: this.#path, force: this.#values.force, stdout: this.#io.stdout };
    return RecordingFile.create(place, header, {
      onClogged: () => this.#valve.hold(),
      onFree: () => this.#valve.release(),
      onFailed: () => this.#finish(),
    });
  }

  get #filters(): readonly string[] {
    const { topicFilter } = this.#values;
    return topicFilter.length === 0 ? [EVERYTHING] : topicFilter;
  }

  async #subscribe(client: Client): Promise<void> {
    const { qos = 2, noRetained } = this.#values;
    const isV5 = client.server?.protocolVersion === 5;
    // One handler for all filters, which the client calls once for a message that several of them match.
    const onMessage = (message: Message): void => {
      if (isV5 || !noRetained || !message.retain) this.#add(message);
    };
    await Promise.all(
      this.#filters.map(async (filter) => {
        const options = {
          qos: qos as 0 | 1 | 2,
          ...(isV5
            ? { retainAsPublished: true, retainHandling: noRetained ? (2 as const) : (0 as const) }
            : {}),
        };
        try {
          await client.subscribe(filter, options, onMessage);
        } catch (error) {
          if (error instanceof Error && error.name === 'ClientError')
            throw new CommandFailure(error.message, { cause: error });
          throw error;
        }
      }),
    );
  }

  #add(message: Message): void {
    if (this.#isOver || this.#file === undefined) return;
    const { filterOut, count } = this.#values;
    if (filterOut.some((filter) => matches(filter, message.topicName))) return;
    const { nowMs, wallMs } = this.#io;
    this.#file.add(message, (nowMs() - this.#beganMs) * 1000, wallMs());
    this.#status.show(() => this.#text());
    if (this.#file.messages === count) this.#finish();
  }

  #text(): string {
    const { messages, payloadBytes } = this.#file!;
    const seconds = Math.floor((this.#io.nowMs() - this.#beganMs) / 1000);
    return `Recording  ${counted(messages, 'message')}, ${bytesText(payloadBytes)}, ${timeText(seconds)}  (Ctrl+C ends it)`;
  }

  #tellSummary(): void {
    if (this.#values.quiet || this.#file === undefined) return;
    const { messages, payloadBytes } = this.#file;
    const seconds = Math.round((this.#io.nowMs() - this.#beganMs) / 1000);
    const where = this.#path === '-' ? 'standard output' : this.#path;
    this.#io.stderr.write(
      `${counted(messages, 'message')}, ${bytesText(payloadBytes)}, ${timeText(seconds)}: ${where}\n`,
    );
  }

  #tell(text: string): void {
    this.#status.end();
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#io.programName}: ${text}\n`);
  }

  /** A timer takes less than a month. */
  #endAt(endMs: number): void {
    const leftMs = endMs - this.#io.nowMs();
    if (leftMs <= 0) this.#finish();
    else if (leftMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#endAt(endMs), Math.min(leftMs, LONGEST_TIMER_MS));
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#onOver();
  }

  #untilOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#onOver = resolve;
      if (this.#isOver) resolve();
    });
  }
}
