/** What a reload writes to the log, line by line, whichever way it ends. */
import { ConfigurationError, problemText } from '../../config/configuration-error.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ReloadReport } from './reload-report.ts';
import { reportLines } from './reload-report.ts';

/** Besides the summary. */
const MAXIMUM_LINES = 200;

/** @param name of the configuration that is in effect now */
export function tellReloaded(log: Log, report: ReloadReport, name: string): void {
  for (const notice of report.notices) log.write('notice', notice.code, problemText(notice));
  const lines = reportLines(report);
  for (const line of lines.slice(0, MAXIMUM_LINES)) log.write('notice', 'reload-change', line);
  if (lines.length > MAXIMUM_LINES)
    log.write('notice', 'reload-change', `and ${lines.length - MAXIMUM_LINES} more lines`);
  const { changes, listeners, disconnectedCount } = report;
  const touched = listeners.filter(({ fate }) => fate !== 'kept').length;
  log.write(
    'notice',
    'reloaded',
    `${name} is in effect: ${counted(changes.length, 'key')} changed, ${touched} of ${counted(listeners.length, 'listener')} touched, ${counted(disconnectedCount, 'client')} disconnected`,
  );
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export function tellReloadFailed(log: Log, error: unknown): void {
  const problems = error instanceof ConfigurationError ? error.problems : [];
  for (const problem of problems.slice(0, MAXIMUM_LINES))
    log.write('error', problem.code, problemText(problem));
  const why = error instanceof Error ? error.message : String(error);
  const text = 'nothing has changed, the configuration that was in effect stays';
  log.write('error', 'reload-failed', problems.length === 0 ? `${text}: ${why}` : text);
}
