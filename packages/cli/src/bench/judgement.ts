/** What the figures of a run mean, in sentences. Pure. */

import { counted } from '../amount-text.ts';
import { deliveredQosOf } from './bench-plan.ts';
import type { BenchResult, Verdict, VerdictKind } from './bench-result.ts';
import { countedNoun } from './bench-result.ts';
import { forbiddenIn } from './delivery-proof.ts';
import { countText, figureText, ofAllText, rateText } from './figure-text.ts';
import type { Reasons } from './thread-messages.ts';

/** A thread that is busier than this, from 0 to 1, has no room left. */
export const BUSY_LIMIT = 0.9;
/** A thread that is busy and gets less than this of a processor is waiting for one. */
const STARVED_BELOW = 0.6;
/** More messages than this share that left late spoil the latencies. */
export const LATE_SHARE_LIMIT = 0.01;

/** Everything but the sentences. */
export type UnjudgedResult = Omit<BenchResult, 'verdicts'>;

export function judge(result: UnjudgedResult): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  const say = (kind: VerdictKind, text: string): void => {
    verdicts.push({ kind, text });
  };
  judgeEnd(result, say);
  judgeProof(result, say);
  judgeMessages(result, say);
  judgeGenerator(result, say);
  return verdicts;
}

/** Whether a run may pass for a success. */
export function isGood({ verdicts }: BenchResult): boolean {
  return verdicts.every(({ kind }) => kind !== 'bad');
}

type Say = (kind: VerdictKind, text: string) => void;

function judgeEnd({ end, connections, plan }: UnjudgedResult, say: Say): void {
  if (end === 'interrupted')
    say('warning', 'The run was interrupted: the figures are of what there was until then.');
  if (end === 'all connections lost') say('bad', 'The run ended early: every connection was lost.');
  const refused = Object.values(connections.refusedBecause).reduce((sum, count) => sum + count, 0);
  if (refused > 0) {
    const text = `${ofAllText(refused, connections.asked, 'connection')} could not be made or used`;
    say('bad', `${text}: ${reasonsText(connections.refusedBecause)}.`);
  }
  if (connections.lost > 0) {
    const text = `${ofAllText(connections.lost, connections.made, 'connection')} were lost during the run`;
    say('bad', `${text}: ${reasonsText(connections.lostBecause)}.`);
  }
  if (plan.scenario === 'connections' && refused === 0 && connections.lost === 0 && end === 'complete') {
    say('good', `All ${countText(connections.made)} connections were made and stayed.`);
  }
}

function judgeProof(result: UnjudgedResult, say: Say): void {
  const { proof, plan } = result;
  if (proof === null) return;
  const forbidden = forbiddenIn(plan);
  const qos = deliveredQosOf(plan);
  // Where a member of the group is gone, what it had been given is gone with it.
  const isExcused = plan.scenario === 'shared' && proof.receiversLeftOut > 0;
  const { expected, lost, duplicates, reordered, foreign, altered } = proof;
  const isClean = lost + duplicates + reordered + foreign + altered === 0;
  if (isClean && expected > 0) {
    const order = plan.scenario === 'shared' ? '' : ' and in order';
    say('good', `Proved: all ${countText(expected)} deliveries came, each once${order}.`);
  }
  if (lost > 0) {
    const text = `${ofAllText(lost, expected, 'delivery', 'deliveries')} did not come`;
    const where = proof.examples.length === 0 ? '' : ` (${proof.examples.join('; ')})`;
    if (forbidden.lost && !isExcused) say('bad', `${text}, which had been promised at QoS ${qos}${where}.`);
    else if (isExcused) say('note', `${text}; members of the group were lost, and what they had been given.`);
    else say('note', `${text}, which QoS 0 allows${where}.`);
  }
  if (duplicates > 0) {
    const text = `${counted(duplicates, 'message')} came more than once`;
    const allowed = qos === 1 ? ', which QoS 1 allows' : '';
    say(
      forbidden.duplicates ? 'bad' : 'note',
      `${text}${forbidden.duplicates ? ', which QoS 2 forbids' : allowed}.`,
    );
  }
  if (reordered > 0) {
    const text = `${counted(reordered, 'message')} came after later ones`;
    if (forbidden.reordered) say('bad', `${text} of the same publisher, topic and QoS, which MQTT forbids.`);
    else say('note', `${text}, of other topics, which MQTT allows.`);
  }
  if (altered > 0) say('bad', `${counted(altered, 'message')} came with another payload than was sent.`);
  if (foreign > 0) {
    say(
      'bad',
      `${counted(foreign, 'message')} came that ${foreign === 1 ? 'was' : 'were'} not for that subscriber, or not of this run.`,
    );
  }
  if (proof.receiversLeftOut > 0) {
    say(
      'note',
      `${counted(proof.receiversLeftOut, 'subscriber')} ${proof.receiversLeftOut === 1 ? 'was' : 'were'} not there all the time: of them nothing is proved.`,
    );
  }
}

