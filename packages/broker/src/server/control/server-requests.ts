/** What a running server answers on its control socket. */
import { resolve } from 'node:path';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { configurationRow } from '../../config/row-at.ts';
import { hidden } from '../../config/secrets.ts';
import type { Explanation } from '../../core/explain/explanation.ts';
import { addressText } from '../../listeners/listener.ts';
import { MARTLET_VERSION } from '../../martlet-version.ts';
import type { ReloadReport } from '../reload/reload-report.ts';
import type { ListedBan, Server } from '../server.ts';
import type { ControlRequest } from './control-message.ts';
import { ControlError } from './control-message.ts';
import { choiceOf, flagOf, textOf } from './request-parameters.ts';
import { queryOf } from './why-request.ts';

export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  /** By which commands find it: see `brokerName`. */
  readonly name: string;
  /** The configuration file, its whole path; null: there is none. */
  readonly file: string | null;
  /** Milliseconds since 1970. */
  readonly startedWallMs: number;
  readonly reloadedWallMs: number | null;
  /** Null: in memory only. */
  readonly storeDirectory: string | null;
  readonly connections: number;
  readonly sessions: number;
  readonly listeners: readonly {
    readonly name: string;
    readonly place: string;
    readonly connections: number;
  }[];
}

/** The requests, by name, with what they are answered. */
export interface ServerAnswers {
  status: ServerStatus;
  /** With `dryRun: true` only what it would do. */
  reload: ReloadReport;
  /** Of the file that `file` names, or of the one that the broker was started with. */
  plan: ReloadReport;
  /** Why a message does or does not arrive; with `file`, by the rules of that configuration. See `queryOf` for the query. */
  why: Explanation;
  /** Who is banned. */
  bans: readonly ListedBan[];
  /** Lets those in again whom `by` (user, clientId, address, flapping) and `key` name; without them everybody. */
  unban: { readonly count: number };
  /** What is in effect, without secrets. */
  config: {
    readonly file: string | null;
    readonly configuration: unknown;
    readonly notices: readonly ConfigurationProblem[];
  };
}

/** Answers further requests; undefined: not mine. */
export type AnswerMore = (server: Server, request: ControlRequest) => Promise<unknown> | undefined;

export async function answerServerRequest(
  server: Server,
  request: ControlRequest,
  name: string,
  more: AnswerMore,
): Promise<unknown> {
  const { parameters } = request;
  switch (request.request) {
    case 'status':
      return statusOf(server, name);
    case 'reload':
      return flagOf(parameters, 'dryRun') ? server.plan() : server.reload();
    case 'plan':
      return server.plan(textOf(parameters, 'file'));
    case 'config':
      return configOf(server);
    case 'why':
      return server.why(queryOf(request), textOf(parameters, 'file'));
    case 'bans':
      return server.bans;
    case 'unban': {
      const by = choiceOf(parameters, 'by', ['user', 'clientId', 'address', 'flapping']);
      const key = textOf(parameters, 'key');
      return {
        count: server.unban({ ...(by === undefined ? {} : { by }), ...(key === undefined ? {} : { key }) }),
      };
    }
    default: {
      const answer = more(server, request);
      if (answer !== undefined) return answer;
      throw new ControlError(
        'unknown-request',
        `expected status, reload, plan, config, why, bans or unban, got ${JSON.stringify(request.request.slice(0, 64))}`,
      );
    }
  }
}

function statusOf(server: Server, name: string): ServerStatus {
  const { broker, loaded, store } = server;
  const { file } = loaded.source;
  const { connections, sessions } = broker.gauges;
  return {
    version: MARTLET_VERSION,
    pid: process.pid,
    name,
    file: file === undefined ? null : resolve(file),
    startedWallMs: server.startedWallMs,
    reloadedWallMs: server.reloadedWallMs,
    storeDirectory: store.directory ?? null,
    connections,
    sessions,
    listeners: server.listeners.map(({ name: listener, address, connections: open }) => ({
      name: listener,
      place: addressText(address),
      connections: open,
    })),
  };
}

function configOf({ loaded }: Server): ServerAnswers['config'] {
  const { configuration, source, notices } = loaded;
  return { file: source.file ?? null, configuration: hidden(configuration, configurationRow()), notices };
}
