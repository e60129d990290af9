import { describe, expect, test } from 'vitest';
import { configurationFrom } from '../../src/config/load-configuration.ts';
import type { ClientIdentity } from '../../src/core/ports/authorizer.ts';
import { listenerFates } from '../../src/server/listeners/listener-fates.ts';
import type { Credentials } from '../../src/server/reload/client-recheck.ts';
import { endedClients, revokedClients } from '../../src/server/reload/client-recheck.ts';

const MAIN = { name: 'main', port: 0 };
const UNSAID: Readonly<Credentials> = { credentialOf: () => null };

function client(more: Partial<ClientIdentity> = {}, listener = 'main'): ClientIdentity {
  return {
    clientId: 'c',
    username: undefined,
    protocolVersion: 5,
    origin: { listener, kind: 'stream' },
    peer: '127.0.0.1:1',
    proxyPeer: undefined,
    security: undefined,
    groups: [],
    permissions: undefined,
    ...more,
  };
}

function credentials(known: Readonly<Record<string, string | null>>): Credentials {
  return { credentialOf: ({ username = '' }) => known[username] };
}

function reasonsFor(
  who: ClientIdentity,
  change: {
    readonly from?: Readonly<Record<string, unknown>>;
    readonly to?: Readonly<Record<string, unknown>>;
    readonly was?: Credentials;
    readonly is?: Credentials;
  },
): readonly string[] {
  const before = configurationFrom({ listeners: [MAIN], ...change.from }).configuration;
  const after = configurationFrom({ listeners: [MAIN], ...change.to }).configuration;
  return endedClients([who], {
    before,
    after,
    credentialsBefore: change.was ?? UNSAID,
    credentialsAfter: change.is ?? UNSAID,
    fates: listenerFates(before.listeners, after.listeners),
  }).map(({ reason, byListener }) => `${reason}${byListener ? ' (by its listener)' : ''}`);
}

const JWT = { type: 'jwt', secretFile: '/secret' };
const HTTP = { type: 'http', url: 'http://127.0.0.1:1/' };

describe('A connected client', () => {
  test('stays when nothing that concerns it changes', () => {
    expect(reasonsFor(client(), { to: { limits: { queuedMessages: 5 } } })).toEqual([]);
    expect(reasonsFor(client(), { to: { listeners: [{ ...MAIN, maximumQos: 1 }] } })).toEqual([]);
  });

  test('that came through no listener of the configuration stays', () => {
    expect(reasonsFor(client({}, 'in-process'), { to: { listeners: [] } })).toEqual([]);
  });

  test('goes with its listener', () => {
    expect(reasonsFor(client(), { to: { listeners: [{ name: 'b', port: 0 }] } })).toEqual([
      'its listener is closed (by its listener)',
    ]);
  });

  test('goes when its listener knows clients otherwise', () => {
    expect(reasonsFor(client(), { to: { listeners: [{ ...MAIN, mountPoint: 'x/' }] } })).toEqual([
      'its listener now knows clients otherwise: connect again',
    ]);
  });

  test('goes when its credentials are gone or others, and stays when they are the same', () => {
    const ann = client({ username: 'ann' });
    const was = credentials({ ann: '1' });
    expect(reasonsFor(ann, { was, is: was })).toEqual([]);
    expect(reasonsFor(ann, { was, is: credentials({ ann: '2' }) })).toEqual([
      'the credentials of its user have changed: connect again',
    ]);
    expect(reasonsFor(ann, { was, is: credentials({}) })).toEqual(['its user would not be let in any more']);
  });

  test('of which nothing can be said stays, unless the methods are others', () => {
    const ann = client({ username: 'ann' });
    const from = { authentication: { methods: [JWT] } };
    expect(reasonsFor(ann, { from, to: from })).toEqual([]);
    expect(reasonsFor(ann, { from, to: { authentication: { methods: [HTTP] } } })).toEqual([
      'users are now known otherwise: connect again',
    ]);
  });

  test('without a user name goes when that is not allowed any more', () => {
    const from = { authentication: { anonymous: true } };
    const to = { authentication: { anonymous: false } };
    expect(reasonsFor(client(), { from, to })).toEqual([
      'nobody may be connected without a user name any more',
    ]);
    const own = { listeners: [{ ...MAIN, authentication: { anonymous: true } }] };
    expect(reasonsFor(client(), { from: { ...own, ...from }, to: { ...own, ...to } })).toEqual([]);
  });

  test('with a revoked certificate goes', () => {
    const certificate = {
      commonName: 'c',
      subject: 'CN=c',
      subjectAlternativeNames: [],
      fingerprint256: '00',
      serialNumber: '0A',
      issuer: 'CN=ca',
    };
    const secured = client({ security: { protocol: 'TLSv1.3', cipher: 'x', certificate } });
    const isRevoked = (listener: string, { serialNumber }: { serialNumber: string }): boolean =>
      listener === 'main' && serialNumber === '0A';
    expect(revokedClients([client(), secured], isRevoked).map(({ reason }) => reason)).toEqual([
      'its certificate has been revoked',
    ]);
  });
});
