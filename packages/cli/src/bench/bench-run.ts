/**
 * A run from its beginning to its end: connect, subscribe, send for a time, wait for what is still under way, and gather what
 * everybody saw. It says when what begins; the threads do it.
 */
import type { BenchPlan } from './bench-plan.ts';
import { connectionsOf, copiesOf, endUsOf } from './bench-plan.ts';
import type { DeliveryProof, PublisherReport, ReceiverReport } from './delivery-proof.ts';
import { proveDelivery } from './delivery-proof.ts';
import { LoadRecord } from './load-record.ts';
import type { LoadThreads } from './load-threads.ts';
import type { ProcessSampler } from './process-sampler.ts';
import { ReasonTally } from './reason-tally.ts';
import { SeenSequences } from './seen-sequences.ts';
import type { ThreadEvents } from './thread-events.ts';
import type { Reasons, ThreadReport } from './thread-messages.ts';

/** What is shown while it runs. */
export type RunPhase =
  | 'connecting'
  | 'subscribing'
  | 'warming up'
  | 'measuring'
  | 'holding'
  | 'waiting for the last';

/** What a run has of the world. */
export interface RunHost {
  readonly threads: LoadThreads;
  readonly events: ThreadEvents;
  /** On the clock that all threads share, in ms. */
  nowMs(): number;
  /** Fulfils after so many ms. */
  pause(ms: number): Promise<void>;
  /** Ends what is under way: Ctrl-C. */
  readonly signal: AbortSignal;
  /** Told four times a second how far it is. */
  onProgress(progress: RunProgress): void;
  /** Of the broker and of this process; begins when the run does. */
  readonly sampler: ProcessSampler;
}

export interface RunProgress {
  readonly phase: RunPhase;
  readonly record: LoadRecord;
  /** Since the phase began. */
  readonly elapsedMs: number;
}

/** What came of it, before it is put into words. */
export interface RunOutcome {
  readonly end: 'complete' | 'interrupted' | 'all connections lost';
  readonly connecting: LoadRecord;
  readonly connectingMs: number;
  readonly refused: Reasons;
  readonly record: LoadRecord;
  /** What was measured. */
  readonly measuredMs: number;
  readonly behind: number;
  readonly failures: Reasons;
  readonly lost: Reasons;
  readonly unanswered: number;
  readonly proof: DeliveryProof | null;
}

/** Between the word to begin and the beginning, so that every thread has heard it. */
const LEAD_MS = 50;
/** Threads that need longer than this to listen would not keep up with anything. */
const LONGEST_LEAD_MS = 5000;
const LOOK_MS = 250;
/** Connections a second that a server takes, about. */
const GUESSED_CONNECT_RATE = 1000;

export async function runBench(plan: BenchPlan, host: RunHost): Promise<RunOutcome> {
  const { threads, events } = host;
  await events.all('ready');
  const refused = new ReasonTally();

  const connecting = new LoadRecord(0, expectedMs(plan));
  events.recordTo(connecting);
  const connectMs = host.nowMs() + LEAD_MS;
  const isConnecting = plan.scenario === 'connections';
  if (isConnecting) host.sampler.begin(connectMs);
  threads.tell({ kind: 'connect', startMs: connectMs });
  const connected = events.all('connected');
  await watch(host, 'connecting', connecting, connectMs, connected);
  const connectingMs = Math.max(1, host.nowMs() - connectMs);
  for (const told of await connected) refused.addAll(told.refused);

  threads.tell({ kind: 'subscribe' });
  const subscribed = events.all('subscribed');
  await watch(host, 'subscribing', connecting, host.nowMs(), subscribed);
  let subscribers = 0;
  for (const told of await subscribed) {
    subscribers += told.subscribers;
    refused.addAll(told.refused);
  }

  const fromMs = plan.warmUpMs;
  const record = new LoadRecord(fromMs, fromMs + plan.durationMs);
  events.recordTo(record);
  const startMs = await prepare(host);
  if (!isConnecting) host.sampler.begin(startMs);
  threads.tell({ kind: 'run', isPacedByDelivery: subscribers > 0 && subscribers === plan.subscribers });
  const sent = events.all('sent');
  const lastMs = await watch(host, isConnecting ? 'holding' : 'measuring', record, startMs, sent, plan);
  let behind = 0;
  for (const told of await sent) behind += told.behind;

  await drain(plan, host, record, startMs);
  threads.tell({ kind: 'finish' });
  const finished = await events.all('finished');
  const failures = new ReasonTally();
  const lost = new ReasonTally();
  for (const told of finished) {
    failures.addAll(told.failures);
    lost.addAll(told.lost);
  }
  const reports = finished.map(({ report }) => report);
  const isAlone =
    record.totals.lostConnections > 0 && record.totals.lostConnections === connecting.totals.connected;
  const endMs = endUsOf(plan) / 1000;
  // Before its time it is over with the last that came of it.
  const overMs = lastMs < endMs && !isConnecting ? Math.min(record.lastMs, endMs) : endMs;
  return {
    end: isAlone ? 'all connections lost' : host.signal.aborted ? 'interrupted' : 'complete',
    connecting,
    connectingMs,
    refused: refused.reasons,
    record,
    measuredMs: Math.max(1, overMs - fromMs),
    behind,
    failures: failures.reasons,
    lost: lost.reasons,
    unanswered: reports.reduce((sum, report) => sum + report.unanswered, 0),
    proof: copiesOf(plan) === 0 ? null : proofOf(plan, reports, record),
  };
}

