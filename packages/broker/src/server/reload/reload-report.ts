/** What a reload changes, or has changed: for the log, for `martlet reload` and for `martlet config plan`. */
import type { ConfigurationChange } from '../../config/configuration-changes.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { ListenerFate } from '../listeners/listener-fates.ts';

/** What became of one listener. */
export interface ListenerReport {
  readonly name: string;
  /** Another one if it has been renamed. */
  readonly before: string | null;
  readonly fate: ListenerFate;
  /** Where it listens, or did. */
  readonly place: string;
  /** Connections that it has, or had. */
  readonly connections: number;
}

/** A client whose connection a reload has ended, and why. */
export interface DisconnectedClient {
  readonly clientId: string;
  readonly username: string | null;
  readonly listener: string;
  /** In words, as an MQTT 5 client is told. */
  readonly reason: string;
}

/** What a reload has changed, or would. */
export interface ReloadReport {
  /** It was only asked what would be. */
  readonly dryRun: boolean;
  readonly changes: readonly ConfigurationChange[];
  readonly listeners: readonly ListenerReport[];
  /** Some of them: see `disconnectedCount`. */
  readonly disconnected: readonly DisconnectedClient[];
  readonly disconnectedCount: number;
  readonly notices: readonly ConfigurationProblem[];
}

/** So many of those that are disconnected are named. */
export const MAXIMUM_NAMED_CLIENTS = 1000;

const MAXIMUM_VALUE_LENGTH = 200;

/** Lines for the log and for people, one for each thing; nothing of what stays as it is. */
export function reportLines(report: ReloadReport): readonly string[] {
  const { dryRun, changes, listeners, disconnected, disconnectedCount } = report;
  const more = disconnectedCount - disconnected.length;
  return [
    ...changes.map(changeLine),
    ...listeners.filter(({ fate }) => fate !== 'kept').map((listener) => listenerLine(listener, dryRun)),
    ...disconnected.map(
      ({ clientId, username, listener, reason }) =>
        `${dryRun ? 'would disconnect' : 'disconnected'} ${clientId}${username === null ? '' : ` (${username})`} of ${listener}: ${reason}`,
    ),
    ...(more === 0 ? [] : [`and ${more} more clients`]),
  ];
}

function listenerLine({ name, before, fate, place, connections }: ListenerReport, dryRun: boolean): string {
  const renamed = before !== null && before !== name ? `, was ${before}` : '';
  const stay = `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
  const what = fate === 'opened' ? '' : fate === 'updated' ? `, ${stay} kept` : `, ${stay} ended`;
  return `listener ${name}${renamed} at ${place}: ${dryRun ? WOULD_BE[fate] : fate}${what}`;
}

const WOULD_BE: Readonly<Record<ListenerFate, string>> = {
  kept: 'would be kept',
  updated: 'would be updated',
  reopened: 'would be reopened',
  moved: 'would be moved',
  opened: 'would be opened',
  closed: 'would be closed',
};

/** A section that came or went is not written out: its own line tells of a listener, and the report itself has all of it. */
function changeLine({ key, before, after }: ConfigurationChange): string {
  if (before === undefined && isSection(after)) return `${key}: added`;
  if (after === undefined && isSection(before)) return `${key}: removed`;
  return `${key}: ${valueText(before)} → ${valueText(after)}`;
}

function isSection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** On one line, whatever it is, and cut where it is long. */
function valueText(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAXIMUM_VALUE_LENGTH ? `${text.slice(0, MAXIMUM_VALUE_LENGTH)}…` : text;
}
