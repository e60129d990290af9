/** Runs the lives of devices against a server, in real time or faster. */
import { readFile } from 'node:fs/promises';
import type { Client, ConnectOptions } from '@martlet/client';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { connectOptionsFor } from '../connection/connect-options-for.ts';
import { connectionFailureOf } from '../connection/connection-failure.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { timeText } from '../record/time-text.ts';
import { StatusLine } from '../terminal/status-line.ts';
import type { DueMessage, Step } from './device-life.ts';
import { DeviceLife } from './device-life.ts';
import { parseScenario } from './scenario.ts';
import { seededRandom } from './seeded-random.ts';
import type { SimulateFlags } from './simulate-flags.ts';

type SimulateValues = FlagValues<SimulateFlags>;

const DEFAULT_WITHIN_MS = 1000;
/** A timer takes no more, in ms. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** Devices that fail in the same way are told of once in this time, in ms. */
const TOLD_AGAIN_MS = 10_000;
/** What is under way at the end gets so long, in ms. */
const LEAVING_MS = 2000;

interface Device {
  readonly life: DeviceLife;
  client: Client | undefined;
}

export class Simulation {
  readonly #devices: readonly Device[];
  readonly #values: SimulateValues;
  readonly #io: CommandIo;
  readonly #options: ConnectOptions;
  readonly #status: StatusLine;
  readonly #beganMs: number;
  readonly #told: Map<string, number> = new Map();
  #published = 0;
  #failed = 0;
  #online = 0;
  #wasOnline = false;
  #firstFailure: Error | undefined;
  #wake: (() => void) | undefined;
  /** In ms of the simulation; Infinity: at Ctrl+C. */
  readonly #endMs: number;

  private constructor(
    devices: readonly Device[],
    values: SimulateValues,
    options: ConnectOptions,
    io: CommandIo,
  ) {
    this.#devices = devices;
    this.#values = values;
    this.#options = options;
    this.#io = io;
    this.#status = new StatusLine(io.stderr, () => io.nowMs());
    this.#beganMs = io.nowMs();
    this.#endMs = (values.duration ?? Number.POSITIVE_INFINITY) * (values.speed ?? 1);
  }

