/** A replay under way, from the file to the summary. */
import type { Client, ClientError } from '@martlet/client';
import { matches } from '@martlet/protocol';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { clientFor } from '../connection/client-for.ts';
import { connectionFailureOf } from '../connection/connection-failure.ts';
import { Departure } from '../connection/departure.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { eventsTold } from '../pub/events-told.ts';
import { Publisher } from '../pub/publisher.ts';
import { Refusals } from '../pub/refusals.ts';
import { StatusLine } from '../terminal/status-line.ts';
import { UsageError } from '../usage-error.ts';
import type { RecordedMessage } from './recording-line.ts';
import type { ReadRecording } from './recording-reader.ts';
import { readRecording } from './recording-reader.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { ReplaySchedule } from './replay-schedule.ts';
import { timeText } from './time-text.ts';
import { playInTime } from './timed-play.ts';
import { remapped } from './topic-remapping.ts';

type ReplayValues = FlagValues<ReplayFlags>;

const MESSAGES_UNDER_WAY = 10_000;
const LONGEST_TIMER_MS = 2_147_483_647;
const RECONNECT = { minimumDelayMs: 500, maximumDelayMs: 10_000 } as const;

export class Replay {
  readonly #values: ReplayValues;
  readonly #path: string;
  readonly #io: CommandIo;
  readonly #status: StatusLine;
  readonly #departure: Departure;
  #publisher: Publisher | undefined;
  #schedule: ReplaySchedule;
  readonly #refusals: Refusals = new Refusals(false, (text) => this.#tell(text));
  #ended: ClientError | undefined;
  #wake: (() => void) | undefined;

  constructor(values: ReplayValues, path: string, io: CommandIo) {
    this.#values = values;
    this.#path = path;
    this.#io = io;
    this.#status = new StatusLine(io.stderr, () => io.nowMs());
    this.#departure = new Departure({});
    this.#schedule = new ReplaySchedule(io.nowMs(), 0, 1);
  }

