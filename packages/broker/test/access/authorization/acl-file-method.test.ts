import { describe, expect, it } from 'vitest';
import { AclFile } from '../../../src/access/authorization/acl-file.ts';
import { AclFileMethod } from '../../../src/access/authorization/acl-file-method.ts';
import { ComposedAuthorizer } from '../../../src/access/authorization/composed-authorizer.ts';
import { ACL_CASES } from './acl-cases.ts';
import { ask, identity, request, verdict } from './asking.ts';

function methodOf(acl: string, denySubscribe = true): AclFileMethod {
  return new AclFileMethod(AclFile.parse(acl, '/etc/acl'), { denySubscribe });
}

describe('Rights by an acl_file', () => {
  it.each(ACL_CASES)('$title', ({ acl, client, writes, doesNotWrite, reads, doesNotRead }) => {
    const authorizer = new ComposedAuthorizer([methodOf(acl)], { default: 'allow' });
    const who = identity(client);
    const allowed = (action: 'publish' | 'receive' | 'will', topics: readonly string[]) =>
      topics.filter((topic) => authorizer.authorize(request(who, action, topic)).allowed);
    expect(allowed('publish', [...writes, ...doesNotWrite])).toEqual(writes);
    expect(allowed('will', [...writes, ...doesNotWrite])).toEqual(writes);
    expect(allowed('receive', [...reads, ...doesNotRead])).toEqual(reads);
    // What may be read may be subscribed to, and what may not be read may not.
    for (const topic of reads)
      expect(authorizer.authorize(request(who, 'subscribe', topic)).allowed).toBe(true);
    for (const topic of doesNotRead)
      expect(authorizer.authorize(request(who, 'subscribe', topic)).allowed).toBe(false);
  });

  const SUBSCRIPTIONS: readonly (readonly [acl: string, filter: string, expected: string])[] = [
    ['topic read a/#', 'a/#', 'allowed'],
    ['topic read a/#', '#', 'allowed'],
    ['topic read a/#', '+/b', 'allowed'],
    ['topic read a/#', 'a', 'allowed'],
    ['topic read a/#', 'b/#', 'denied'],
    ['topic read a/#', '$share/g/a/b', 'allowed'],
    ['topic read a/#', '$share/g/b', 'denied'],
    ['topic read #', '$SYS/#', 'denied'],
    ['topic read $SYS/#', '#', 'denied'],
    ['topic read $SYS/#', '$SYS/+', 'allowed'],
    ['topic write a/#', 'a/#', 'denied'],
    ['topic deny a/#\ntopic read #', 'a/b', 'denied'],
    ['topic deny a/#\ntopic read #', '+/b', 'allowed'],
    ['topic deny a/#\ntopic read a/b', 'a/b', 'denied'],
    ['topic deny a/#\ntopic read a/b', '#', 'denied'],
    ['topic deny +/b\ntopic read a/+', 'a/b', 'denied'],
    ['topic deny +/b\ntopic read a/+', 'a/#', 'allowed'],
    ['pattern read x/%c', 'x/c1', 'allowed'],
    ['pattern read x/%c', 'x/+', 'allowed'],
    ['pattern read x/%c', 'x/c2', 'denied'],
    ['topic deny x/#\npattern read x/%c', 'x/c1', 'denied'],
    ['topic read x/c1\npattern deny x/#', 'x/+', 'allowed'],
  ];

  it.each(SUBSCRIPTIONS)('with %j, a subscription to %s is %s', (acl, filter, expected) => {
    expect(ask(methodOf(acl), identity(), 'subscribe', filter)).toBe(expected);
    expect(ask(methodOf(acl, false), identity(), 'subscribe', filter)).toBe('allowed');
  });

  it('says which line decided', () => {
    const method = methodOf('# who\ntopic read a/#\n  topic deny   a/secret\n');
    const ruleOf = (action: 'receive' | 'publish' | 'subscribe', topic: string) =>
      method.decide(request(identity(), action, topic))?.rule;
    expect(ruleOf('receive', 'a/b')).toEqual({ source: '/etc/acl', line: 2, text: 'topic read a/#' });
    expect(ruleOf('receive', 'a/secret')).toEqual({
      source: '/etc/acl',
      line: 3,
      text: 'topic deny   a/secret',
    });
    expect(ruleOf('subscribe', 'a/secret')?.line).toBe(3);
    expect(ruleOf('publish', 'a/b')).toEqual({
      source: '/etc/acl',
      line: undefined,
      text: 'no entry allows it',
    });
  });

  it('tells a denied client whether a rule was against it, and nothing of the file', () => {
    const method = methodOf('topic deny a\n');
    const reasonOf = (topic: string) => {
      const answer = method.decide(request(identity(), 'publish', topic));
      return answer?.allowed === false ? answer.reasonString : undefined;
    };
    expect(reasonOf('a')).toBe('not authorized: a rule forbids to publish to this topic');
    expect(reasonOf('b')).toBe('not authorized: no rule allows to publish to this topic');
  });

  it('leaves it to others whether a client may unsubscribe', () => {
    expect(verdict(methodOf('topic deny #').decide(request(identity(), 'unsubscribe', 'a')))).toBe(
      'undecided',
    );
  });
});
