/** Runs the lives of devices against a server, in real time or faster. */
import { readFile } from 'node:fs/promises';
import type { ConnectOptions } from '@martlet/client';
import { openNodeTransport } from '@martlet/client/node-transport';
import { Deadlines } from '@martlet/protocol';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { connectOptionsFor } from '../connection/connect-options-for.ts';
import { connectionFailureOf } from '../connection/connection-failure.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { timeText } from '../record/time-text.ts';
import { StatusLine } from '../terminal/status-line.ts';
import type { DeviceLife } from './device-life.ts';
import { livesFor } from './lives-for.ts';
import { parseScenario } from './scenario-reader.ts';
import type { SimulateFlags } from './simulate-flags.ts';
import type { DeviceListener } from './simulated-device.ts';
import { SimulatedDevice } from './simulated-device.ts';
import { SimulationClock } from './simulation-clock.ts';

export type SimulateValues = FlagValues<SimulateFlags>;

const DEFAULT_WITHIN_MS = 1000;
/** What is under way when a device goes gets so long, in ms. */
const LEAVING_MS = 2000;
/** The same at the end, when all go at once. */
const ENDING_MS = 10_000;
/** A timer takes no more, in ms. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** How often the status is drawn, where somebody looks at it, in ms. */
const REDRAWN_MS = 500;
/** Steps of devices before packets may come and go again. */
const STEPS_AT_ONCE = 1000;
/** Devices that fail in the same way are told of once in this time, in ms. */
const TOLD_AGAIN_MS = 10_000;
/** Different things that are told of, after which all may be told again. */
const MOST_TOLD = 1000;

/**
 * Until its duration is over, or a signal comes, which is how one without a duration is meant to end.
 *
 * @returns the exit code
 * @throws {CommandFailure | UsageError} for a scenario that cannot be read or meant, and for a server that no device gets to
 */
export async function simulate(path: string, values: SimulateValues, io: CommandIo): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  const seed = values.seed ?? Math.floor(io.random() * 0x1_0000_0000);
  const lives = livesFor(parseScenario(text, path, io.env), {
    seed,
    beginWithinMs: values.within ?? DEFAULT_WITHIN_MS,
    beganWallMs: io.wallMs(),
    name: path,
  });
  const options = await connectOptionsFor(values, io, { protocolVersion: 5 });
  if (!values.quiet) io.stderr.write(`${counted(lives.length, 'device')}, seed ${seed}; Ctrl+C ends it\n`);
  return new Simulation(lives, values, options, io).run();
}

