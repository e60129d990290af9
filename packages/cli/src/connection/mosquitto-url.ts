/** `-L`: where the server is, who connects, and the topic, as Mosquitto's tools write it in one URL. */

import { unexpected } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

export type UrlScheme = 'mqtt' | 'mqtts' | 'ws' | 'wss';

export interface MosquittoUrl {
  readonly scheme: UrlScheme;
  /** An IPv6 address without brackets. */
  readonly host: string;
  /** Undefined: that of the scheme. */
  readonly port: number | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Everything after the slash that follows the host, as it stands; a topic filter in `sub`. Empty if there is none. */
  readonly topic: string;
}

const EXPECTED = 'mqtt[s]:// or ws[s]://, as in mqtt://[user[:password]@]host[:port]/topic';

/** @throws {UsageError} It never shows the URL, which may hold a password. */
export function parseMosquittoUrl(url: string): MosquittoUrl {
  const [, scheme, rest] = /^(mqtts?|wss?):\/\/(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || rest === undefined)
    throw unexpected(EXPECTED, `${url.slice(0, 8)}…`, () => 'unsupported URL scheme.');
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const [, username, password] = /^([^:]*)(?::(.*))?$/s.exec(at < 0 ? '' : authority.slice(0, at)) ?? [];
  const [, bracketed, plain, port] =
    /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(authority.slice(at + 1)) ?? [];
  const host = bracketed ?? plain ?? '';
  const isPort = port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
  if (host === '' || !isPort)
    throw new UsageError('expected host or host:port after :// (or after user:password@), got none of these');
  return {
    scheme: scheme as UrlScheme,
    host,
    port: port === undefined ? undefined : Number(port),
    username: at < 0 ? undefined : username,
    password,
    topic: slash < 0 ? '' : rest.slice(slash + 1),
  };
}
