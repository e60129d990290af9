/** What the command and the threads that make the load say to each other. All of it is plain data. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { BenchPlan } from './bench-plan.ts';
import type { PublisherReport, ReceiverReport } from './delivery-proof.ts';
import type { LoadTick } from './load-meter.ts';

/** What a thread is given when it starts. */
export interface ThreadTask {
  readonly thread: number;
  readonly plan: BenchPlan;
  /** The flags of the connections, with a password that has been asked for already. */
  readonly values: FlagValues<ConnectionFlags>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly creditMemory: SharedArrayBuffer;
}

/** The command says when what begins. Times are those of `sharedNowMs`. */
export type ThreadCommand =
  | { readonly kind: 'connect'; readonly startMs: number }
  | { readonly kind: 'subscribe' }
  /** From now on the run's time counts, and what comes belongs to it. It may come again, with another beginning. */
  | { readonly kind: 'prepare'; readonly startMs: number }
  | {
      readonly kind: 'run';
      /** All subscribers are there, so that publishers of a closed loop can wait for their deliveries. */
      readonly isPacedByDelivery: boolean;
    }
  /** Whatever is under way ends now: connecting, or sending. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'finish' };

/** How often each reason was given. */
export type Reasons = Readonly<Record<string, number>>;

export interface ThreadReport {
  readonly publishers: readonly PublisherReport[];
  readonly receivers: readonly ReceiverReport[];
  /** Of groups that share the work: what came to the members in this thread. */
  readonly groups: readonly {
    readonly publisher: number;
    readonly bits: Uint8Array;
    readonly duplicates: number;
  }[];
  /** Messages that were never answered. */
  readonly unanswered: number;
}

/** A thread says what has happened. */
export type ThreadEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'tick'; readonly tick: LoadTick }
  | { readonly kind: 'connected'; readonly refused: Reasons }
  | { readonly kind: 'subscribed'; readonly subscribers: number; readonly refused: Reasons }
  | { readonly kind: 'prepared' }
  /** Nothing more is sent. `behind`: messages that were to be sent and were not. */
  | { readonly kind: 'sent'; readonly behind: number; readonly failures: Reasons; readonly lost: Reasons }
  | {
      readonly kind: 'finished';
      readonly report: ThreadReport;
      readonly failures: Reasons;
      readonly lost: Reasons;
    };
