/**
 * What signals ask of a server, as Mosquitto's answers them: SIGHUP reloads the configuration and opens log files anew, SIGUSR1 would
 * write what is in memory to the disk, SIGUSR2 tells who is subscribed to what.
 */
import type { Server } from '../server.ts';

export type ServerSignal = 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2';

/** What of a process this needs. */
export interface SignalledProcess {
  on(signal: ServerSignal, listener: () => void): unknown;
  off(signal: ServerSignal, listener: () => void): unknown;
}

/** Lines that SIGUSR2 writes to the log. */
export const MAXIMUM_DUMPED_FILTERS = 1000;
/** Clients that one of them names. */
const MAXIMUM_NAMED_CLIENTS = 20;

/**
 * @param signals those to answer. @default all of them
 * @returns what takes the handlers off again
 */
export function answerSignals(
  server: Server,
  signalled: SignalledProcess = process,
  signals: readonly ServerSignal[] = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'],
): () => void {
  const handlers: Readonly<Record<ServerSignal, () => void>> = {
    SIGHUP: () => {
      server.reopenLogs();
      server.log.write('info', 'signal', 'SIGHUP: log files are opened anew, and the configuration is read');
      // Told in the log, whichever way it ends.
      server.reload().catch(() => {});
    },
    SIGUSR1: () =>
      server.log.write(
        'notice',
        'nothing-to-save',
        'SIGUSR1: there is nothing to write, what was acknowledged is kept already',
      ),
    SIGUSR2: () => dumpSubscriptions(server),
  };
  for (const signal of signals) signalled.on(signal, handlers[signal]);
  return () => {
    for (const signal of signals) signalled.off(signal, handlers[signal]);
  };
}

/** Who is subscribed to what, a line for each topic filter, as far as a bound; at `notice`, since somebody has asked for it. */
export function dumpSubscriptions({ broker, log }: Pick<Server, 'broker' | 'log'>): void {
  const clients = new Map<string, string[]>();
  for (const { clientId, connected, subscriptions } of broker.sessions)
    for (const { topicFilter, qos } of subscriptions) {
      const named = clients.get(topicFilter) ?? [];
      named.push(`${clientId} (QoS ${qos}${connected ? '' : ', away'})`);
      clients.set(topicFilter, named);
    }
  const filters = [...clients].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [topicFilter, named] of filters.slice(0, MAXIMUM_DUMPED_FILTERS)) {
    const more = named.length - MAXIMUM_NAMED_CLIENTS;
    const shown = named.slice(0, MAXIMUM_NAMED_CLIENTS).join(', ');
    log.write('notice', 'subscription', `${topicFilter}: ${shown}${more > 0 ? ` and ${more} more` : ''}`);
  }
  const left = Math.max(0, filters.length - MAXIMUM_DUMPED_FILTERS);
  const leftText = left === 0 ? '' : `, ${left} of which are not shown`;
  log.write('notice', 'subscriptions', `${filters.length} topic filters${leftText}`);
}
