// What `martlet doctor` says of TLS: servers that show certificates of all kinds, and servers that want one.

import { connect } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ServedBroker } from '../../../../test/e2e/served-broker.ts';
import { OddServer } from '../odd-server.ts';
import type { Examined } from './examined.ts';
import { examined } from './examined.ts';
import type { CertificateWishes, MadeCertificate } from './made-certificates.ts';
import { HAS_OPENSSL, MadeCertificates } from './made-certificates.ts';

const label = HAS_OPENSSL ? '' : '(skipped: needs openssl)';

describe.skipIf(!HAS_OPENSSL)(`over TLS ${label}`, () => {
  const names = 'DNS:localhost,IP:127.0.0.1';
  let made: MadeCertificates;
  let root: MadeCertificate;
  let between: MadeCertificate;
  let served: ServedBroker;
  const servers: OddServer[] = [];

  beforeAll(async () => {
    made = new MadeCertificates();
    root = made.make('root', undefined);
    between = made.make('between', root);
    served = await ServedBroker.start();
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  afterAll(async () => {
    await served.close();
    made.remove();
  });

  const server = (wishes: CertificateWishes = {}, signer: MadeCertificate | undefined = root) =>
    made.make('server', signer, { subjectAltName: names, ...wishes });

  /** TLS in front of our broker. */
  async function at(options: TlsOptions): Promise<number> {
    const odd = await OddServer.startTls(options, (socket) => {
      const far = connect(served.port, '127.0.0.1').on('error', () => {});
      socket.pipe(far).pipe(socket);
      socket.on('close', () => far.destroy());
    });
    servers.push(odd);
    return odd.port;
  }

  async function found(options: TlsOptions, ...words: readonly string[]): Promise<Examined> {
    return examined(`mqtts://localhost:${await at(options)}`, '--cafile', root.path, ...words);
  }

  test('all is well with the whole chain', async () => {
    const { cert, key } = server({}, between);
    const { code, text, diagnosis } = await found({ cert: cert + between.cert, key });
    expect({ code, diagnosis }, text).toEqual({ code: 0, diagnosis: 'All is well.' });
    expect(text).toMatch(
      /good certificate: server, signed by between, .*\n.*between, signed by root, .*\n.*root, signed by root/,
    );
    expect(text).toContain(
      'good trust: signed by somebody who is trusted here\ngood host: the certificate is for localhost',
    );
  });

  test('a wrong name is no matter of trust', async () => {
    const { code, text, diagnosis } = await found(
      server({ subjectAltName: 'DNS:other.example,DNS:third.example' }),
    );
    expect(code).toBe(1);
    expect(text).toContain('good trust: signed by somebody who is trusted here');
    expect(text).toContain(
      'bad host: the certificate is not for localhost, but for other.example, third.example →',
    );
    expect(diagnosis).toBe('It ends at the certificate, which is for another name.');
  });

  test('--insecure takes a wrong name, with a word', async () => {
    const { code, text, diagnosis } = await found(
      server({ subjectAltName: 'DNS:other.example' }),
      '--insecure',
    );
    expect(code, text).toBe(0);
    expect(text).toContain('warning host: the certificate is not for localhost, but for other.example');
    expect(diagnosis).toBe('It works, with one thing to look at.');
  });

  test('who has signed is not known', async () => {
    const other = made.make('other', undefined);
    const { text, diagnosis } = await found(server({}, other));
    expect(text).toMatch(
      /bad trust: signed by nobody who is trusted here \(UNABLE_TO_\w+\) → Give the certificate of other as --cafile/,
    );
    expect(text).toContain('good host: the certificate is for localhost');
    expect(diagnosis).toBe('It ends at the certificate, which nobody trusted has signed.');
  });

  test('it has signed itself', async () => {
    const own = made.make('own', undefined, { subjectAltName: names });
    const { text } = await found(own);
    expect(text).toContain('(DEPTH_ZERO_SELF_SIGNED_CERT) → The certificate has signed itself.');
    expect(await found(own, '--cafile', own.path)).toMatchObject({ code: 0 });
  });

  test('a certificate in between is missing', async () => {
    const { text } = await found(server({}, between));
    expect(text).toMatch(
      /bad trust: .* → Give the certificate of between as --cafile\. If that is signed by a public authority/,
    );
  });

  test.each<readonly [what: string, wishes: CertificateWishes, text: RegExp]>([
    [
      'has expired',
      { from: -10, to: -2 },
      /bad certificate: server, .*: it has expired → Renew it on the server/,
    ],
    [
      'is not yet valid',
      { from: 2, to: 10 },
      /bad certificate: server, .*: it is valid only from 20.* → Look at the clock/,
    ],
  ])('it %s', async (_what, wishes, expected) => {
    const { code, text, diagnosis } = await found(server(wishes));
    expect(code).toBe(1);
    expect(text).toMatch(expected);
    expect(text).not.toContain('trust');
    expect(diagnosis).toBe('It ends at the certificate.');
  });

  test('it ends soon, which is no failure', async () => {
    const { code, text, diagnosis } = await found(server({ to: 5.5 }));
    expect(code, text).toBe(0);
    expect(text).toContain('5 days left → Renew it before then');
    expect(diagnosis).toBe('It works, with one thing to look at.');
  });

  test('the server wants a certificate of the client', async () => {
    const options = { ...server(), ca: root.cert, requestCert: true, rejectUnauthorized: true };
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const { code, text } = await found({ ...options, maxVersion });
      expect(code).toBe(1);
      expect(text, maxVersion).toMatch(/→ .*\(?--cert(\)| and --key|, --key)/);
    }
  });

  test('the server takes the protocols of --tls-alpn, or none of them', async () => {
    const options = { ...server(), ALPNProtocols: ['mqtt'] };
    expect((await found(options, '--tls-alpn', 'mqtt')).text).toMatch(
      /good TLS: TLSv1\.3, \w+, protocol mqtt/,
    );
    expect((await found(options, '--tls-alpn', 'http/1.1')).text).toContain(
      '→ The server speaks none of the protocols of --tls-alpn.',
    );
  });

  test('the server has no version of TLS that we have', async () => {
    const { text } = await found({ ...server(), maxVersion: 'TLSv1.2' }, '--tls-version', 'tlsv1.3');
    expect(text).toContain('→ Client and server have no TLS version or cipher in common');
  });

  test('a WebSocket over TLS', async () => {
    const pair = server();
    const odd = await OddServer.startTls(pair, (socket) => {
      const { address } = served.webSocket;
      if (address.kind === 'tcp') socket.pipe(connect(address.port, '127.0.0.1')).pipe(socket);
    });
    servers.push(odd);
    const { code, text } = await examined(`wss://localhost:${odd.port}/mqtt`, '--cafile', root.path);
    expect(code, text).toBe(0);
    expect(text).toContain('good WebSocket: /mqtt accepts the upgrade, with the subprotocol mqtt');
  });
});
