/**
 * The load of one thread: its share of the connections, publishers and receivers, through the phases of a run. It is told
 * when each phase begins, and tells what happened; what it counts goes through the meter.
 */
import { setMaxListeners } from 'node:events';
import type { Client, ConnectOptions } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { copiesOf, endUsOf, filterOf } from './bench-plan.ts';
import { DeliveryCredits } from './delivery-credits.ts';
import type { Place } from './load-connections.ts';
import { LoadConnections } from './load-connections.ts';
import type { BusyTime } from './load-meter.ts';
import { LoadMeter, TICK_MS } from './load-meter.ts';
import type { PublisherHost } from './load-publisher.ts';
import { LoadPublisher } from './load-publisher.ts';
import type { ReceiverHost } from './load-receiver.ts';
import { LoadReceiver } from './load-receiver.ts';
import { ReasonTally, reasonOf } from './reason-tally.ts';
import { clearRetained } from './retained-clearing.ts';
import type { RunClock } from './run-clock.ts';
import { SeenSequences } from './seen-sequences.ts';
import type { LoopHost } from './send-loop.ts';
import { SendLoop } from './send-loop.ts';
import { makeSubscriptions } from './subscribing-load.ts';
import type { ThreadCommand, ThreadEvent, ThreadReport } from './thread-messages.ts';

/** What a generator has of the world. */
export interface GeneratorHost {
  readonly clock: RunClock;
  /** Of every connection, but for its client identifier. */
  readonly options: ConnectOptions;
  connect(options: ConnectOptions): Client;
  tell(event: ThreadEvent): void;
  /** How much of the time since it was last asked the thread slept, in µs. */
  takeSleepUs(): number;
  readonly loop: Pick<LoopHost, 'immediately' | 'after'>;
}

/** How long a connection may take to close at the end, in ms. */
const CLOSE_MS = 2000;

export class Generator {
  readonly #plan: BenchPlan;
  readonly #host: GeneratorHost;
  readonly #loopHost: LoopHost;
  readonly #meter: LoadMeter;
  readonly #credits: DeliveryCredits;
  readonly #connections: LoadConnections;
  readonly #receivers: LoadReceiver[];
  readonly #groups: Map<number, SeenSequences>;
  readonly #failures: ReasonTally;
  readonly #lost: ReasonTally;
  readonly #stopping: AbortController;
  #publishers: readonly LoadPublisher[];
  #sendLoop: SendLoop | null;
  #stopTicks: () => void;
  #askedUs: number;

