import type { BrokerOptions } from '@martlet/broker';
import { authenticatorOf, createBroker, LIMITS } from '@martlet/broker';
import { describe, expect, test } from 'vitest';

/** Options as someone without TypeScript may give them. */
const untyped = (options: unknown): BrokerOptions => options as BrokerOptions;

test('Whoever decides must be able to, when a broker is made and when it is changed', () => {
  const deciders = [
    [
      { authenticator: () => true },
      'authenticator: expected an object with authenticate(), such as authenticatorOf',
    ],
    [{ authenticator: {} }, 'got an object without authenticate'],
    [
      { authorizer: () => ({ allowed: true }) },
      'authorizer: expected an object with authorize(), got a function',
    ],
  ] as const;
  expect(() => authenticatorOf(undefined as never)).toThrow(
    'expected a function that decides, got undefined',
  );
  const broker = createBroker();
  for (const [options, message] of deciders) {
    expect(() => createBroker(untyped(options))).toThrow(message);
    expect(() => broker.reconfigure(untyped(options))).toThrow(message);
  }
  expect(() => broker.reconfigure(untyped({ authorizr: null }))).toThrow(
    'unknown change authorizr: did you mean authorizer?',
  );
  expect(() => createBroker(untyped({ authenticator: undefined, authorizer: null }))).not.toThrow();
});

describe('listen refuses, and listens nowhere', () => {
  test.each([
    ['an unknown option', { tsl: {} }, /tsl: did you mean tls\?$/],
    ['a port that is a text', { port: '1883' }, /got "1883"$/],
    ['a port beyond all', { port: 65_536 }, /from 0 to 65535, got 65536$/],
    [
      'a version of PROXY in place of its options',
      { proxyProtocol: 'v2' },
      /^proxyProtocol: expected an object .*got a string$/,
    ],
    [
      'proxies beside the options of PROXY',
      { trustedProxies: [] },
      /^unknown option of listen: trustedProxies/,
    ],
    [
      'a version of PROXY that there is not',
      { proxyProtocol: { version: 'v3' } },
      /expected v1, v2 or any, got v3/,
    ],
    [
      'a policy with an unknown name',
      { policy: { mountpoint: 'a/' } },
      /policy: mountpoint: did you mean mountPoint\?/,
    ],
    [
      'TLS with an unknown name',
      { tls: { certificate: [] } },
      /tls: certificate: did you mean certificates\?/,
    ],
    [
      'a certificate with an unknown name',
      { tls: { certificates: [{ certFile: 'a' }] } },
      /certificates\[0\]: certFile/,
    ],
    ['TLS that is only wished for', { tls: true }, /^tls: expected an object .*got a boolean$/],
  ])('%s', async (_what, options, message) => {
    const broker = createBroker();
    await expect(broker.listen({ port: 0, ...options } as never)).rejects.toThrow(message);
    expect(broker.listeners).toEqual([]);
    await broker.close();
  });
});

describe('createBroker refuses', () => {
  test.each([
    [
      'an unknown option, with the nearest one',
      { sysIntervall: 5 },
      'unknown option sysIntervall: did you mean sysInterval?',
    ],
    [
      'an unknown limit, with the nearest one',
      { limits: { conections: 5 } },
      'unknown limit conections: did you mean connections?',
    ],
    ['a name that resembles nothing', { zzz: 1 }, /^unknown option zzz$/],
  ])('%s', (_what, options, message) => {
    expect(() => createBroker(untyped(options))).toThrow(TypeError);
    expect(() => createBroker(untyped(options))).toThrow(message);
  });

  test.each([
    [
      'less than the minimum',
      { limits: { connections: LIMITS.connections.minimum - 1 } },
      'limit connections: expected a whole number from 1 to',
    ],
    [
      'more than the maximum',
      { limits: { receiveMaximum: 65_536 } },
      'from 1 to 65535 (messages), got 65536',
    ],
    ['half a message', { limits: { queuedMessages: 0.5 } }, 'got 0.5'],
    [
      'a choice that is none',
      { fullQueue: 'drop-all' },
      'option fullQueue: expected one of drop-oldest, drop-newest, got drop-all',
    ],
    [
      'a durability that is none',
      { durability: 'ssd' },
      'option durability: expected one of disk, os, memory, got ssd',
    ],
    [
      'a durability of topics that is none',
      { topicDurability: [{ topicFilter: 'a/#', durability: 'ssd' }] },
      'option topicDurability: expected one of disk, os, memory, got ssd',
    ],
    [
      'a durability of topics whose filter is none',
      { topicDurability: [{ topicFilter: 'a#', durability: 'os' }] },
      'option topicDurability: topic filter "a#"',
    ],
    [
      "a durability of topics with a shared subscription's filter",
      { topicDurability: [{ topicFilter: '$share/g/a', durability: 'os' }] },
      'got that of a shared subscription: $share/g/a',
    ],
    ['a negative time', { sysInterval: -1 }, 'option sysInterval: expected a number from 0 on, got -1'],
  ])('%s, and says what is allowed', (_what, options, message) => {
    expect(() => createBroker(untyped(options))).toThrow(RangeError);
    expect(() => createBroker(untyped(options))).toThrow(message);
  });
});

