import { ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { UsernameSource } from '../../../src/config/listener-configuration.ts';
import type { TransportSecurity } from '../../../src/core/ports/transport.ts';
import { AuthenticationKit, attemptOf, bytesOf } from './authentication-kit.ts';

const kit = new AuthenticationKit();
const CERTIFICATE = {
  commonName: 'device-1',
  subject: 'CN=device-1,O=Example,C=AT',
  subjectAlternativeNames: ['ip:192.0.2.1', 'uri:urn:device:1', 'dns:device-1.example'],
  fingerprint256: 'AA:BB',
  serialNumber: '01',
  issuer: 'CN=ca',
};
const TLS: TransportSecurity = { protocol: 'TLSv1.3', cipher: 'x', certificate: CERTIFICATE };

function from(usernameFrom: UsernameSource) {
  return { usernameFrom: () => usernameFrom };
}

describe('A user name from TLS', () => {
  it.each([
    ['certificate-cn', TLS, 'device-1'],
    ['certificate-subject', TLS, 'CN=device-1,O=Example,C=AT'],
    ['certificate-san', TLS, 'urn:device:1'],
    ['psk', { protocol: 'TLSv1.2', cipher: 'x', pskIdentity: 'device-2' }, 'device-2'],
  ] as const)(
    'by %s needs no password, and stands for the one of CONNECT',
    async (source, security, username) => {
      const { ask } = await kit.build([], {}, from(source));
      const attempt = attemptOf({ security, username: 'admin', password: bytesOf('x') });
      expect(await ask(attempt)).toEqual({ kind: 'accept', username });
      expect(await ask(attemptOf({ security }))).toEqual({ kind: 'accept', username });
    },
  );

  it.each(['certificate-cn', 'certificate-subject', 'certificate-san', 'psk'] as const)(
    'by %s is demanded: whoever has none is refused, even where anonymous clients may come',
    async (source) => {
      const { ask } = await kit.build([], { anonymous: true }, from(source));
      const answer = await ask(attemptOf({ username: 'admin', password: bytesOf('x') }));
      expect(answer).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword });
      expect((answer as { reasonString: string }).reasonString).toMatch(
        /^expected a .*, which names the user here/,
      );
    },
  );

  it('leaves whoever has none to the next method where it is listed', async () => {
    const { ask } = await kit.build([{ type: 'certificate' }], { anonymous: true }, from('certificate-cn'));
    expect(await ask(attemptOf({ security: TLS }))).toEqual({ kind: 'accept', username: 'device-1' });
    expect(await ask(attemptOf())).toEqual({ kind: 'accept' });
    expect(await ask(attemptOf({ username: 'admin' }))).toMatchObject({ kind: 'refuse' });
  });

  it('is demanded of clients that bring an authentication method, too', async () => {
    const file = kit.file('');
    const { ask } = await kit.build(
      [{ type: 'scram', file, mechanisms: ['SCRAM-SHA-256'] }],
      {},
      from('certificate-cn'),
    );
    const scram = {
      authenticationMethod: 'SCRAM-SHA-256',
      authenticationData: bytesOf('n,,n=user,r=abc'),
    };
    expect(await ask(attemptOf(scram))).toMatchObject({ kind: 'refuse' });
    expect(await ask(attemptOf({ ...scram, security: TLS }))).toMatchObject({ kind: 'continue' });
  });

  it('counts at the listeners that take it from there, and at no other', async () => {
    const { ask } = await kit.build(
      [],
      { anonymous: true },
      { usernameFrom: (listener) => (listener === 'tls' ? 'certificate-cn' : 'connect') },
    );
    const at = (listener: string) => attemptOf({ security: TLS, origin: { listener, kind: 'stream' } });
    expect(await ask(at('tls'))).toEqual({ kind: 'accept', username: 'device-1' });
    expect(await ask(at('other'))).toEqual({ kind: 'accept' });
  });

  it.each(['', 'a\u0000b', 'a\nb', '\ud800', 'x'.repeat(65_536)])(
    'is refused if MQTT has no such user name: %j',
    async (commonName) => {
      const { ask } = await kit.build([], {}, from('certificate-cn'));
      const security = { ...TLS, certificate: { ...CERTIFICATE, commonName } };
      expect(await ask(attemptOf({ security }))).toMatchObject({ kind: 'refuse' });
    },
  );

  it('is not there without a common name, or with addresses as the only alternative names', async () => {
    const certificate = { ...CERTIFICATE, commonName: undefined, subjectAlternativeNames: ['ip:192.0.2.1'] };
    const security = { ...TLS, certificate };
    for (const source of ['certificate-cn', 'certificate-san'] as const) {
      const { ask } = await kit.build([], {}, from(source));
      expect(await ask(attemptOf({ security }))).toMatchObject({ kind: 'refuse' });
    }
  });
});
