/**
 * What the answer of an authentication service means.
 *
 * | answer | meaning |
 * |---|---|
 * | 200 with `{"result": "allow"}`, or 204 | the client may connect |
 * | 200 with `{"result": "deny"}`, or 400 to 499 but for those below | it may not |
 * | 200 with `{"result": "ignore"}`, or 404 | the service does not know it: the next method is asked |
 * | 408, 429 | the service is busy: the client is refused with 0x89 |
 * | anything else | the service is down |
 */
import type { HttpAnswer } from './bounded-request.ts';

/** What the service said of a client that may connect. */
export interface ServicePermission {
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly permissions?: unknown;
  readonly expiresAtWallMs?: number;
}

export type ServiceAnswer =
  | { readonly kind: 'allow'; readonly permission: ServicePermission }
  | { readonly kind: 'ignore' | 'busy' }
  /** `text` for operators. */
  | { readonly kind: 'deny' | 'down'; readonly text: string };

const MOST_GROUPS = 1000;
/** Of a superuser, for `type: token` of the authorisation. */
const EVERYTHING: Readonly<Record<string, readonly string[]>> = {
  publish: ['#'],
  subscribe: ['#', '$SYS/#'],
};

export function serviceAnswer({ status, body }: HttpAnswer): ServiceAnswer {
  if (status === 204) return { kind: 'allow', permission: {} };
  if (status === 200) return fromBody(body);
  if (status === 404) return { kind: 'ignore' };
  if (status === 408 || status === 429) return { kind: 'busy' };
  if (status >= 400 && status < 500) return { kind: 'deny', text: `the service answered ${status}` };
  const redirect = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { kind: 'down', text: `answered ${status}${redirect}` };
}

function fromBody(body: Uint8Array): ServiceAnswer {
  const json = jsonOf(body);
  const result = json?.['result'];
  if (json === undefined || (result !== 'allow' && result !== 'deny' && result !== 'ignore'))
    return {
      kind: 'down',
      text: 'expected JSON with "result": "allow", "deny" or "ignore", got another answer',
    };
  if (result === 'ignore') return { kind: 'ignore' };
  if (result === 'deny') return { kind: 'deny', text: 'the service answered deny' };
  return permissionFrom(json);
}

function jsonOf(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    return json as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** A field that says something else than it may makes the whole answer useless: it was meant to say something. */
function permissionFrom(json: Readonly<Record<string, unknown>>): ServiceAnswer {
  const { username, groups, permissions, expiresAt, isSuperuser } = json as ServiceFields;
  const wrong = (name: string, expected: string): ServiceAnswer => ({
    kind: 'down',
    text: `expected "${name}" to be ${expected}, got something else`,
  });
  if (!isAbsent(username) && !(typeof username === 'string' && username !== '' && !/\p{Cc}/u.test(username)))
    return wrong('username', 'a user name');
  if (!isAbsent(groups) && !isTexts(groups)) return wrong('groups', 'a list of names');
  if (!isAbsent(permissions) && typeof permissions !== 'object')
    return wrong('permissions', 'an object with the lists "publish" and "subscribe"');
  if (!isAbsent(isSuperuser) && typeof isSuperuser !== 'boolean')
    return wrong('isSuperuser', 'true or false');
  const atMs = typeof expiresAt === 'number' ? expiresAt * 1000 : Date.parse(String(expiresAt));
  if (!isAbsent(expiresAt) && !Number.isFinite(atMs))
    return wrong('expiresAt', 'seconds since 1970 or a time of ISO 8601');
  return {
    kind: 'allow',
    permission: {
      ...(isAbsent(username) ? undefined : { username: username as string }),
      ...(isAbsent(groups) ? undefined : { groups: groups as readonly string[] }),
      ...(isSuperuser === true
        ? { permissions: EVERYTHING }
        : isAbsent(permissions)
          ? undefined
          : { permissions }),
      ...(isAbsent(expiresAt) ? undefined : { expiresAtWallMs: atMs }),
    },
  };
}

interface ServiceFields {
  readonly username?: unknown;
  readonly groups?: unknown;
  readonly permissions?: unknown;
  readonly expiresAt?: unknown;
  readonly isSuperuser?: unknown;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isTexts(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= MOST_GROUPS && value.every((each) => typeof each === 'string')
  );
}
