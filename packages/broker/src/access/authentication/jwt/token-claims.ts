/** What a verified token says about its bearer. */
import type { JwtConfiguration } from '../../../config/access-configuration.ts';

export interface TokenClaims {
  readonly username: string;
  readonly groups?: readonly string[];
  readonly permissions?: unknown;
  readonly expiresAtWallMs?: number;
}

type Claims = Readonly<Record<string, unknown>>;
type ClaimNames = Pick<
  JwtConfiguration,
  'usernameClaim' | 'clientIdClaim' | 'groupsClaim' | 'permissionsClaim' | 'clockToleranceSeconds'
>;

const MOST_GROUPS = 1000;

/** @returns a text if the token says too little, or something that cannot be meant; it has none of the token's values */
export function tokenClaims(claims: Claims, names: ClaimNames, clientId: string): TokenClaims | string {
  const { usernameClaim, clientIdClaim, groupsClaim, permissionsClaim, clockToleranceSeconds } = names;
  const username = claimAt(claims, usernameClaim);
  if (typeof username !== 'string' || username === '' || /\p{Cc}|\p{Cs}/u.test(username))
    return `expected a user name in the claim ${usernameClaim}`;
  if (clientIdClaim !== null && claimAt(claims, clientIdClaim) !== clientId)
    return `expected the client identifier in the claim ${clientIdClaim}`;
  const groups = groupsClaim === null ? undefined : claimAt(claims, groupsClaim);
  if (groups !== undefined && !isNames(groups)) return `expected a list of names in the claim ${groupsClaim}`;
  const permissions = claimAt(claims, permissionsClaim);
  if (permissions !== undefined && !isPermissions(permissions))
    return `expected an object with lists of topic filters in the claim ${permissionsClaim}`;
  const { exp } = claims;
  return {
    username,
    ...(groups === undefined ? undefined : { groups: groups as readonly string[] }),
    ...(permissions === undefined ? undefined : { permissions }),
    ...(typeof exp === 'number' ? { expiresAtWallMs: (exp + clockToleranceSeconds) * 1000 } : undefined),
  };
}

/** By its name; else, where the name has dots, by the way into the objects that it describes: `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

function isNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= MOST_GROUPS && value.every((each) => typeof each === 'string')
  );
}

const LISTS = ['publish', 'subscribe', 'receive'] as const;

function isPermissions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return LISTS.every((name) => {
    const list = (value as Claims)[name];
    return list === undefined || (Array.isArray(list) && list.every((each) => typeof each === 'string'));
  });
}