describe('createBroker refuses a value of the wrong type', () => {
  test.each([
    ['text for a list', { connackOrder: 'receiveMaximum' }, 'option connackOrder: expected a list'],
    ['a list for text', { responseTopicPrefix: ['a'] }, 'option responseTopicPrefix: expected text, got a'],
    [
      'a CONNACK property that there is not',
      { connackOrder: ['receiveMaximum', 'recieveMaximum'] },
      'unknown CONNACK property recieveMaximum: did you mean receiveMaximum?',
    ],
    ['text for a list of topics', { topicDurability: 'a' }, 'option topicDurability: expected a list'],
    [
      'a topic without a durability',
      { topicDurability: [{ topicFilter: 'a' }] },
      'expected entries such as { topicFilter',
    ],
    ['no topic at all', { topicDurability: [null] }, 'got null'],
    [
      'a property of another packet',
      { connackOrder: ['willDelayInterval'] },
      'CONNACK property willDelayInterval',
    ],
  ])('%s', (_what, options, message) => {
    expect(() => createBroker(untyped(options))).toThrow(TypeError);
    expect(() => createBroker(untyped(options))).toThrow(message);
  });

  test('text that MQTT cannot carry', () => {
    expect(() => createBroker({ responseTopicPrefix: 'a\0' })).toThrow(RangeError);
  });
});

test('A listener refuses a durability that is none, and listens nowhere', async () => {
  const broker = createBroker();
  const durability = 'ssd' as 'disk';
  await expect(broker.listen({ port: 0, durability })).rejects.toThrow(RangeError);
  await expect(broker.listenWebSocket({ port: 0, durability })).rejects.toThrow(
    'option durability: expected one of disk, os, memory, got ssd',
  );
  expect(broker.listeners).toEqual([]);
  await broker.close();
});

test('createBroker takes a limit at either of its bounds', async () => {
  for (const receiveMaximum of [LIMITS.receiveMaximum.minimum, LIMITS.receiveMaximum.maximum]) {
    const broker = createBroker({ limits: { receiveMaximum } });
    expect(broker.profile.limits.receiveMaximum).toBe(receiveMaximum);
    await broker.close();
  }
});

test('An option that is undefined counts as left out', async () => {
  const broker = createBroker(untyped({ sysInterval: undefined, limits: { connections: undefined } }));
  expect(broker.profile.sysInterval).toBe(10);
  expect(broker.profile.limits.connections).toBe(LIMITS.connections.default);
  await broker.close();
});

test('A listener is told at once of a policy that cannot be', async () => {
  const broker = createBroker();
  await expect(broker.listen({ port: 0, policy: { mountPoint: 'a/#' } })).rejects.toThrow('mountPoint "a/#"');
  await expect(broker.listenWebSocket({ port: 0, policy: { protocolVersions: [] } })).rejects.toThrow(
    'protocolVersions',
  );
  expect(broker.listeners).toEqual([]);
  await broker.close();
});
