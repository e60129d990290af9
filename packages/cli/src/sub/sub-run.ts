/** Prints what comes, from the connection to the reason for which it ends. */
import type { Client, ConnectOptions, Message } from '@martlet/client';
import type { ReasonCode } from '@martlet/protocol';
import { reasonCodeText } from '@martlet/protocol';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { clientFor } from '../connection/client-for.ts';
import { ConnectionFailure, exitCodeForConnection } from '../connection/connection-failure.ts';
import { Departure } from '../connection/departure.ts';
import { ExitCode } from '../exit-code.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { isMosquittoName } from '../run-command.ts';
import { STANDARD_OUTPUT } from '../standard-output.ts';
import { MessageFilter } from './message-filter.ts';
import type { Output } from './output.ts';
import { outputFor } from './output-for.ts';
import { RequestWire } from './request-wire.ts';
import type { SubValues } from './sub-flags.ts';
import type { SubPlan } from './sub-plan.ts';

/** That of Mosquitto's tools when the time of `-W` is over. */
const TIMED_OUT = 27;
/** DISCONNECT: publish the will. Mosquitto's tools say so at Ctrl-C. */
const WITH_WILL = 4;
/** Between attempts to connect again, in ms. Mosquitto's tools try once a second. */
const RECONNECT = { minimumDelayMs: 1000, maximumDelayMs: 10_000 } as const;

/** Why it is over. */
type End =
  | { readonly kind: 'done' | 'timedOut' | 'denied' | 'aborted' }
  | { readonly kind: 'failed'; readonly error: unknown };

export class SubRun {
  readonly #values: SubValues;
  readonly #plan: SubPlan;
  readonly #io: CommandIo;
  readonly #tell: (text: string) => void;
  readonly #isMosquitto: boolean;
  readonly #filter: MessageFilter;
  readonly #wire: RequestWire;
  readonly #departure: Departure;
  #output: Output | undefined;
  #client: Client | undefined;
  #end: End | undefined;
  #onEnd: () => void = () => {};
  #count = 0;
  #wasOnline = false;
  /** Of the last connection. */
  #protocolVersion = 0;
  /** Answers of the server that are due before `-E` ends. */
  #due = 0;

