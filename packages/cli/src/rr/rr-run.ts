/** Sends a request, waits for its response, and prints that. */
import { randomBytes } from 'node:crypto';
import type { Client, ClientError, Message, PublishOptions } from '@martlet/client';
import type { Qos, ReasonCode } from '@martlet/protocol';
import { ReasonCode as Reason, reasonCodeText } from '@martlet/protocol';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { clientFor } from '../connection/client-for.ts';
import { Departure } from '../connection/departure.ts';
import { lostConnection } from '../connection/lost-connection.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { ByteBuffer } from '../messages/byte-buffer.ts';
import type { InputMessage } from '../messages/input-message.ts';
import type { MessagePrinter } from '../messages/message-printer.ts';
import type { GivenProperties } from '../messages/property-flag.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { isMosquittoName } from '../run-command.ts';
import { RequestWire } from '../sub/request-wire.ts';
import { latencyText } from './latency-text.ts';
import type { RrFlags } from './rr-flags.ts';

export type RrValues = FlagValues<RrFlags>;

export interface RrPlan {
  readonly request: InputMessage;
  readonly responseTopic: string;
  readonly given: GivenProperties;
  readonly printer: MessagePrinter;
}

/** The exit code of Mosquitto's tools. */
const TIMED_OUT = 27;

export class RrRun {
  readonly #values: RrValues;
  readonly #plan: RrPlan;
  readonly #io: CommandIo;
  readonly #tell: (text: string) => void;
  readonly #departure: Departure;
  readonly #wire: RequestWire;
  readonly #correlationData: Uint8Array | undefined;
  #client: Client | undefined;
  #onResponse: (message: ReceivedMessage) => void = () => {};
  #onFailure: (error: unknown) => void = () => {};
  /** Messages that belong to another request. */
  #foreign = 0;
  #sentMs = Number.NaN;

