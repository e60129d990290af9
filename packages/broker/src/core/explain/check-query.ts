import type { ExplanationQuery } from './explanation.ts';

/** @throws {TypeError} that says what is expected: a question may come from outside */
export function checkQuery(query: ExplanationQuery): void {
  const { clientId, topicName, action, qos = 0, retain = false, identity = {} } = query;
  const expected = (what: string, got: unknown): TypeError =>
    new TypeError(`expected ${what}, got ${JSON.stringify(got)}`);
  if (typeof clientId !== 'string') throw expected('a client identifier as clientId', clientId);
  if (typeof topicName !== 'string') throw expected('a topic name as topicName', topicName);
  if (action !== 'publish' && action !== 'receive') throw expected('publish or receive as action', action);
  if (qos !== 0 && qos !== 1 && qos !== 2) throw expected('0, 1 or 2 as qos', qos);
  if (typeof retain !== 'boolean') throw expected('a boolean as retain', retain);
  if (typeof identity !== 'object' || identity === null) throw expected('an object as identity', identity);
  const { username, peer, listener, groups, protocolVersion = 5 } = identity;
  for (const [name, value] of Object.entries({ username, peer, listener })) {
    if (value !== undefined && typeof value !== 'string') throw expected(`text as identity.${name}`, value);
  }
  if (groups !== undefined && !(Array.isArray(groups) && groups.every((each) => typeof each === 'string'))) {
    throw expected('a list of names as identity.groups', groups);
  }
  if (![3, 4, 5].includes(protocolVersion))
    throw expected('3, 4 or 5 as identity.protocolVersion', protocolVersion);
}