class Simulation implements DeviceListener {
  readonly #devices: readonly SimulatedDevice[];
  readonly #deadlines: Deadlines = new Deadlines();
  readonly #clock: SimulationClock;
  readonly #values: SimulateValues;
  readonly #io: CommandIo;
  readonly #options: ConnectOptions;
  readonly #status: StatusLine;
  readonly #beganMs: number;
  readonly #told: Map<string, number> = new Map();
  /** In ms of the devices; Infinity: at Ctrl+C. */
  readonly #endMs: number;
  #published = 0;
  #lost = 0;
  #leftOut = 0;
  #online = 0;
  #wasOnline = false;
  /** Devices that will not connect any more, until their life has them come again. */
  readonly #ended: Set<SimulatedDevice> = new Set();
  /** Why there is no use in going on. */
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(lives: readonly DeviceLife[], values: SimulateValues, options: ConnectOptions, io: CommandIo) {
    const { duration = Number.POSITIVE_INFINITY, speed = 1 } = values;
    const { tls, transport: open = openNodeTransport(tls === undefined ? {} : { tls }) } = options;
    this.#devices = lives.map(
      (life) => new SimulatedDevice({ life, connect: options, open, listener: this }),
    );
    this.#values = values;
    this.#options = options;
    this.#io = io;
    this.#status = new StatusLine(io.stderr, () => io.nowMs());
    this.#beganMs = io.nowMs();
    this.#clock = new SimulationClock(() => io.nowMs(), speed);
    this.#endMs = duration * speed;
  }

  async run(): Promise<number> {
    const { signal } = this.#io;
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    for (const device of this.#devices) this.#deadlines.set(device, device.life.nextMs);
    try {
      while (!signal.aborted && this.#failure === undefined) {
        const nowMs = this.#clock.advance();
        const steps = this.#deadlines.run(Math.min(nowMs, this.#endMs), STEPS_AT_ONCE);
        if (nowMs >= this.#endMs && steps < STEPS_AT_ONCE) break;
        this.#status.show(() => this.#statusText());
        await this.#sleep();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#status.end();
      await Promise.all(this.#devices.map((device) => device.leave(ENDING_MS)));
    }
    if (this.#failure !== undefined)
      throw connectionFailureOf(this.#failure, this.#options.protocolVersion ?? 5, 'the server');
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#summary()}\n`);
    return ExitCode.Success;
  }

  // ---- what devices tell ---------------------------------------------------------------------------------------------

  onDue(device: SimulatedDevice): void {
    const step = device.life.step();
    if (step.kind === 'connect') {
      this.#ended.delete(device);
      device.connect();
    } else if (step.kind === 'leave') void (step.breaks ? device.break() : device.leave(LEAVING_MS));
    else device.publish(step.message);
    this.#deadlines.set(device, device.life.nextMs);
  }

  onOnline(): void {
    this.#online += 1;
    this.#wasOnline = true;
  }

  onOffline(): void {
    this.#online -= 1;
  }

  onFailure(device: SimulatedDevice, error: Error, isFinal: boolean): void {
    if (isFinal) this.#ended.add(device);
    const isHopeless = isFinal ? this.#ended.size === this.#devices.length : !this.#wasOnline;
    if (isHopeless) {
      this.#failure ??= error;
      this.#wake();
    } else this.#tellOnce(error.message);
  }

  onPublished(): void {
    this.#published += 1;
  }

  onLost(error: Error | undefined): void {
    this.#lost += 1;
    if (error !== undefined) this.#tellOnce(error.message);
  }

  onLeftOut(): void {
    this.#leftOut += 1;
  }

  onRemark(text: string): void {
    this.#tellOnce(text);
  }

  // ---- time and text ---------------------------------------------------------------------------------------------------

  async #sleep(): Promise<void> {
    if (this.#io.signal.aborted) return;
    const mostMs = this.#io.stderr.isTTY === true ? REDRAWN_MS : LONGEST_TIMER_MS;
    const ms = this.#clock.plan(Math.min(this.#deadlines.nextMs(), this.#endMs), mostMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #statusText(): string {
    const seconds = Math.floor((this.#io.nowMs() - this.#beganMs) / 1000);
    return `Simulating  ${this.#online.toLocaleString('en-US')} of ${counted(this.#devices.length, 'device')} online, ${counted(this.#published, 'message')}, ${timeText(seconds)}`;
  }

  #tellOnce(text: string): void {
    const nowMs = this.#io.nowMs();
    if (nowMs - (this.#told.get(text) ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS) return;
    // What a server writes into its reasons may differ each time.
    if (this.#told.size > MOST_TOLD) this.#told.clear();
    this.#told.set(text, nowMs);
    this.#status.end();
    if (!this.#values.quiet) this.#io.stderr.write(`${this.#io.programName}: ${text}\n`);
  }

  #summary(): string {
    const lost = this.#lost === 0 ? '' : `, ${this.#lost.toLocaleString('en-US')} of them refused or lost`;
    const leftOut =
      this.#leftOut === 0 ? '' : `, ${this.#leftOut.toLocaleString('en-US')} left out without a connection`;
    return `${counted(this.#devices.length, 'device')}, ${counted(this.#published, 'message')} published${lost}${leftOut}`;
  }
}