  /** @param tell writes a line to standard error, unless that is to be quiet */
  constructor(values: SubValues, plan: SubPlan, io: CommandIo, tell: (text: string) => void) {
    this.#values = values;
    this.#plan = plan;
    this.#io = io;
    // A line among a picture would tear it.
    this.#tell = (text) => {
      if (this.#output?.tell?.(text) !== true) tell(text);
    };
    this.#isMosquitto = isMosquittoName(io.programName);
    this.#filter = new MessageFilter(values, () => io.random());
    this.#departure = new Departure(plan.given.disconnect);
    this.#wire = new RequestWire({
      // The client sends nothing with an identifier of its own but what removes retained messages.
      firstPacketId: values.removeRetained ? 0xfffe : 1,
      hasPacketIds: plan.hasPacketIds,
      onSubscribed: (reasonCodes, packetId) => this.#onSubscribed(reasonCodes, packetId),
      onUnsubscribed: () => this.#onAnswered(),
    });
  }

  /**
   * @returns the exit code
   * @throws {UsageError} for a format that cannot be meant
   * @throws {CommandFailure} if the output cannot be written
   * @throws {ConnectionFailure} when there is no connection, or it is lost for good
   * @throws the reason of the signal that ended it
   */
  async run(): Promise<number> {
    const { signal } = this.#io;
    const outputName = this.#values.outputFile ?? STANDARD_OUTPUT;
    const output = await outputFor(this.#values, this.#io, {
      onClogged: () => this.#wire.hold(),
      onFree: () => this.#wire.release(),
      onFailed: (error) => this.#finish({ kind: 'failed', error: CommandFailure.ofFile(outputName, error) }),
      onQuit: () => this.#finish({ kind: 'done' }),
      onRemoveRetained: (topicName) => this.#remove(topicName),
    });
    this.#output = output;
    output.start();
    const onAbort = (): void => this.#finish({ kind: 'aborted' });
    signal.addEventListener('abort', onAbort, { once: true });
    const timeUp = new AbortController();
    const timer = this.#startTimer(timeUp);
    try {
      const client = await this.#connect(timeUp.signal);
      await this.#untilEnd();
      clearTimeout(timer);
      await output.end();
      if (client !== undefined) await this.#leave(client);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      await output.end();
    }
    return this.#exitCode();
  }

  /** @returns undefined if the time was up before there was a connection; as in mosquitto_sub, that is a part of it */
  async #connect(timeUp: AbortSignal): Promise<Client | undefined> {
    const { given, protocolVersion } = this.#plan;
    const { signal } = this.#io;
    // Its streams are opened when they are asked for, so that they cannot be copied.
    const io: CommandIo = Object.create(this.#io, { signal: { value: AbortSignal.any([signal, timeUp]) } });
    const connecting = clientFor(this.#values, io, {
      options: this.#clientOptions(),
      protocolVersion,
      connectProperties: given.connect,
      willProperties: given.will,
      wrapTransport: (open) => this.#wire.wrap(this.#departure.wrap(open)),
      prepare: (client) => this.#listen(client),
    });
    try {
      return await connecting;
    } catch (error) {
      if (timeUp.aborted && !signal.aborted) return undefined;
      throw error;
    }
  }

  #clientOptions(): Partial<ConnectOptions> {
    const { receiveMaximum, topicAliasMaximum, maximumPacketSize } = this.#plan.given.connect;
    const { count } = this.#values;
    const most = receiveMaximum ?? 0xffff;
    return {
      reconnect: RECONNECT,
      // What is not printed stays with the server.
      receiveMaximum: count === undefined ? most : Math.min(most, count),
      topicAliasMaximum: topicAliasMaximum ?? 0,
      maximumPacketSize: maximumPacketSize ?? LONGEST_PACKET,
    };
  }

  #listen(client: Client): void {
    this.#client = client;
    client.on('unrouted', (message) => this.#onMessage(message));
    client.on('online', () => this.#onOnline(client));
    client.on('offline', ({ error, reconnectMs }) => {
      if (!this.#wasOnline || reconnectMs === undefined || this.#isMosquitto) return;
      this.#tell(`${error.message}; trying again in ${(reconnectMs / 1000).toFixed(1)} s`);
    });
    client.on('closed', (error) => {
      if (error === undefined || !this.#wasOnline) return;
      const code = exitCodeForConnection(error, this.#protocolVersion);
      this.#finish({ kind: 'failed', error: new ConnectionFailure(error.message, code, error) });
    });
    client.on('error', (error) => {
      // The last one is told by `closed`.
      if (client.state !== 'closed') this.#tell(error.message);
    });
    client.on('warning', (warning) => {
      if (this.#end === undefined && !this.#isMosquitto) this.#tell(warning.message);
    });
  }

  #onOnline(client: Client): void {
    const { sessionPresent, protocolVersion } = client.server!;
    this.#protocolVersion = protocolVersion;
    const isAgain = this.#wasOnline;
    this.#wasOnline = true;
    this.#output!.connected?.();
    if (isAgain && !this.#isMosquitto) this.#tell('connected again');
    // The server has all that this process has asked for; to ask again would bring the retained messages again.
    if (isAgain && sessionPresent && this.#due === 0) return;
    const { subscriptions, given } = this.#plan;
    const { unsubscribe } = this.#values;
    this.#due = 0;
    if (subscriptions.length > 0) {
      this.#due++;
      this.#wire.subscribe(subscriptions, given.subscribe, protocolVersion);
    }
    if (unsubscribe.length > 0) {
      this.#due++;
      this.#wire.unsubscribe(unsubscribe, given.unsubscribe, protocolVersion);
    }
  }

  #onSubscribed(reasonCodes: readonly ReasonCode[], packetId: number): void {
    const { debug, exitAfterSubscribed } = this.#values;
    if (debug) this.#io.stdout.write(`Subscribed (mid: ${packetId}): ${reasonCodes.join(', ')}\n`);
    const { subscriptions } = this.#plan;
    const refused = subscriptions.filter((_, index) => reasonCodes[index]! >= 0x80);
    if (refused.length === subscriptions.length) {
      this.#tellDenied(reasonCodes);
      this.#finish({ kind: 'denied' });
      return;
    }
    if (!this.#isMosquitto) this.#tellRefused(reasonCodes);
    this.#onAnswered();
    if (exitAfterSubscribed && this.#isMosquitto) this.#finish({ kind: 'done' });
  }

  #tellDenied(reasonCodes: readonly ReasonCode[]): void {
    if (this.#isMosquitto) this.#tell('All subscription requests were denied.');
    else this.#tellRefused(reasonCodes);
  }

  #tellRefused(reasonCodes: readonly ReasonCode[]): void {
    for (const [index, { topicFilter }] of this.#plan.subscriptions.entries()) {
      const code = reasonCodes[index]!;
      if (code >= 0x80)
        this.#tell(
          `the server refuses the subscription to ${topicFilter}: ${reasonCodeText(code, 'suback')}`,
        );
    }
  }

  #onAnswered(): void {
    this.#due--;
    if (this.#due === 0 && this.#values.exitAfterSubscribed) this.#finish({ kind: 'done' });
  }

  #onMessage(message: Message): void {
    const { retainedOnly, count } = this.#values;
    if (this.#end === undefined && retainedOnly && !message.retain) this.#finish({ kind: 'done' });
    if (this.#end !== undefined) {
      // What came too much stays with the server, which sends it again to the next one with this session.
      message.reject();
      return;
    }
    const { isRemoved, isTaken, isPrinted } = this.#filter.judge(message);
    if (isRemoved) this.#remove(message.topicName);
    if (isPrinted) this.#print(message);
    if (!isTaken) return;
    this.#count++;
    if (this.#count === count) this.#finish({ kind: 'done' });
  }

  #print(message: Message): void {
    const { topicName, payload, qos, retain, properties } = message;
    const printed: ReceivedMessage = this.#plan.hasPacketIds
      ? { topicName, payload, qos, retain, properties, packetId: this.#wire.packetId }
      : message;
    this.#output!.message(printed, this.#io.wallMs());
  }

  /** An empty retained message takes away the one that is there. */
  #remove(topicName: string): void {
    this.#client!.publish(topicName, '', { qos: 1, retain: true }).catch((error: unknown) => {
      this.#tell(`the retained message of ${topicName} was not removed: ${(error as Error).message}`);
    });
  }

  #startTimer(timeUp: AbortController): NodeJS.Timeout | undefined {
    const { timeout } = this.#values;
    if (timeout === undefined) return undefined;
    return setTimeout(
      () => {
        this.#finish({ kind: 'timedOut' });
        timeUp.abort();
      },
      Math.min(timeout * 1000, LONGEST_TIMER_MS),
    );
  }

  #finish(end: End): void {
    // What was counted as printed may turn out not to be.
    if (this.#end !== undefined && end.kind !== 'failed') return;
    this.#end = end;
    this.#onEnd();
  }

  #untilEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEnd = resolve;
      if (this.#end !== undefined) resolve();
    });
  }

  async #leave(client: Client): Promise<void> {
    const isAborted = this.#end!.kind === 'aborted';
    const isV5 = client.server?.protocolVersion === 5;
    const leavingMs = this.#end!.kind === 'timedOut' ? LATE_MS : LEAVING_MS;
    await this.#departure.leave(client, AbortSignal.timeout(leavingMs), {
      ...(isAborted ? { timeoutMs: 0 } : {}),
      ...(isAborted && isV5 ? { reasonCode: WITH_WILL } : {}),
    });
  }

  #exitCode(): number {
    const end = this.#end!;
    switch (end.kind) {
      case 'done':
        return ExitCode.Success;
      case 'timedOut':
        this.#tell(this.#isMosquitto ? 'Timed out' : `the ${this.#values.timeout} s of -W are over`);
        return TIMED_OUT;
      case 'denied':
        return this.#isMosquitto ? ExitCode.Success : ExitCode.Failure;
      case 'aborted':
        if (!this.#isMosquitto) this.#io.signal.throwIfAborted();
        return ExitCode.Success;
      case 'failed':
        throw end.error;
    }
  }
}

/** In bytes: MQTT has no longer one. */
const LONGEST_PACKET = 268_435_460;
/** A timer takes no more, in ms. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** What is under way at the end gets so long, in ms. */
const LEAVING_MS = 10_000;
/** The same when the time of -W is over: a server that does not answer cannot make it longer. */
const LATE_MS = 500;