  /** @param tell writes a line to standard error, unless that is to be quiet */
  constructor(values: RrValues, plan: RrPlan, io: CommandIo, tell: (text: string) => void) {
    this.#values = values;
    this.#plan = plan;
    this.#io = io;
    this.#tell = tell;
    this.#departure = new Departure(plan.given.disconnect);
    this.#wire = new RequestWire({
      // As in mosquitto_rr. It is free again when the request is sent, for which the client may use it.
      firstPacketId: 1,
      hasPacketIds: true,
      onSubscribed: ([reasonCode]) => this.#onSubscribed(reasonCode!),
      onUnsubscribed: () => {},
    });
    this.#correlationData =
      plan.request.options.correlationData ?? (values.correlate ? randomBytes(12) : undefined);
  }

  /**
   * @returns the exit code
   * @throws {CommandFailure} if the server does not let us subscribe or publish
   * @throws {ConnectionFailure}
   * @throws the reason of the signal that ended it
   */
  async run(): Promise<number> {
    const { timeout } = this.#values;
    const timeUp = new AbortController();
    // As in mosquitto_rr, the time to connect is a part of it.
    const timer = timeout === undefined ? undefined : setTimeout(() => timeUp.abort(), timeout * 1000);
    const signal = AbortSignal.any([this.#io.signal, timeUp.signal]);
    try {
      return await this.#runUntil(signal);
    } catch (error) {
      this.#io.signal.throwIfAborted();
      if (!timeUp.signal.aborted) throw error;
      this.#tellTimeout();
      return TIMED_OUT;
    } finally {
      clearTimeout(timer);
    }
  }

  #tellTimeout(): void {
    if (isMosquittoName(this.#io.programName)) this.#tell('Timed out');
    else {
      const rest = this.#foreign === 0 ? '' : `, but ${counted(this.#foreign, 'message')} for other requests`;
      this.#tell(`no response came within the ${this.#values.timeout} s of -W${rest}`);
    }
  }

  async #runUntil(signal: AbortSignal): Promise<number> {
    const { given } = this.#plan;
    const response = new Promise<ReceivedMessage>((resolve, reject) => {
      this.#onResponse = resolve;
      this.#onFailure = reject;
    });
    // Somebody waits for it once there is a connection.
    response.catch(() => {});
    signal.addEventListener('abort', () => this.#onFailure(signal.reason), { once: true });
    // Its streams are opened when they are asked for, so that they cannot be copied.
    const io: CommandIo = Object.create(this.#io, { signal: { value: signal } });
    const client = await clientFor(this.#values, io, {
      protocolVersion: 5,
      options: { reconnect: false },
      connectProperties: given.connect,
      willProperties: given.will,
      wrapTransport: (open) => this.#wire.wrap(this.#departure.wrap(open)),
      prepare: (made) => this.#listen(made),
    });
    try {
      const message = await response;
      await this.#print(message, this.#io.nowMs() - this.#sentMs);
    } catch (error) {
      await client.close({ timeoutMs: 0 });
      throw error;
    }
    await this.#departure.leave(client, signal);
    return ExitCode.Success;
  }

  #listen(client: Client): void {
    const { qos = 0, retainAsPublished, retainHandling = 0 } = this.#values;
    const { responseTopic, given } = this.#plan;
    this.#client = client;
    client.on('unrouted', (message) => this.#onMessage(message));
    client.on('closed', (error) => {
      if (error !== undefined) this.#onFailure(lostConnection(error));
    });
    // What fails is awaited, and why the client ends is told by `closed`.
    client.on('error', () => {});
    client.on('warning', ({ message }) => this.#tell(message));
    client.on('online', ({ protocolVersion }) => {
      const options = { qos: qos as Qos, noLocal: false, retainAsPublished, retainHandling };
      this.#wire.subscribe([{ topicFilter: responseTopic, ...options }], given.subscribe, protocolVersion);
    });
  }

  #onSubscribed(reasonCode: ReasonCode): void {
    if (reasonCode >= 0x80) {
      const why = reasonCodeText(reasonCode, 'suback');
      const text = `the server refuses the subscription to ${this.#plan.responseTopic}: ${why}`;
      this.#onFailure(new CommandFailure(text));
      return;
    }
    this.#request(this.#client!).catch((error: unknown) => {
      // Why the client has ended says more.
      if (this.#client!.state !== 'closed') this.#onFailure(asFailure(error));
    });
  }

  /** Fulfilled when the server has the request. */
  async #request(client: Client): Promise<void> {
    const { topicName, payload } = this.#plan.request;
    this.#sentMs = this.#io.nowMs();
    const { reasonCode } = await client.publish(topicName, payload, this.#requestOptions());
    if (reasonCode === Reason.NoMatchingSubscribers && !isMosquittoName(this.#io.programName))
      this.#tell(`nobody has subscribed to ${topicName}: the request reached no one`);
  }

  #requestOptions(): PublishOptions {
    const { options } = this.#plan.request;
    const correlationData = this.#correlationData;
    return {
      ...options,
      responseTopic: this.#plan.responseTopic,
      ...(correlationData === undefined ? {} : { correlationData }),
    };
  }

  #onMessage(message: Message): void {
    if (!this.#isResponse(message)) return;
    const { topicName, payload, qos, retain, properties } = message;
    this.#onResponse({ topicName, payload, qos, retain, properties, packetId: this.#wire.packetId });
  }

  /** Others may be answered at the same topic. */
  #isResponse({ retain, properties: { correlationData } }: Message): boolean {
    if (retain && this.#values.noStale) return false;
    const expected = this.#correlationData;
    // Before MQTT 5.0 there is none in any message.
    if (expected === undefined || this.#client!.server?.protocolVersion !== 5) return true;
    if (correlationData !== undefined && Buffer.compare(correlationData, expected) === 0) return true;
    this.#foreign++;
    return false;
  }

  async #print(message: ReceivedMessage, latencyMs: number): Promise<void> {
    const { wallMs, stdout } = this.#io;
    const buffer = new ByteBuffer();
    this.#plan.printer.begin(buffer);
    this.#plan.printer.append(buffer, message, wallMs());
    // A message that was there before the request has none.
    if (this.#values.latency && latencyMs >= 0) buffer.appendText(`${latencyText(latencyMs)}\n`);
    const bytes = buffer.take();
    await new Promise<void>((resolve) => {
      stdout.write(bytes, () => resolve());
    });
  }
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ClientError') return error;
  const { code, reasonCode, message } = error as ClientError;
  const text =
    code === 'REFUSED' && reasonCode !== undefined ? `${message} (${reasonCodeText(reasonCode)})` : message;
  return new CommandFailure(text, { cause: error });
}