  constructor(plan: BenchPlan, thread: number, creditMemory: SharedArrayBuffer, host: GeneratorHost) {
    this.#plan = plan;
    this.#host = host;
    this.#loopHost = { ...host.loop, nowUs: () => host.clock.nowUs() };
    this.#meter = new LoadMeter(
      (tick) => host.tell({ kind: 'tick', tick }),
      () => this.#busySince(),
    );
    this.#credits = new DeliveryCredits(creditMemory);
    this.#receivers = [];
    this.#groups = new Map();
    this.#failures = new ReasonTally();
    this.#lost = new ReasonTally();
    this.#stopping = new AbortController();
    // Every connection that is being made listens to it.
    setMaxListeners(0, this.#stopping.signal);
    this.#connections = new LoadConnections(plan, thread, {
      ...{ options: host.options, connect: host.connect, meter: this.#meter, loop: this.#loopHost },
      signal: this.#stopping.signal,
      onLost: (place, error) => this.#onLost(place, error),
    });
    this.#publishers = [];
    this.#sendLoop = null;
    this.#stopTicks = () => {};
    this.#askedUs = 0;
  }

  /** Does what it is told. Rejects only for a defect. */
  async obey(command: ThreadCommand): Promise<void> {
    switch (command.kind) {
      case 'connect':
        return this.#connect(command.startMs);
      case 'subscribe':
        return this.#subscribe();
      case 'prepare':
        this.#beginPhase(command.startMs, this.#plan.warmUpMs * 1000);
        this.#host.tell({ kind: 'prepared' });
        return;
      case 'run':
        return this.#run(command.isPacedByDelivery);
      case 'stop':
        this.#stopping.abort();
        for (const publisher of this.#publishers) publisher.stop();
        this.#sendLoop?.wake();
        return;
      case 'finish':
        return this.#finish();
    }
  }

  async #connect(startMs: number): Promise<void> {
    this.#beginPhase(startMs, 0);
    const refused = await this.#connections.open();
    this.#endPhase();
    this.#host.tell({ kind: 'connected', refused: refused.reasons });
  }

  /** The run goes on without it. */
  #onLost(place: Place, error: unknown): void {
    this.#lost.add(reasonOf(error));
    this.#meter.at(this.#host.clock.nowUs());
    this.#meter.counts.lostConnections++;
    if (place.role === 'receiver') {
      const receiver = this.#receivers.find(({ index }) => index === place.index);
      if (receiver !== undefined) receiver.isWhole = false;
      this.#credits.giveUp();
      this.#sendLoop?.wake();
    } else if (place.role === 'publisher') {
      this.#publishers.find(({ index }) => index === place.index)?.stop();
      this.#sendLoop?.wake();
    }
    if (this.#connections.isEmpty) this.#stopping.abort();
  }

  async #subscribe(): Promise<void> {
    const refused = new ReasonTally();
    const host = this.#receiverHost();
    await Promise.all(
      this.#connections.of('receiver').map(async ({ index, client }) => {
        const receiver = new LoadReceiver(index, this.#plan, host);
        const filter = filterOf(this.#plan, index);
        const qos = this.#plan.subscribeQos;
        try {
          const { signal } = this.#stopping;
          const granted = await client.subscribe(filter, { qos, signal }, (message) =>
            receiver.receive(message),
          );
          receiver.isWhole = granted.qos === qos;
          if (granted.qos !== qos) refused.add(`QoS ${qos} was asked for, QoS ${granted.qos} granted`);
        } catch (error) {
          if (!this.#stopping.signal.aborted) refused.add(reasonOf(error));
        }
        this.#receivers.push(receiver);
      }),
    );
    const subscribers = this.#receivers.filter(({ isWhole }) => isWhole).length;
    this.#host.tell({ kind: 'subscribed', subscribers, refused: refused.reasons });
  }

  async #run(isPacedByDelivery: boolean): Promise<void> {
    const plan = this.#plan;
    if (plan.publishers > 0) await this.#publish(isPacedByDelivery);
    else if (plan.scenario === 'subscribe') await this.#makeSubscriptions();
    else await this.#hold();
    const endUs = Math.min(this.#host.clock.nowUs(), endUsOf(plan));
    // One whose connection was lost is not behind: it is gone.
    const online = new Set(this.#connections.of('publisher').map(({ index }) => index));
    let behind = 0;
    for (const each of this.#publishers) if (online.has(each.index)) behind += each.behind(endUs);
    const isOpen = plan.rate !== null && !this.#stopping.signal.aborted;
    // What was sent is known before it is said that it was all.
    this.#meter.flush(this.#host.clock.nowUs());
    const failures = this.#failures.reasons;
    this.#host.tell({ kind: 'sent', behind: isOpen ? behind : 0, failures, lost: this.#lost.reasons });
  }

  #publish(isPacedByDelivery: boolean): Promise<void> {
    const plan = this.#plan;
    const host: PublisherHost = {
      meter: this.#meter,
      credits: isPacedByDelivery && plan.rate === null ? this.#credits : null,
      nowUs: () => this.#host.clock.nowUs(),
      onAnswered: () => this.#sendLoop?.wake(),
      onFailed: (error) => this.#failures.add(reasonOf(error)),
    };
    this.#publishers = this.#connections
      .of('publisher')
      .map(({ index, client }) => new LoadPublisher(index, client, plan, host));
    if (this.#stopping.signal.aborted) for (const publisher of this.#publishers) publisher.stop();
    const looksAround = host.credits !== null && plan.threads > 1 && plan.scenario !== 'pairs';
    return new Promise((resolve) => {
      const isOpen = plan.rate !== null;
      this.#sendLoop = new SendLoop(this.#publishers, this.#loopHost, isOpen, looksAround, resolve);
      this.#sendLoop.begin();
    });
  }

  #makeSubscriptions(): Promise<void> {
    const host = {
      ...this.#loopHost,
      meter: this.#meter,
      onFailed: (error: unknown) => this.#failures.add(reasonOf(error)),
    };
    return makeSubscriptions(this.#connections.of('idle'), this.#plan, host, this.#stopping.signal);
  }

  /** Keeps the connections as they are until the time is over. */
  async #hold(): Promise<void> {
    const { clock } = this.#host;
    const endUs = endUsOf(this.#plan);
    while (clock.nowUs() < endUs && !this.#stopping.signal.aborted) {
      const waitMs = Math.max(1, Math.min(100, (endUs - clock.nowUs()) / 1000));
      await new Promise<void>((resolve) => this.#host.loop.after(waitMs, resolve));
    }
  }

  async #finish(): Promise<void> {
    this.#endPhase();
    const receivers = this.#receivers.map((receiver) => receiver.report());
    const unanswered = this.#publishers.reduce((sum, publisher) => sum + publisher.unanswered, 0);
    for (const publisher of this.#publishers) publisher.close();
    if (this.#plan.retain) await clearRetained(this.#connections.of('publisher'), this.#plan, CLOSE_MS);
    // What nobody has answered is not going to be: its promise is rejected now, and the report has it.
    await this.#connections.close(unanswered > 0 ? 0 : CLOSE_MS, CLOSE_MS);
    await new Promise<void>((resolve) => this.#host.loop.immediately(resolve));
    const report: ThreadReport = {
      publishers: this.#publishers.map((publisher) => publisher.report()),
      receivers,
      groups: [...this.#groups.values()].map(({ publisher, bits, duplicates }) => ({
        publisher,
        bits,
        duplicates,
      })),
      unanswered,
    };
    const failures = this.#failures.reasons;
    this.#host.tell({ kind: 'finished', report, failures, lost: this.#lost.reasons });
  }

  #receiverHost(): ReceiverHost {
    const isShared = this.#plan.scenario === 'shared';
    return {
      meter: this.#meter,
      credits: this.#plan.rate === null && copiesOf(this.#plan) > 0 ? this.#credits : null,
      nowUs: () => this.#host.clock.nowUs(),
      onDelivered: () => this.#sendLoop?.wake(),
      group: isShared ? (publisher) => this.#groupOf(publisher) : null,
    };
  }

  #groupOf(publisher: number): SeenSequences {
    const known = this.#groups.get(publisher);
    if (known !== undefined) return known;
    const seen = new SeenSequences(publisher);
    this.#groups.set(publisher, seen);
    return seen;
  }

  #beginPhase(startMs: number, measuredFromUs: number): void {
    this.#stopTicks();
    this.#host.clock.begin(startMs);
    this.#askedUs = this.#host.clock.nowUs();
    this.#meter.begin(measuredFromUs);
    let stop = (): void => {};
    const onTick = (): void => {
      this.#meter.at(this.#host.clock.nowUs());
      for (const publisher of this.#publishers) publisher.onTick();
      stop = this.#host.loop.after(TICK_MS, onTick);
    };
    stop = this.#host.loop.after(TICK_MS, onTick);
    this.#stopTicks = () => stop();
  }

  #endPhase(): void {
    this.#stopTicks();
    this.#meter.flush(this.#host.clock.nowUs());
  }

  /** The time since it was last asked in which the thread neither slept nor turned idly. */
  #busySince(): BusyTime {
    const nowUs = this.#host.clock.nowUs();
    const passedUs = Math.max(0, nowUs - this.#askedUs);
    this.#askedUs = nowUs;
    const idleUs = this.#host.takeSleepUs() + (this.#sendLoop?.takeIdleUs() ?? 0);
    return { busyUs: Math.max(0, passedUs - idleUs), passedUs };
  }
}
