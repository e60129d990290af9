import type { ExportCounts } from '@martlet/broker';
import { counted } from './amount-text.ts';

/** What an export holds, or an import has brought. */
export function contentsText({
  sessions,
  subscriptions,
  messages,
  queued,
  inFlight,
  retained,
}: Readonly<ExportCounts>): string {
  return [
    counted(sessions, 'session'),
    counted(subscriptions, 'subscription'),
    counted(messages, 'message'),
    `${queued.toLocaleString('en-US')} waiting and ${inFlight.toLocaleString('en-US')} in flight`,
    `${retained.toLocaleString('en-US')} retained`,
  ].join(', ');
}
