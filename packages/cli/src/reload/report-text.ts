/** What a reload has changed, or would change, for people: `martlet reload` and `martlet config plan` print it. */
import type { ListenerReport, ReloadReport } from '@martlet/broker/server';
import { counted } from '../amount-text.ts';
import type { OutputStream } from '../command.ts';
import { escapeControls } from '../escape-controls.ts';
import type { TextStyle } from '../text-style.ts';
import { textStyleFor } from '../text-style.ts';

/** Values are cut to this many characters. */
const MAXIMUM_VALUE_LENGTH = 200;

export function reportText(report: ReloadReport, stream: OutputStream): string {
  const style = textStyleFor(stream as NodeJS.WriteStream);
  const lines = [
    ...report.changes.map(
      (change) => `  ${style('bold', escapeControls(change.key))}: ${changeText(change, style)}`,
    ),
    ...report.listeners
      .filter(({ fate }) => fate !== 'kept')
      .map((listener) => `  ${listenerText(listener, report.dryRun, style)}`),
    ...report.disconnected.map(
      ({ clientId, username, listener, reason }) =>
        `  ${style('yellow', report.dryRun ? 'would disconnect' : 'disconnected')} ${escapeControls(clientId)}` +
        `${username === null ? '' : ` (${escapeControls(username)})`} of ${escapeControls(listener)}: ${reason}`,
    ),
    ...report.notices.map(
      ({ text, key }) => `  notice: ${key === '' ? '' : `${key}: `}${escapeControls(text)}`,
    ),
  ];
  const unnamed = report.disconnectedCount - report.disconnected.length;
  if (unnamed > 0) lines.push(`  and ${counted(unnamed, 'more client')}`);
  return `${[summary(report), ...lines].join('\n')}\n`;
}

function summary({ dryRun, changes, listeners, disconnectedCount }: ReloadReport): string {
  const touched = listeners.filter(({ fate }) => fate !== 'kept').length;
  if (changes.length === 0 && touched === 0 && disconnectedCount === 0)
    return dryRun
      ? 'Nothing would change; the files that it names would be read again.'
      : 'Reloaded: nothing has changed but what stands in the files that it names.';
  const what = [
    counted(changes.length, 'key'),
    counted(touched, 'listener'),
    `${counted(disconnectedCount, 'client')} disconnected`,
  ].join(', ');
  return dryRun ? `Would change ${what}:` : `Reloaded: ${what}.`;
}

function listenerText(
  { name, fate, place, connections }: ListenerReport,
  dryRun: boolean,
  style: TextStyle,
): string {
  const verb = dryRun ? `would be ${fate}` : fate;
  const stay = counted(connections, 'connection');
  const more = fate === 'opened' ? '' : fate === 'updated' ? `, ${stay} kept` : `, ${stay} ended`;
  const shown = fate === 'opened' || fate === 'updated' ? verb : style('yellow', verb);
  return `listener ${escapeControls(name)} at ${escapeControls(place)}: ${shown}${more}`;
}

/** A section that came or went is not written out. */
function changeText({ before, after }: ReloadReport['changes'][number], style: TextStyle): string {
  if (before === undefined && isSection(after)) return style('cyan', 'added');
  if (after === undefined && isSection(before)) return style('cyan', 'removed');
  return `${valueText(before)} → ${style('cyan', valueText(after))}`;
}

function isSection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueText(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > MAXIMUM_VALUE_LENGTH ? `${text.slice(0, MAXIMUM_VALUE_LENGTH)}…` : text;
}