  /**
   * @returns the exit code
   * @throws {CommandFailure} for a file that is no recording
   * @throws {ConnectionFailure} when there is no connection, or it is lost for good
   * @throws the reason of the signal that ended it
   */
  async run(): Promise<number> {
    const { signal } = this.#io;
    const { loop = 1 } = this.#values;
    if (this.#path === '-' && loop !== 1)
      throw new UsageError('--loop: expected a file, since standard input is there only once, got -');
    // What is wrong with the file is said before anything is published.
    let recording = await readRecording(this.#path, this.#io.stdin);
    const client = await this.#connect();
    const publisher = this.#makePublisher(client);
    this.#publisher = publisher;
    const onAbort = (): void => this.#stop();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (let round = 1; !this.#isStopped; round++) {
        const before = publisher.published;
        await this.#playOnce(recording, publisher);
        // A recording of which nothing is wanted would be read again and again.
        if (round === loop || publisher.published === before || this.#isStopped) break;
        recording = await readRecording(this.#path, this.#io.stdin);
      }
      if (!this.#isStopped) await publisher.drain();
      await eventsTold();
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#status.end();
    }
    await this.#departure.leave(
      client,
      signal.aborted ? AbortSignal.timeout(1000) : signal,
      signal.aborted ? { timeoutMs: 500 } : {},
    );
    if (this.#ended !== undefined)
      throw connectionFailureOf(this.#ended, client.server?.protocolVersion ?? 5, 'the server');
    this.#tellSummary();
    signal.throwIfAborted();
    const { refused, failed } = this.#refusals;
    return refused + failed > 0 ? ExitCode.Failure : ExitCode.Success;
  }

  get #isStopped(): boolean {
    return this.#io.signal.aborted || this.#ended !== undefined;
  }

  #connect(): Promise<Client> {
    return clientFor(this.#values, this.#io, {
      protocolVersion: 5,
      options: {
        reconnect: RECONNECT,
        fallback: this.#values.protocolVersion === undefined,
        queue: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
      },
      wrapTransport: (open) => this.#departure.wrap(open),
      prepare: (client) => {
        client.on('error', (error) => {
          // What the server broke is told by `offline`.
          if (!this.#isStopped && error.kind !== 'remote') this.#refusals.add(error);
        });
        client.on('warning', ({ message }) => this.#tell(message));
        client.on('offline', ({ error, reconnectMs }) => {
          if (this.#publisher !== undefined && reconnectMs !== undefined)
            this.#tell(`${error.message}; trying again`);
        });
        client.on('closed', (error) => {
          this.#ended = error;
          this.#stop();
        });
      },
    });
  }

  #makePublisher(client: Client): Publisher {
    return new Publisher(client, {
      maximumMessages: this.#values.maximumInFlight ?? MESSAGES_UNDER_WAY,
      pacer: undefined,
      nowMs: () => this.#io.nowMs(),
      sleep: (ms) => this.#sleep(ms),
      onFailed: (error) => {
        if (!this.#isStopped) this.#refusals.add(error);
      },
    });
  }

  async #playOnce({ messages }: ReadRecording, publisher: Publisher): Promise<void> {
    const { from = 0, to = Number.POSITIVE_INFINITY, speed = 1 } = this.#values;
    this.#schedule = new ReplaySchedule(this.#io.nowMs(), from * 1000, speed);
    for await (const batch of messages) {
      const wanted = batch.filter(
        ({ atUs, message }) => atUs >= from * 1000 && atUs <= to * 1000 && this.#isWanted(message.topicName),
      );
      await playInTime(wanted, {
        schedule: this.#schedule,
        nowMs: () => this.#io.nowMs(),
        sleep: (ms) => this.#sleep(ms),
        publish: (group) => this.#publish(group, publisher),
        isStopped: () => this.#isStopped,
        onAt: (atUs) => this.#status.show(() => this.#text(atUs)),
      });
      if (this.#isStopped || batch.at(-1)!.atUs > to * 1000) return;
    }
  }

  async #publish(group: readonly RecordedMessage[], publisher: Publisher): Promise<void> {
    try {
      await publisher.publish(group.map(({ message }) => this.#changed(message)));
    } catch (error) {
      if (this.#isStopped) return;
      if (error instanceof Error && error.name === 'ClientError')
        throw new CommandFailure(`${this.#path}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #isWanted(topicName: string): boolean {
    const { filter, filterOut } = this.#values;
    if (filter.length > 0 && !filter.some((each) => matches(each, topicName))) return false;
    return !filterOut.some((each) => matches(each, topicName));
  }

  /** Messages that stay as they are share their options, which the client then checks once. */
  #changed(message: InputMessage): InputMessage {
    const { qos, noRetain, remap } = this.#values;
    if (qos === undefined && !noRetain && remap.length === 0) return message;
    const { topicName, payload, options } = message;
    return {
      topicName: remapped(topicName, remap),
      payload,
      options: {
        ...options,
        ...(qos === undefined ? {} : { qos: qos as 0 | 1 | 2 }),
        ...(noRetain ? { retain: false } : {}),
      },
    };
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isStopped) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #stop(): void {
    this.#publisher?.stop();
    this.#wake?.();
  }

  #text(atUs: number): string {
    return `Replaying  ${counted(this.#publisher!.published, 'message')}, at ${timeText(Math.floor(atUs / 1_000_000))}`;
  }

  #tell(text: string): void {
    this.#status.end();
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#io.programName}: ${text}\n`);
  }

  #tellSummary(): void {
    this.#refusals.tellRest();
    if (this.#values.quiet) return;
    const { lateness } = this.#schedule;
    const late =
      lateness === undefined
        ? ''
        : `; ${lateness.meanMs.toFixed(1)} ms late on average, ${lateness.latestMs.toFixed(1)} ms at most`;
    const { refused, failed } = this.#refusals;
    const bad = refused + failed === 0 ? '' : `; ${counted(refused + failed, 'message')} came to nothing`;
    this.#io.stderr.write(`${counted(this.#publisher!.published, 'message')} published${bad}${late}\n`);
  }
}
