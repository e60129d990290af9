/** An explanation for people: the answer first, then what it rests on. */
import type {
  ExplainedDrop,
  ExplainedRecipient,
  ExplainedSession,
  ExplainedSubscription,
  Explanation,
  Obstacle,
  RuleReference,
} from '@martlet/broker';
import { bytesText, counted } from '../amount-text.ts';
import { escapeControls } from '../escape-controls.ts';
import type { TextStyle } from '../text-style.ts';

/** Of long lists: the rest is counted, and in `--json`. */
const MOST_SHOWN = 10;

export function explanationText(explanation: Explanation, style: TextStyle): string {
  const { arrives, conclusion } = explanation;
  const answer = shown(conclusion.charAt(0).toUpperCase() + conclusion.slice(1));
  const lines = [
    style(arrives ? 'cyan' : 'red', answer),
    ...section('In the way', explanation.obstacles.map(obstacleText), style),
    ...section('Client', clientLines(explanation), style),
    ...section('Right', rightLines(explanation), style),
    ...section('Subscriptions that match', explanation.subscriptions.map(subscriptionText), style),
    ...section('Who gets it', recipientLines(explanation), style),
    ...section('Retained on this topic', retainedLines(explanation), style),
    ...section('Dropped lately', explanation.drops.map(dropText), style),
    ...section('Refused or ended lately', explanation.refusals.map(refusalText), style),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[], style: TextStyle): readonly string[] {
  if (lines.length === 0) return [];
  const first = lines.slice(0, MOST_SHOWN).map((line) => `  ${line}`);
  const more = lines.length - first.length;
  return ['', style('bold', title), ...first, ...(more > 0 ? [`  and ${more} more (--json has all)`] : [])];
}

function obstacleText({ text, remedy, rule, stops }: Obstacle): string {
  const mild = stops ? '' : ' (it is not lost by that)';
  return `${shown(text)}${mild}${rule === null ? '' : `; ${ruleText(rule)}`}${remedy === '' ? '' : `\n    → ${shown(remedy)}`}`;
}

function clientLines({ clientId, identity, session, atWallMs }: Explanation): readonly string[] {
  const { source, username, peer, listener, groups } = identity;
  const who = username === null ? 'without a user name' : `user ${shown(username)}`;
  const parts = [
    who,
    ...(groups.length === 0 ? [] : [`in ${groups.map(shown).join(', ')}`]),
    ...(peer === '' ? [] : [`from ${shown(peer)}`]),
    ...(listener === '' ? [] : [`by ${shown(listener)}`]),
  ];
  const known = {
    connection: '',
    'last connection': ', as it was when it was here last',
    given: ', as given here',
    unknown: ', of whom nothing is known: name them with --username, --address and so on',
  }[source];
  const about = `${shown(clientId)}: ${parts.join(' ')}${known}`;
  return session === null ? [about, 'has no session'] : [about, ...sessionLines(session, atWallMs)];
}

function sessionLines(session: ExplainedSession, atWallMs: number): readonly string[] {
  const { connected, sinceWallMs, endsAtWallMs, queue, inFlightMessages, maximumInFlight, blocked } = session;
  const since = sinceWallMs === null ? '' : ` for ${agoText(atWallMs - sinceWallMs)}`;
  const ends = endsAtWallMs === null ? '' : `; its session ends in ${agoText(endsAtWallMs - atWallMs)}`;
  const limit = maximumInFlight === null ? '' : ` of ${maximumInFlight}`;
  const policy = queue.policyFilter === null ? '' : ` by the policy of ${shown(queue.policyFilter)}`;
  const room = `${queue.maximumMessages} messages, ${bytesText(queue.maximumBytes)}; when full: ${queue.whenFull}${policy}`;
  return [
    `${connected ? 'connected' : 'away'}${since}${ends}`,
    `${counted(queue.waitingMessages, 'message')} waiting (${bytesText(queue.waitingBytes)}) of ${room}`,
    `${inFlightMessages}${limit} in flight`,
    ...(blocked ? [`reads too slowly: ${bytesText(session.outboxBytes ?? 0)} have not left`] : []),
    ...session.rates
      .filter(({ incomingWaitMs, outgoingWaitMs }) => incomingWaitMs > 0 || outgoingWaitMs > 0)
      .map(
        ({ of, incomingWaitMs, outgoingWaitMs }) =>
          `rate of ${shown(of)}: may publish in ${incomingWaitMs} ms, be sent something in ${outgoingWaitMs} ms`,
      ),
  ];
}

function rightLines({ decision, action }: Explanation): readonly string[] {
  const { allowed, by, reason, rule } = decision;
  const verb = action === 'publish' ? 'publish there' : 'receive it';
  const answer = allowed ? `may ${verb}` : `may not ${verb}: ${shown(reason)}`;
  if (rule !== null) return [answer, ruleText(rule)];
  return by === 'nobody' ? [`${answer}: no rules are configured, so everything is allowed`] : [answer];
}

function ruleText({ source, line, text }: RuleReference): string {
  const place = line === undefined ? shown(source) : `${shown(source)}:${line}`;
  return `${place}: ${shown(text)}`;
}

function subscriptionText({ topicFilter, qos, noLocal }: ExplainedSubscription): string {
  return `${shown(topicFilter)} at QoS ${qos}${noLocal ? ', without what it publishes itself' : ''}`;
}

function recipientLines({ recipients, recipientCount, action }: Explanation): readonly string[] {
  if (action !== 'publish') return [];
  if (recipientCount === 0) return ['nobody'];
  const lines = recipients.map(recipientText);
  const unnamed = recipientCount - recipients.length;
  return unnamed > 0 ? [...lines, `and ${counted(unnamed, 'more')}`] : lines;
}

function recipientText({ recipient, connected, qos, subscriptions, obstacle }: ExplainedRecipient): string {
  const filters = subscriptions.map(({ topicFilter }) => shown(topicFilter)).join(', ');
  const state = connected ? '' : ', away';
  const trouble = obstacle === null ? '' : `; ${shown(obstacle.text)}`;
  return `${shown(recipient)} at QoS ${qos} by ${filters}${state}${trouble}`;
}

function retainedLines({ retained, atWallMs }: Explanation): readonly string[] {
  if (retained === null) return [];
  const { qos, bytes, expiresAtWallMs } = retained;
  const expires = expiresAtWallMs === null ? '' : `, expires in ${agoText(expiresAtWallMs - atWallMs)}`;
  return [`a message of ${bytesText(bytes)} at QoS ${qos}${expires}`];
}

function dropText({ lastAtWallMs, count, text, detail, topicName }: ExplainedDrop): string {
  const where = topicName === '' ? '' : ` on ${shown(topicName)}`;
  const more = detail === '' ? '' : ` (${shown(detail)})`;
  return `${timeText(lastAtWallMs)}  ${counted(count, 'message')}${where}: ${shown(text)}${more}`;
}

function refusalText({
  action,
  topic,
  reason,
  count,
  lastAtWallMs,
  rule,
}: Explanation['refusals'][number]): string {
  const what = action === 'end' ? 'connection ended' : `${action}${topic === '' ? '' : ` ${shown(topic)}`}`;
  const often = count > 1 ? `, ${count} times` : '';
  const by = rule === undefined ? '' : ruleText(rule);
  const told = by === '' || reason.includes(by) ? shown(reason) : `${shown(reason)}; ${by}`;
  return `${timeText(lastAtWallMs)}  ${what}${often}: ${told}`;
}

function timeText(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/u, 'Z');
}

function agoText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

function shown(text: string): string {
  return escapeControls(text);
}
