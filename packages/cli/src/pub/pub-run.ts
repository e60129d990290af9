/** Publishes what a source gives, from the connection to the last acknowledgement. */
import type { Client, ClientError, ConnectOptions } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { clientFor } from '../connection/client-for.ts';
import type { ConnectionFailure } from '../connection/connection-failure.ts';
import { Departure } from '../connection/departure.ts';
import { lostConnection, lostText } from '../connection/lost-connection.ts';
import { ExitCode } from '../exit-code.ts';
import { isMosquittoName } from '../run-command.ts';
import { eventsTold } from './events-told.ts';
import { LostProperties } from './lost-properties.ts';
import type { PubPlan, PubValues } from './pub-plan.ts';
import { PublishProgress } from './publish-progress.ts';
import { Publisher } from './publisher.ts';
import { Pacer } from './rate.ts';
import { Refusals } from './refusals.ts';

/** Under way at once, where `-M` says nothing: enough for every server, and few enough to hold. */
const MESSAGES_UNDER_WAY = 10_000;
/**
 * The same at QoS 2 before MQTT 5.0, where a server cannot say how much it takes. Mosquitto takes as many, acknowledges what
 * goes beyond, and drops it.
 */
const EXACTLY_ONCE_UNDER_WAY = 20;
/** Between two looks at what is still under way, in ms. */
const LOOKED_AGAIN_MS = 20;
/** What is under way after Ctrl-C gets so long, in ms. */
const LEAVING_MS = 1000;
/** Between attempts to connect again, in ms: soon at first. */
const RECONNECT = { minimumDelayMs: 500, maximumDelayMs: 15_000 } as const;

export class PubRun {
  readonly #values: PubValues;
  readonly #plan: PubPlan;
  readonly #io: CommandIo;
  readonly #tell: (text: string) => void;
  readonly #refusals: Refusals;
  readonly #progress: PublishProgress;
  readonly #departure: Departure;
  /** Where the server speaks an older version than lines may need. */
  #lostProperties: LostProperties | undefined;
  #client: Client | undefined;
  #publisher: Publisher | undefined;
  /** What ended the client. */
  #ended: ClientError | undefined;
  /** Since when there is no connection, in ms. */
  #offlineMs: number | undefined;
  #lastTold: string | undefined;
  #stopSleep: (() => void) | undefined;

