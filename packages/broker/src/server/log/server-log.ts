/**
 * The server's log: what the configuration wants told, to where it wants it. A reload opens the new destinations before it
 * gives up the old ones; an entry goes to the one or the other, and none is lost between them.
 */
import type { LogConfiguration, LogDestinationConfiguration } from '../../config/log-configuration.ts';
import type { Log, LogLevel } from '../../core/ports/log.ts';
import { EnvironmentError } from '../../environment-error.ts';
import { openFileDestination } from './file-destination.ts';
import type { LogDestination, ReportTrouble } from './log-destination.ts';
import type { LogEntry } from './log-entry.ts';
import { logTypeOf } from './log-entry.ts';
import type { LineStyle, TimeText } from './log-line.ts';
import type { LogStream } from './stream-destination.ts';
import { StreamDestination } from './stream-destination.ts';
import { SyslogDestination } from './syslog-destination.ts';
import type { TopicWorld } from './topic-destination.ts';
import { TopicDestination } from './topic-destination.ts';

export interface LogWorld {
  readonly stdout: LogStream;
  readonly stderr: LogStream;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Writes times in a format of strftime. @default such formats are refused */
  readonly timeText?: TimeText;
  /** Marks up the name of a level on a terminal. @default as it is */
  readonly markLevel?: (stream: 'stdout' | 'stderr', level: LogLevel) => string;
}

/** Those that need no `timeText`. */
const KNOWN_TIMESTAMPS: readonly string[] = ['iso', 'epoch', 'none'];

/** Lines of before there was a broker to publish them. */
const MAXIMUM_EARLY_LINES = 200;

export class ServerLog implements Log {
  readonly #world: LogWorld;
  #configuration: LogConfiguration;
  #types: ReadonlySet<string>;
  #destinations: readonly LogDestination[];
  /** Of destinations that a reload has given up. */
  #closing: Promise<unknown>;
  #topics: TopicWorld | null;
  /** For the topics, until they are there. */
  #early: (readonly [topicName: string, text: string])[];
  #isReporting: boolean;

  /** @throws {EnvironmentError} if a destination cannot be opened */
  constructor(configuration: LogConfiguration, world: LogWorld) {
    this.#world = world;
    this.#configuration = configuration;
    this.#types = new Set(configuration.types);
    this.#closing = Promise.resolve();
    this.#topics = null;
    this.#early = [];
    this.#isReporting = false;
    this.#destinations = [];
    this.#destinations = this.#opened(configuration);
  }

  write(level: LogLevel, code: string, text: string): void {
    const entry: LogEntry = { wallMs: this.#world.wallMs(), level, code, text };
    if (!this.#types.has(logTypeOf(entry))) return;
    for (const destination of this.#destinations) destination.write(entry);
  }

  /** Whether anything of this type is told anywhere. */
  tells(type: LogConfiguration['types'][number]): boolean {
    return this.#destinations.length > 0 && this.#types.has(type);
  }

  get configuration(): LogConfiguration {
    return this.#configuration;
  }

  /**
   * Opens what another configuration wants. Nothing is written there yet.
   * @returns what changes over, and what gives up what was opened
   * @throws {EnvironmentError} if a destination cannot be opened
   */
  prepare(configuration: LogConfiguration): { readonly commit: () => void; readonly abandon: () => void } {
    const destinations = this.#opened(configuration);
    return {
      commit: () => {
        const before = this.#destinations;
        this.#configuration = configuration;
        this.#types = new Set(configuration.types);
        this.#destinations = destinations;
        this.#close(before);
      },
      abandon: () => this.#close(destinations),
    };
  }

  /** Files are opened anew: they may have been moved away. */
  reopen(): void {
    for (const destination of this.#destinations) destination.reopen();
  }

  /** There is a broker: what goes to topics can be published. */
  attachTopics(topics: TopicWorld): void {
    this.#topics = topics;
    const early = this.#early;
    this.#early = [];
    for (const [topicName, text] of early) topics.publish(topicName, text);
  }

  /** The broker goes: nothing is published any more. */
  detachTopics(): void {
    this.#topics = null;
    this.#early = [];
  }

  /** Fulfils when everything is written, or cannot be. Nothing is logged from then on. */
  async close(): Promise<void> {
    const destinations = this.#destinations;
    this.#destinations = [];
    this.#close(destinations);
    await this.#closing;
  }

  #close(destinations: readonly LogDestination[]): void {
    const closed = destinations.map((destination) => destination.close());
    this.#closing = Promise.all([this.#closing, ...closed]);
  }

  #opened({ destinations, format, timestamps }: LogConfiguration): readonly LogDestination[] {
    const { timeText } = this.#world;
    if (timeText === undefined && !KNOWN_TIMESTAMPS.includes(timestamps)) throw noTimeText(timestamps);
    const style: LineStyle = { format, timestamps, timeText: timeText ?? ((known) => known) };
    const opened: LogDestination[] = [];
    try {
      for (const destination of destinations) {
        const place = this.#open(destination, style, (code, text) => this.#reportTrouble(place, code, text));
        if (place !== null) opened.push(place);
      }
      return opened;
    } catch (error) {
      this.#close(opened);
      throw error;
    }
  }

  #open(
    destination: LogDestinationConfiguration,
    style: LineStyle,
    report: ReportTrouble,
  ): LogDestination | null {
    const { stdout, stderr, markLevel = (_stream, level) => level } = this.#world;
    switch (destination.type) {
      case 'stderr':
        return new StreamDestination(stderr, style, (level) => markLevel('stderr', level));
      case 'stdout':
        return new StreamDestination(stdout, style, (level) => markLevel('stdout', level));
      case 'file':
        return openFileDestination(destination.path, style, report);
      case 'syslog':
        return new SyslogDestination(destination, report);
      case 'topic':
        return new TopicDestination(style, {
          publish: (topicName, text) => this.#publish(topicName, text),
          soon: (callback) => (this.#topics === null ? setImmediate(callback) : this.#topics.soon(callback)),
        });
      case 'none':
        return null;
    }
  }

  #publish(topicName: string, text: string): void {
    if (this.#topics !== null) this.#topics.publish(topicName, text);
    else if (this.#early.length < MAXIMUM_EARLY_LINES) this.#early.push([topicName, text]);
  }

  /** To every other destination; to standard error where there is none. */
  #reportTrouble(troubled: LogDestination | null, code: string, text: string): void {
    // Trouble with telling of trouble ends here.
    if (this.#isReporting) return;
    this.#isReporting = true;
    const entry: LogEntry = { wallMs: this.#world.wallMs(), level: 'error', code, text };
    const others = this.#destinations.filter((destination) => destination !== troubled);
    if (others.length > 0) for (const destination of others) destination.write(entry);
    else this.#world.stderr.write(`${code}: ${text}\n`);
    this.#isReporting = false;
  }
}

function noTimeText(timestamps: string): EnvironmentError {
  return new EnvironmentError(
    'LOG_NOT_OPENED',
    `log.timestamps: expected ${KNOWN_TIMESTAMPS.join(', ')}, got ${JSON.stringify(timestamps)}; formats of strftime need LogWorld.timeText`,
    undefined,
  );
}