/**
 * Tells all threads when the run begins, and does so again, further ahead, as long as not all of them know it by then: a message must
 * not reach a thread that does not yet count.
 */
async function prepare({ threads, events, nowMs }: RunHost): Promise<number> {
  for (let leadMs = LEAD_MS; ; leadMs *= 2) {
    const startMs = nowMs() + leadMs;
    threads.tell({ kind: 'prepare', startMs });
    await events.all('prepared');
    if (nowMs() < startMs || leadMs >= LONGEST_LEAD_MS) return startMs;
  }
}

/** How long connecting may take, in ms: for the time line only. */
function expectedMs(plan: BenchPlan): number {
  const perSecond = plan.connectRate ?? GUESSED_CONNECT_RATE;
  return Math.max(1000, (connectionsOf(plan) / perSecond) * 1000);
}

/**
 * Looks on until the phase is over.
 * @param plan of the phase that the time ends
 * @returns when something last happened in it, in ms since it began
 */
async function watch(
  host: RunHost,
  phase: RunPhase,
  record: LoadRecord,
  startMs: number,
  over: Promise<unknown>,
  plan?: BenchPlan,
): Promise<number> {
  const { signal } = host;
  let isOver = false;
  let wasTold = false;
  let wake = (): void => {};
  const onAbort = (): void => wake();
  let failure: { readonly error: unknown } | null = null;
  void over
    .catch((error: unknown) => {
      failure = { error };
    })
    .finally(() => {
      isOver = true;
      wake();
    });
  signal.addEventListener('abort', onAbort);
  while (!isOver) {
    const elapsedMs = Math.max(0, host.nowMs() - startMs);
    host.sampler.sample();
    const shown = plan !== undefined && elapsedMs < plan.warmUpMs ? 'warming up' : phase;
    host.onProgress({ phase: shown, record, elapsedMs });
    if (signal.aborted && !wasTold) {
      wasTold = true;
      host.threads.tell({ kind: 'stop' });
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      void host.pause(LOOK_MS).then(resolve);
    });
  }
  signal.removeEventListener('abort', onAbort);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  host.sampler.sample();
  return host.nowMs() - startMs;
}

/** Waits until everything was answered and delivered, or nothing came for a while. */
async function drain(plan: BenchPlan, host: RunHost, record: LoadRecord, startMs: number): Promise<void> {
  const copies = copiesOf(plan);
  let last = -1;
  let sinceMs = host.nowMs();
  for (;;) {
    const { sent, answered, failed, delivered } = record.totals;
    const toAnswer = plan.qos > 0 ? sent : 0;
    const isAnswered = plan.publishers === 0 || answered + failed >= toAnswer;
    if (isAnswered && delivered >= sent * copies) return;
    const nowMs = host.nowMs();
    if (answered + delivered !== last) sinceMs = nowMs;
    last = answered + delivered;
    if (nowMs - sinceMs >= (host.signal.aborted ? Math.min(plan.drainMs, 1000) : plan.drainMs)) return;
    host.onProgress({ phase: 'waiting for the last', record, elapsedMs: nowMs - startMs });
    await host.pause(LOOK_MS / 5);
  }
}

function proofOf(plan: BenchPlan, reports: readonly ThreadReport[], record: LoadRecord): DeliveryProof {
  const publishers: PublisherReport[] = reports.flatMap((report) => report.publishers);
  const receivers: ReceiverReport[] = reports.flatMap((report) => report.receivers);
  const groups = new Map<number, SeenSequences>();
  for (const { publisher, bits, duplicates } of reports.flatMap((report) => report.groups)) {
    const seen = groups.get(publisher) ?? new SeenSequences(publisher);
    seen.merge(bits, duplicates);
    groups.set(publisher, seen);
  }
  const { foreign, altered } = record.totals;
  return proveDelivery(plan, publishers, receivers, [...groups.values()], { foreign, altered });
}

/** How many connections were asked for and are there. */
export function connectionsMade(
  plan: BenchPlan,
  outcome: RunOutcome,
): { readonly asked: number; readonly made: number } {
  return { asked: connectionsOf(plan), made: outcome.connecting.totals.connected };
}
