/** The one sentence of an explanation. */
import { ruleText } from '../telling/rule-text.ts';
import type { Explanation, Obstacle } from './explanation.ts';

type Known = Omit<Explanation, 'conclusion'>;

/** @param locals subscriptions of the application that get it, too */
export function conclude(explanation: Known, locals: number): string {
  const stopping = explanation.obstacles.find(({ stops }) => stops);
  const sentence = stopping === undefined ? positive(explanation, locals) : negative(explanation, stopping);
  return `${sentence}${lately(explanation)}.`;
}

function negative({ action, clientId, topicName }: Known, { text, rule }: Obstacle): string {
  const what =
    action === 'publish'
      ? `what client ${JSON.stringify(clientId)} publishes to ${topicName} does not arrive`
      : `messages of ${topicName} do not arrive at client ${JSON.stringify(clientId)}`;
  return `${what}: ${text}${rule === null ? '' : ` (${ruleText(rule)})`}`;
}

function positive(explanation: Known, locals: number): string {
  const { action, clientId, topicName, recipients, recipientCount, obstacles, subscriptions } = explanation;
  const client = `client ${JSON.stringify(clientId)}`;
  const held = obstacles.map(({ text }) => `; ${text}`).join('');
  if (action === 'publish') {
    const now = recipients.filter(({ obstacle }) => obstacle === null).length;
    const waiting = recipients.filter(({ obstacle }) => obstacle?.stops === false).length;
    const lost = recipients.filter(({ obstacle }) => obstacle?.stops === true).length;
    const parts = [
      `${now} of ${recipientCount} recipients get it at once`,
      waiting === 0 ? '' : `for ${waiting} it waits`,
      lost === 0 ? '' : `${lost} do not get it`,
      locals === 0 ? '' : 'the application gets it',
      recipients.length < recipientCount ? `only ${recipients.length} of them were looked at` : '',
    ];
    return `${client} may publish to ${topicName}: ${parts.filter((part) => part !== '').join(', ')}${held}`;
  }
  const filters = subscriptions.map(({ topicFilter }) => topicFilter).join(', ');
  return `messages of ${topicName} go to ${client}, which is subscribed to ${filters}${held}`;
}

/** The latest that was dropped on this way. */
function lately({ drops, clientId, action, atWallMs }: Known): string {
  const drop =
    action === 'receive' ? (drops.find((each) => each.clientId === clientId) ?? drops[0]) : drops[0];
  if (drop === undefined) return '';
  const seconds = Math.max(0, (atWallMs - drop.lastAtWallMs) / 1000);
  const messages = drop.count === 1 ? 'a message was' : `${drop.count} messages were`;
  const whom = drop.clientId === '' ? '' : ` (${drop.clientId})`;
  return `; ${seconds.toFixed(0)} s ago ${messages} dropped: ${drop.reason}${whom}`;
}
