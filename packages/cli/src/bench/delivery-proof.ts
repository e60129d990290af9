/**
 * What the numbers in the payloads prove about a run: how much was lost, doubled, out of order, altered or foreign. Made of
 * what all publishers say that they sent and all receivers that they got. Pure.
 */
import type { BenchPlan } from './bench-plan.ts';
import { copiesOf, deliveredQosOf, isFor } from './bench-plan.ts';
import type { StreamReport } from './received-stream.ts';
import type { SeenSequences } from './seen-sequences.ts';
import type { SequenceRange } from './sequence-ranges.ts';
import { countOfBoth } from './sequence-ranges.ts';

export interface PublisherReport {
  readonly index: number;
  readonly sent: number;
  /** Messages that nobody promised to deliver: refused, or never acknowledged. */
  readonly unpromised: readonly SequenceRange[];
  /** More of them, which are not known by number. */
  readonly unpromisedUnknown: number;
}

export interface ReceiverReport {
  readonly index: number;
  /** It was there from the beginning to the end; another's losses prove nothing. */
  readonly isWhole: boolean;
  /** Empty where work is shared. */
  readonly streams: readonly StreamReport[];
}

export interface Strays {
  /** Messages that were not of this run, or not for that receiver. */
  readonly foreign: number;
  /** Messages whose payload was not as it was sent. */
  readonly altered: number;
}

export interface DeliveryProof extends Strays {
  /** Deliveries that were to be, to the receivers that were there all the time. */
  readonly expected: number;
  /** Different ones that came to them. */
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Receivers that are not counted, because they were not there all the time. */
  readonly receiversLeftOut: number;
  /** The first losses, such as `publisher 3 → subscriber 3: 17–20`. */
  readonly examples: readonly string[];
}

/** What may not be at the QoS with which messages arrived. */
export interface Forbidden {
  readonly lost: boolean;
  readonly duplicates: boolean;
  /** One publisher's messages of one QoS are to keep their order, except where a group shares them. */
  readonly reordered: boolean;
}

const SHOWN_EXAMPLES = 5;

export function forbiddenIn(plan: BenchPlan): Forbidden {
  const qos = deliveredQosOf(plan);
  return {
    lost: qos > 0,
    duplicates: qos === 2,
    // Topics of their own are ordered by themselves.
    reordered: plan.scenario !== 'shared' && plan.topicsEach === 1,
  };
}

/** @param groups what came to all members together, where they share the work; of each publisher one, or none */
export function proveDelivery(
  plan: BenchPlan,
  publishers: readonly PublisherReport[],
  receivers: readonly ReceiverReport[],
  groups: readonly SeenSequences[],
  strays: Strays,
): DeliveryProof {
  const proof = { expected: 0, received: 0, lost: 0, duplicates: 0, reordered: 0 };
  const examples: string[] = [];
  const note = (text: string): void => {
    if (examples.length < SHOWN_EXAMPLES) examples.push(text);
  };
  const whole = receivers.filter(({ isWhole }) => isWhole);
  const receiversLeftOut = copiesOf(plan) === 0 ? 0 : plan.subscribers - whole.length;
  if (plan.scenario === 'shared') {
    for (const publisher of publishers) {
      const seen = groups.find((each) => each.publisher === publisher.index);
      const missing = missingOfGroup(seen, publisher.sent);
      const lost = lostOf(missing, 0, publisher);
      proof.received += seen?.received ?? 0;
      proof.duplicates += seen?.duplicates ?? 0;
      proof.lost += lost;
      if (lost > 0) note(`publisher ${publisher.index}: ${rangesText(missing)}`);
    }
  } else {
    for (const receiver of whole) {
      const streams = new Map(receiver.streams.map((stream) => [stream.publisher, stream]));
      for (const publisher of publishers) {
        if (!isFor(plan, publisher.index, receiver.index)) continue;
        const stream = streams.get(publisher.index);
        const missing = missingOf(stream, publisher.sent);
        const lost = lostOf(missing, stream?.missingUnknown ?? 0, publisher);
        proof.received += stream?.received ?? 0;
        proof.duplicates += stream?.duplicates ?? 0;
        proof.reordered += stream?.reordered ?? 0;
        proof.lost += lost;
        if (lost > 0) {
          note(`publisher ${publisher.index} → subscriber ${receiver.index}: ${rangesText(missing)}`);
        }
      }
    }
  }
  proof.expected = proof.received + proof.lost;
  return { ...proof, ...strays, receiversLeftOut, examples };
}

/** How many of the missing ones were promised. */
function lostOf(
  missing: readonly SequenceRange[],
  missingUnknown: number,
  publisher: PublisherReport,
): number {
  let count = missingUnknown;
  for (const { first, last } of missing) count += last - first + 1;
  const excused = countOfBoth(missing, publisher.unpromised) + publisher.unpromisedUnknown;
  return Math.max(0, count - excused);
}

function missingOf(stream: StreamReport | undefined, sent: number): readonly SequenceRange[] {
  const next = stream?.next ?? 0;
  const tail = next < sent ? [{ first: next, last: sent - 1 }] : [];
  return [...(stream?.missing ?? []), ...tail];
}

function missingOfGroup(seen: SeenSequences | undefined, sent: number): readonly SequenceRange[] {
  const missing: SequenceRange[] = [];
  let first = -1;
  for (let sequence = 0; sequence <= sent; sequence++) {
    const isMissing = sequence < sent && seen?.has(sequence) !== true;
    if (isMissing && first < 0) first = sequence;
    if (isMissing || first < 0) continue;
    missing.push({ first, last: sequence - 1 });
    first = -1;
  }
  return missing;
}

/** Such as `0–17, 20 and 3 more gaps`. */
function rangesText(ranges: readonly SequenceRange[]): string {
  const shown = ranges
    .slice(0, 3)
    .map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`));
  const more = ranges.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more gap${more === 1 ? '' : 's'}` : '');
}
