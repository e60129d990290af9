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
import { Publisher } from '../pub/publisher.ts';
import { StatusLine } from '../terminal/status-line.ts';
import { timeText } from './recording.ts';
import type { RecordedMessage } from './recording-line.ts';
import { readRecording } from './recording-reader.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { ReplaySchedule } from './replay-schedule.ts';
import { remapped } from './topic-remapping.ts';

type ReplayValues = FlagValues<ReplayFlags>;

const MESSAGES_UNDER_WAY = 10_000;
/** Shorter than that, in ms, nobody waits: timers are no better. */
const SHORTEST_WAIT_MS = 0.5;
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
  #failed = 0;
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
    // What is wrong with the file is said before anything is published.
    await readRecording(this.#path);
    const client = await this.#connect();
    const publisher = this.#makePublisher(client);
    this.#publisher = publisher;
    const onAbort = (): void => this.#stop();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const { loop = 1 } = this.#values;
      for (let round = 0; (loop === 0 || round < loop) && !this.#isStopped; round++) {
        const before = publisher.published;
        await this.#playOnce(publisher);
        if (publisher.published === before) break;
      }
      if (!this.#isStopped) await publisher.drain();
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
    return this.#failed > 0 ? ExitCode.Failure : ExitCode.Success;
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
        client.on('error', () => {});
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
        if (this.#isStopped) return;
        this.#failed += 1;
        if (this.#failed === 1) this.#tell(error.message);
      },
    });
  }

  async #playOnce(publisher: Publisher): Promise<void> {
    const { from = 0, to = Number.POSITIVE_INFINITY, speed = 1 } = this.#values;
    const { messages } = await readRecording(this.#path);
    this.#schedule = new ReplaySchedule(this.#io.nowMs(), from * 1000, speed);
    for await (const batch of messages) {
      const wanted = batch.filter(
        ({ atUs, message }) => atUs >= from * 1000 && this.#isWanted(message.topicName),
      );
      for (let at = 0; at < wanted.length && !this.#isStopped; ) {
        if (wanted[at]!.atUs > to * 1000) return;
        at = await this.#playDue(wanted, at, publisher);
      }
      if (this.#isStopped) return;
    }
  }

  /** Publishes those that are due together. @returns where the next ones begin */
  async #playDue(wanted: readonly RecordedMessage[], start: number, publisher: Publisher): Promise<number> {
    const { to = Number.POSITIVE_INFINITY } = this.#values;
    const waitMs = this.#schedule.dueMs(wanted[start]!.atUs) - this.#io.nowMs();
    if (waitMs > SHORTEST_WAIT_MS) {
      this.#status.show(() => this.#text(wanted[start]!.atUs));
      await this.#sleep(waitMs);
      return start;
    }
    const nowMs = this.#io.nowMs();
    let end = start;
    const due: InputMessage[] = [];
    for (; end < wanted.length; end++) {
      const { atUs, message } = wanted[end]!;
      if (atUs > to * 1000 || this.#schedule.dueMs(atUs) - nowMs > SHORTEST_WAIT_MS) break;
      this.#schedule.leaves(atUs, nowMs);
      due.push(this.#changed(message));
    }
    this.#status.show(() => this.#text(wanted[end - 1]?.atUs ?? 0));
    try {
      await publisher.publish(due);
    } catch (error) {
      if (this.#isStopped) return end;
      if (error instanceof Error && error.name === 'ClientError')
        throw new CommandFailure(`${this.#path}: ${error.message}`, { cause: error });
      throw error;
    }
    return Math.max(end, start + 1);
  }

  #isWanted(topicName: string): boolean {
    const { filter, filterOut } = this.#values;
    if (filter.length > 0 && !filter.some((each) => matches(each, topicName))) return false;
    return !filterOut.some((each) => matches(each, topicName));
  }

  #changed({ topicName, payload, options }: InputMessage): InputMessage {
    const { qos, noRetain, remap } = this.#values;
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
    if (this.#values.quiet) return;
    const { lateness } = this.#schedule;
    const late =
      lateness === undefined
        ? ''
        : `; ${lateness.meanMs.toFixed(1)} ms late on average, ${lateness.latestMs.toFixed(1)} ms at most`;
    const failed = this.#failed === 0 ? '' : `; ${counted(this.#failed, 'message')} refused`;
    this.#io.stderr.write(`${counted(this.#publisher!.published, 'message')} published${failed}${late}\n`);
  }
}