  /** @throws {CommandFailure | UsageError} for a scenario that cannot be read or meant */
  static async of(path: string, values: SimulateValues, io: CommandIo): Promise<Simulation> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw CommandFailure.ofFile(path, error);
    }
    const { devices: specs } = parseScenario(text, path);
    const seed = values.seed ?? Math.floor(io.random() * 0x1_0000_0000);
    const random = seededRandom(seed);
    const devices = specs.flatMap((spec) =>
      Array.from({ length: spec.count }, (_, at): Device => {
        const life = new DeviceLife({
          spec,
          number: at + 1,
          // Each device has a chance of its own, so that one more of a kind changes nothing for the others.
          random: seededRandom(Math.floor(random() * 0x1_0000_0000)),
          env: io.env,
          beginWithinMs: values.within ?? DEFAULT_WITHIN_MS,
          wallMs: () => io.wallMs(),
        });
        return { life, client: undefined };
      }),
    );
    const options = await connectOptionsFor(values, io, { protocolVersion: 5 });
    if (!values.quiet)
      io.stderr.write(`${counted(devices.length, 'device')}, seed ${seed}; Ctrl+C ends it\n`);
    return new Simulation(devices, values, options, io);
  }

  /**
   * @returns the exit code; Ctrl+C is how a simulation without a duration is meant to end
   * @throws {CommandFailure} if no device ever got a connection
   */
  async run(): Promise<number> {
    const { signal } = this.#io;
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted && this.#elapsedMs < this.#endMs) {
        for (const device of this.#devices) this.#live(device);
        this.#status.show(() => this.#text());
        await this.#sleepUntilNext();
        if (!this.#wasOnline && this.#firstFailure !== undefined && this.#online === 0) break;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#status.end();
      await Promise.all(this.#devices.map(({ client }) => client?.close({ timeoutMs: LEAVING_MS })));
    }
    if (!this.#wasOnline && this.#firstFailure !== undefined)
      throw connectionFailureOf(this.#firstFailure, this.#options.protocolVersion ?? 5, 'the server');
    this.#tellSummary();
    return ExitCode.Success;
  }

  /** Of the devices, in ms. */
  get #elapsedMs(): number {
    return (this.#io.nowMs() - this.#beganMs) * (this.#values.speed ?? 1);
  }

  #live(device: Device): void {
    const nowMs = this.#elapsedMs;
    for (let step = device.life.step(nowMs); step !== undefined; step = device.life.step(nowMs))
      this.#do(device, step);
  }

  #do(device: Device, step: Step): void {
    switch (step.kind) {
      case 'connect':
        this.#connect(device);
        return;
      case 'leave':
        this.#leave(device, step.breaks);
        return;
      case 'publish':
        this.#publish(device, step.message);
    }
  }

  #connect(device: Device): void {
    const { life } = device;
    const { keepAlive, sessionExpiryInterval } = life.spec.connection;
    void this.#connectWith(device, {
      ...this.#options,
      clientId: life.clientId,
      keepAlive,
      sessionExpiryInterval,
      cleanStart: sessionExpiryInterval === 0,
      ...(life.will === undefined ? {} : { will: life.will }),
    });
  }

  async #connectWith(device: Device, options: ConnectOptions): Promise<void> {
    const { connect } = await import('@martlet/client');
    if (this.#io.signal.aborted) return;
    const client = connect(options);
    device.client = client;
    let isOnline = false;
    client.on('online', () => {
      this.#wasOnline = true;
      isOnline = true;
      this.#online += 1;
    });
    const offline = (error: Error | undefined): void => {
      if (isOnline) this.#online -= 1;
      isOnline = false;
      if (error === undefined || device.client !== client) return;
      this.#firstFailure ??= error;
      if (this.#wasOnline) this.#tellOnce(error.message);
      this.#wake?.();
    };
    client.on('offline', ({ error }) => offline(error));
    client.on('closed', (error) => offline(error));
    client.on('error', (error) => this.#tellOnce(error.message));
    client.on('warning', ({ message }) => this.#tellOnce(message));
  }

  #leave(device: Device, breaks: boolean): void {
    const { client } = device;
    device.client = undefined;
    // Reason code 4 has the will published, as it would be if the connection broke.
    const isV5 = client?.server?.protocolVersion === 5;
    void client?.close(breaks && isV5 ? { timeoutMs: LEAVING_MS, reasonCode: 4 } : { timeoutMs: LEAVING_MS });
  }

  #publish({ client }: Device, { topicName, payload, qos, retain }: DueMessage): void {
    if (client === undefined || client.state !== 'online') return;
    this.#published += 1;
    client.publish(topicName, payload, { qos, retain }).acknowledged.catch((error: Error) => {
      this.#failed += 1;
      this.#tellOnce(error.message);
    });
  }

  async #sleepUntilNext(): Promise<void> {
    let nextMs = this.#endMs;
    for (const { life } of this.#devices) nextMs = Math.min(nextMs, life.nextMs);
    const ms = Math.min((nextMs - this.#elapsedMs) / (this.#values.speed ?? 1), LONGEST_TIMER_MS);
    if (this.#io.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #text(): string {
    const seconds = Math.floor((this.#io.nowMs() - this.#beganMs) / 1000);
    return `Simulating  ${this.#online} of ${counted(this.#devices.length, 'device')} online, ${counted(this.#published, 'message')}, ${timeText(seconds)}`;
  }

  #tellOnce(text: string): void {
    const nowMs = this.#io.nowMs();
    if (nowMs - (this.#told.get(text) ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS) return;
    // What a server writes into its reasons may differ each time.
    if (this.#told.size > 1000) this.#told.clear();
    this.#told.set(text, nowMs);
    this.#status.end();
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#io.programName}: ${text}\n`);
  }

  #tellSummary(): void {
    if (this.#values.quiet) return;
    const failed =
      this.#failed === 0 ? '' : `, ${this.#failed.toLocaleString('en-US')} of them refused or lost`;
    this.#io.stderr.write(
      `${counted(this.#devices.length, 'device')}, ${counted(this.#published, 'message')} published${failed}\n`,
    );
  }
}
