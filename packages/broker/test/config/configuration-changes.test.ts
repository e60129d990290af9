import { describeChanges } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { parsed } from './parsed.ts';

function changes(before: string, after: string): readonly unknown[] {
  return describeChanges(parsed(before), parsed(after)).map(({ key, before: was, after: is }) => [
    key,
    was,
    is,
  ]);
}

describe('Between two configurations', () => {
  test('that say the same nothing differs, however it is written', () => {
    expect(
      changes('{}', 'limits: { connections: 100000 }\nlisteners: [{}, { protocol: websocket }]'),
    ).toEqual([]);
  });

  test('a value that is another one is told by its key', () => {
    expect(changes('{}', 'limits: { connections: 5 }\nuser: ann')).toEqual([
      ['limits.connections', 100_000, 5],
      ['user', null, 'ann'],
    ]);
  });

  test('listeners are found again by name: one that came, one that went, one that moved', () => {
    const before = 'listeners: [{ name: a, port: 1 }, { name: b, port: 2 }]';
    const after = 'listeners: [{ name: b, port: 3 }, { name: c, port: 4 }]';
    expect(changes(before, after)).toEqual([
      ['listeners.a', expect.objectContaining({ name: 'a', port: 1 }), undefined],
      ['listeners.b.port', 2, 3],
      ['listeners.c', undefined, expect.objectContaining({ name: 'c', port: 4 })],
    ]);
  });

  test('methods are found again by type, and their order counts', () => {
    const file = '{ type: passwordFile, file: /a }';
    expect(
      changes(`authentication: { methods: [psk, ${file}] }`, `authentication: { methods: [${file}, psk] }`),
    ).toEqual([['authentication.methods (order)', ['psk', 'passwordFile'], ['passwordFile', 'psk']]]);
    expect(
      changes(
        `authentication: { methods: [${file}, ${file}] }`,
        `authentication: { methods: [${file}, { type: passwordFile, file: /b }] }`,
      ),
    ).toEqual([['authentication.methods["passwordFile (2)"].file', '/a', '/b']]);
  });

  test('a rule that is put in changes none of those after it', () => {
    const rule = (topic: string) => `{ allow: publish, topics: ${topic} }`;
    const list = (...topics: string[]) => `authorization: { rules: [${topics.map(rule).join(', ')}] }`;
    expect(changes(list('a', 'c'), list('a', 'b', 'c'))).toEqual([
      ['authorization.rules[1]', undefined, expect.objectContaining({ topics: ['b'] })],
    ]);
    expect(changes(list('a', 'b'), list('a', 'x'))).toEqual([
      ['authorization.rules[1].topics', ['b'], ['x']],
    ]);
    expect(changes(list('a', 'b'), list('b'))).toEqual([
      ['authorization.rules[0]', expect.objectContaining({ topics: ['a'] }), undefined],
    ]);
  });

  test('TLS, users and groups that came or went are told whole, names of users one by one', () => {
    const tls = 'listeners: [{ name: a, tls: { psk: { file: /k } } }]';
    expect(changes('listeners: [{ name: a, port: 8883 }]', tls)).toEqual([
      ['listeners.a.tls', null, expect.objectContaining({ psk: { file: '/k', hint: null } })],
    ]);
    expect(
      changes('rates: { users: { ann: {} } }', 'rates: { users: { ann: { connections: 2 }, bob: {} } }'),
    ).toEqual([
      ['rates.users.ann.connections', undefined, 2],
      ['rates.users.bob', undefined, {}],
    ]);
  });

  test('no secret is told', () => {
    const bridge = (password: string) => `bridges: [{ name: b, addresses: h, remotePassword: ${password} }]`;
    expect(changes(bridge('one'), bridge('two'))).toEqual([
      ['bridges.b.remotePassword', '(secret)', '(secret)'],
    ]);
    expect(JSON.stringify(changes('{}', bridge('one')))).not.toContain('one"');
  });
});