function judgeMessages({ messages, generator, plan, measuredMs }: UnjudgedResult, say: Say): void {
  const what = countedNoun(plan);
  if (messages.failed > 0) {
    say(
      'bad',
      `${ofAllText(messages.failed, messages.sent, what)} failed: ${reasonsText(messages.failedBecause)}.`,
    );
  }
  if (messages.unanswered > 0) {
    say('bad', `${ofAllText(messages.unanswered, messages.sent, what)} were never answered by the server.`);
  }
  const { unsentMessages, stalls } = generator;
  if (unsentMessages > 0) {
    const all = messages.sent + unsentMessages;
    const reached = rateText((messages.sent / Math.max(1, plan.warmUpMs + measuredMs)) * 1000);
    const asked = rateText(plan.rate ?? 0);
    say(
      'warning',
      `${ofAllText(unsentMessages, all, 'message')} could not be sent in the time: of ${asked} only ${reached} went through. Latencies are without those messages, and so too good.`,
    );
  }
  if (stalls > 0) {
    say(
      'warning',
      `${counted(stalls, 'time')} a publisher waited 2 s for a delivery that did not come, and went on without it.`,
    );
  }
}

function judgeGenerator({ generator, messages, plan }: UnjudgedResult, say: Say): void {
  const { lateMessages, wasLimit, busy, threads } = generator;
  if (wasLimit && busy >= BUSY_LIMIT) {
    const share = `${Math.round(busy * 100)} %`;
    const which = threads === 1 ? 'its thread' : `the busiest of its ${countText(threads)} threads`;
    if (generator.cores < busy * STARVED_BELOW) {
      const text = `The generator was held up: ${which} wanted to work ${share} of the time, and the whole of it got ${figureText(generator.cores)} cores`;
      say('warning', `${text}. Other programs on this machine took the rest: use a quieter one.`);
    } else {
      const text = `The generator was the limit: ${which} worked ${share} of the time`;
      say(
        'warning',
        `${text}. The server may be faster than this; give the generator more --workers, or a machine of its own.`,
      );
    }
  }
  const lateShare = lateMessages / Math.max(1, messages.sent);
  if (plan.rate !== null && lateShare >= LATE_SHARE_LIMIT) {
    const text = `${ofAllText(lateMessages, messages.sent, 'message')} left more than 1 ms late because the generator, or this machine, was busy`;
    say('warning', `${text}. Latencies include that.`);
  }
}

function reasonsText(reasons: Reasons): string {
  const shown = Object.entries(reasons).slice(0, 3);
  const more = Object.keys(reasons).length - shown.length;
  const text = shown.map(([reason, count]) =>
    count === 1 ? reason : `${reason} (${countText(count)} times)`,
  );
  return text.join('; ') + (more > 0 ? `; and ${countText(more)} other reasons` : '');
}