  /** @param tell writes a line to standard error, unless that is to be quiet */
  constructor(values: PubValues, plan: PubPlan, io: CommandIo, tell: (text: string) => void) {
    this.#values = values;
    this.#plan = plan;
    this.#io = io;
    this.#tell = tell;
    // What -d writes goes to the terminal as well, and a bar would come between.
    this.#progress = new PublishProgress(io, values.quiet || (values.debug && io.stdout.isTTY === true));
    this.#departure = new Departure(plan.given.disconnect);
    this.#refusals = new Refusals(isMosquittoName(io.programName), (text) => {
      this.#progress.hide();
      tell(text);
    });
  }

  /**
   * @returns the exit code
   * @throws {CommandFailure} for what cannot be sent
   * @throws {ConnectionFailure} when there is no connection, or it is lost for good
   * @throws the reason of the signal that ended it
   */
  async run(): Promise<number> {
    const { signal } = this.#io;
    const onAbort = (): void => this.#onAbort();
    const client = await this.#connect();
    this.#client = client;
    this.#publisher = this.#makePublisher(client);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    try {
      await this.#publishAll(this.#publisher);
      await this.#publisher.drain();
      await this.#untilAnswered(client);
      await eventsTold();
    } catch (error) {
      // What the client throws is about a message; why it ended says more.
      if (!signal.aborted && this.#ended === undefined) throw asFailure(error, this.#publisher.published);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#plan.source.close();
      this.#progress.end();
    }
    if (signal.aborted) await this.#leave(client);
    signal.throwIfAborted();
    if (this.#ended !== undefined) throw this.#lostForGood(this.#ended);
    await this.#departure.leave(client, signal);
    signal.throwIfAborted();
    return this.#end();
  }

  #connect(): Promise<Client> {
    const { given, isStream, hasRecords } = this.#plan;
    const { protocolVersion, properties } = this.#values;
    const has5 = hasRecords || properties.length > 0;
    if (hasRecords && protocolVersion !== undefined && protocolVersion < 5) this.#loseProperties(true);
    const isOpen = hasRecords && protocolVersion === undefined && this.#values.sessionExpiry === undefined;
    const options: Partial<ConnectOptions> = {
      // The publisher bounds what waits.
      queue: { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
      reconnect: isStream && this.#values.reconnectFor !== 0 ? RECONNECT : false,
    };
    return clientFor(this.#values, this.#io, {
      options,
      ...(has5 ? { protocolVersion: 5 } : {}),
      ...(isOpen ? { onOlderVersion: () => this.#loseProperties(false) } : {}),
      connectProperties: given.connect,
      willProperties: given.will,
      wrapTransport: (open) => this.#departure.wrap(open),
      prepare: (client) => this.#listen(client),
    });
  }

  #loseProperties(isAsked: boolean): void {
    this.#lostProperties = new LostProperties(isAsked, (text) => this.#tellBeside(text));
  }

  #listen(client: Client): void {
    let wasOnline = false;
    client.on('error', (error) => {
      // The last one is told by `closed`, and a server that broke the protocol by `offline`: neither is about a message.
      if (client.state !== 'closed' && error.kind !== 'remote') this.#refusals.add(error);
    });
    client.on('warning', ({ message }) => this.#tellBeside(message));
    client.on('closed', (error) => {
      // Why there never was a connection is told by whoever asked for it, who may also ask again.
      if (!wasOnline) return;
      this.#ended ??= error;
      this.#publisher?.stop();
      this.#plan.source.close();
      this.#stopSleep?.();
    });
    client.on('offline', ({ error, reconnectMs }) => this.#onOffline(client, error, reconnectMs));
    client.on('online', () => {
      wasOnline = true;
      if (this.#offlineMs !== undefined) this.#tellBeside('connected again');
      this.#offlineMs = undefined;
      this.#lastTold = undefined;
    });
  }

  #onOffline(client: Client, error: ClientError, reconnectMs: number | undefined): void {
    // The first attempt is told by whoever asked for it; the last one by `closed`.
    if (this.#publisher === undefined || reconnectMs === undefined) return;
    const { reconnectFor = Number.POSITIVE_INFINITY } = this.#values;
    const nowMs = this.#io.nowMs();
    this.#offlineMs ??= nowMs;
    if (nowMs - this.#offlineMs + reconnectMs > reconnectFor) {
      this.#ended = error;
      this.#publisher.stop();
      this.#plan.source.close();
      void client.close({ timeoutMs: 0 });
      return;
    }
    // It may fail in the same way for hours.
    const text = this.#offlineMs === nowMs ? lostText(error) : error.message;
    if (text === this.#lastTold) return;
    this.#lastTold = text;
    this.#tellBeside(`${text}; trying again`);
  }

  #makePublisher(client: Client): Publisher {
    const { maximumInFlight, rate, qos = 0 } = this.#values;
    // What is not acknowledged is not under way either.
    const isLimited = maximumInFlight !== undefined && (qos > 0 || this.#plan.hasRecords);
    const { nowMs } = this.#io;
    return new Publisher(client, {
      maximumMessages: isLimited ? maximumInFlight : this.#underWay(client),
      pacer: rate === undefined ? undefined : new Pacer(rate, nowMs()),
      nowMs,
      sleep: (ms) => this.#sleep(ms),
      onHanded: (published) => this.#progress.show(published),
      onFailed: (error, number) => {
        if (this.#ended === undefined && error.code !== 'CLOSED') this.#refusals.add(error, number);
      },
    });
  }

  /** Of a batch the last message may be answered before others, where acknowledgements are lost: those are waited for too. */
  async #untilAnswered(client: Client): Promise<void> {
    while (!this.#io.signal.aborted && this.#ended === undefined) {
      const { queuedMessages, inFlight } = client.gauges;
      if (queuedMessages + inFlight === 0) return;
      await this.#sleep(LOOKED_AGAIN_MS);
    }
  }

  #underWay(client: Client): number {
    const isBlind = this.#values.qos === 2 && (client.server?.protocolVersion ?? 5) < 5;
    return isBlind ? EXACTLY_ONCE_UNDER_WAY : MESSAGES_UNDER_WAY;
  }

  async #publishAll(publisher: Publisher): Promise<void> {
    const { source, repeatDelayMs } = this.#plan;
    const { signal } = this.#io;
    let left = this.#values.count ?? Number.POSITIVE_INFINITY;
    this.#progress.start();
    while (left > 0 && !signal.aborted && this.#ended === undefined) {
      const messages = await source.next();
      if (messages === undefined) return;
      this.#lostProperties?.check(messages, publisher.published);
      this.#progress.read(messages.length, source.progress, publisher.published);
      if (repeatDelayMs !== undefined && publisher.published > 0) await this.#sleep(repeatDelayMs);
      await publisher.publish(messages.length > left ? messages.slice(0, left) : messages);
      if (repeatDelayMs !== undefined) await publisher.drain();
      left -= messages.length;
      if (!signal.aborted) this.#progress.show(publisher.published);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined || this.#io.signal.aborted) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, ms);
      this.#stopSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #onAbort(): void {
    this.#publisher?.stop();
    this.#plan.source.close();
    this.#stopSleep?.();
    // What waits for an acknowledgement now ends: with one, or when the client is closed.
    void this.#client?.close({ timeoutMs: LEAVING_MS });
  }

  async #leave(client: Client): Promise<void> {
    const { queuedMessages, inFlight } = client.gauges;
    await client.close();
    const { published } = this.#publisher!;
    if (isMosquittoName(this.#io.programName)) return;
    if (!this.#plan.isStream && this.#plan.repeatDelayMs === undefined) return;
    const open = queuedMessages + inFlight;
    const rest = open === 0 ? '' : `, ${open.toLocaleString('en-US')} of them without an answer`;
    this.#tell(`stopped: ${counted(published, 'message')} published${rest}`);
  }

  #end(): number {
    const { refused, failed } = this.#refusals;
    this.#refusals.tellRest();
    this.#tellIfNobodyListened();
    this.#progress.tellSummary(this.#publisher!.published, this.#tell);
    // Mosquitto's tools warn of a message that the server refuses, and have succeeded all the same.
    const isRefused = refused > 0 && !isMosquittoName(this.#io.programName);
    return failed > 0 || isRefused ? ExitCode.Failure : ExitCode.Success;
  }

  /** For whoever tries something out; scripts may well publish before anybody has subscribed. */
  #tellIfNobodyListened(): void {
    const { published, lastReasonCode } = this.#publisher!;
    const { stderr, programName } = this.#io;
    if (published !== 1 || lastReasonCode !== ReasonCode.NoMatchingSubscribers || this.#values.retain) return;
    if (stderr.isTTY === true && !isMosquittoName(programName))
      this.#tell('the server has it, but nobody has subscribed to its topic');
  }

  #lostForGood(error: ClientError): ConnectionFailure {
    this.#refusals.tellRest();
    const { published } = this.#publisher!;
    const more = `${counted(published, 'message')} had been published`;
    return lostConnection(error, this.#plan.isStream ? more : undefined);
  }

  #tellBeside(text: string): void {
    this.#progress.hide();
    this.#tell(text);
  }
}

/** @param published messages before the one that was refused */
function asFailure(error: unknown, published: number): unknown {
  if (!(error instanceof Error) || error.name !== 'ClientError') return error;
  return new CommandFailure(published === 0 ? error.message : `message ${published + 1}: ${error.message}`, {
    cause: error,
  });
}
