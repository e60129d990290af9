// Other people's clients over TLS: Mosquitto's with certificates and with shared keys, Python's, openssl's.

import { fileURLToPath } from 'node:url';
import type { AuthenticationAttempt, Broker, Listener } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../crash/broker-process.mjs';
import { HAS_OPENSSL, MadeAuthority } from '../../packages/broker/test/listeners/tls/made-authority.ts';
import { debianTool } from '../debian-tools.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { Programs } from './program.ts';

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const mosquitto = debianTool('mosquitto');
const python = debianTool('python3 with paho.mqtt');

const SUBJECTS = [
  '/CN=sensor',
  '/C=GB/ST=Kent/O=Example, Inc. "x"/OU=a+UID=b/CN=sensör; 7/emailAddress=s@example.org',
  '/DC=org/DC=example/CN= leading and trailing ',
  '/CN=#hash\\\\back/CN=second',
];

describe.skipIf(!HAS_OPENSSL)('TLS', () => {
  const programs = new Programs();
  let authority: MadeAuthority;
  let server: { readonly certificateFile: string; readonly keyFile: string };
  let broker: Broker;
  let attempts: AuthenticationAttempt[];

  beforeAll(() => {
    authority = new MadeAuthority('Test CA');
    server = authority.certify('localhost', { subjectAltName: 'DNS:localhost,IP:127.0.0.1' });
  });
  beforeEach(() => {
    attempts = [];
    broker = createBroker({
      authenticator: {
        authenticate: (attempt) => {
          attempts.push(attempt);
          return { kind: 'accept' };
        },
      },
    });
  });
  afterEach(async () => {
    await programs.stopAll();
    await broker.close();
  });
  afterAll(() => authority?.remove());

  const portOf = ({ address }: Listener): string => String(address.kind === 'tcp' ? address.port : 0);

  describe.skipIf(pub.path === undefined || sub.path === undefined)(
    `with Mosquitto's clients ${pub.label}`,
    () => {
      const ca = (): readonly string[] => ['--cafile', authority.certificateFile];

      async function roundTrip(listener: Listener, ...security: readonly string[]): Promise<void> {
        const place = ['-h', 'localhost', '-p', portOf(listener), '-t', 'secure', ...security];
        const subscribed = new Promise<void>((resolve) => broker.on('subscribed', () => resolve()));
        const subscriber = programs.start(sub.path!, [...place, '-q', '1', '-C', '1']);
        await subscribed;
        expect(await programs.run(pub.path!, [...place, '-q', '1', '-m', 'hello'])).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(await subscriber.exit).toMatchObject({ code: 0, stdout: 'hello\n' });
      }

      test.each(['tlsv1.2', 'tlsv1.3'])('checks our certificate, over %s', async (version) => {
        const listener = await broker.listen({ port: 0, tls: { certificates: [server] } });
        await roundTrip(listener, ...ca(), '--tls-version', version);
        const expected = version === 'tlsv1.3' ? /^TLSv1\.3$/ : /^TLSv1\.[23]$/;
        expect(attempts[0]!.security?.protocol).toMatch(expected);
        await roundTrip(listener, ...ca(), '--tls-alpn', 'mqtt');
      });

      test('has to show a certificate of its own, and has that name', async () => {
        const client = authority.certify('sensor', { subject: '/O=Example/CN=sensor' });
        const listener = await broker.listen({
          port: 0,
          tls: { certificates: [server], clientCertificates: 'require', caFile: authority.certificateFile },
        });
        await roundTrip(listener, ...ca(), '--cert', client.certificateFile, '--key', client.keyFile);
        expect(attempts[0]!.security?.certificate).toMatchObject({
          commonName: 'sensor',
          subject: 'CN=sensor,O=Example',
        });
        const place = ['-h', 'localhost', '-p', portOf(listener), '-t', 'secure', '-m', 'x', ...ca()];
        expect((await programs.run(pub.path!, place)).code).not.toBe(0);
        expect(listener.refusals?.['client-certificate-refused']).toBe(1);
      });

      test('proves that it has the shared key, and has that name', async () => {
        const file = authority.file('psk', 'greenhouse:00c0ffee00c0ffee\n');
        const listener = await broker.listen({ port: 0, tls: { psk: { file, hint: 'garden' } } });
        await roundTrip(listener, '--psk-identity', 'greenhouse', '--psk', '00c0ffee00c0ffee');
        expect(attempts.map(({ security }) => security?.pskIdentity)).toEqual(['greenhouse', 'greenhouse']);
        const place = ['-h', 'localhost', '-p', portOf(listener), '-t', 'secure', '-m', 'x'];
        for (const [identity, key] of [
          ['greenhouse', '0badc0ffee'],
          ['nobody', '00c0ffee00c0ffee'],
        ] as const)
          expect(
            (await programs.run(pub.path!, [...place, '--psk-identity', identity, '--psk', key])).code,
          ).not.toBe(0);
        expect(listener.refusals?.['tls-handshake-failed']).toBe(2);
        expect(attempts).toHaveLength(2);
      });

      test.skipIf(mosquitto.path === undefined)(
        "has the subject that Mosquitto's broker takes as user name",
        async () => {
          const lines = [
            ['cafile', authority.certificateFile],
            ['certfile', server.certificateFile],
            ['keyfile', server.keyFile],
            ['require_certificate', 'true'],
            ['use_subject_as_username', 'true'],
          ];
          const port = await freePort();
          const theirs = await MosquittoBroker.start(mosquitto.path!, [
            'log_type all',
            `listener ${port} 127.0.0.1`,
            ...lines.map((line) => line.join(' ')),
          ]);
          const listener = await broker.listen({
            port: 0,
            tls: { certificates: [server], clientCertificates: 'require', caFile: authority.certificateFile },
          });
          try {
            for (const [index, subject] of SUBJECTS.entries()) {
              const client = authority.certify(`client-${index}`, { subject });
              const common = ['-h', 'localhost', '-t', 'x', '-m', 'x', '-i', `c${index}`, ...ca()];
              const own = ['--cert', client.certificateFile, '--key', client.keyFile];
              expect(
                await programs.run(pub.path!, [...common, ...own, '-p', portOf(listener)]),
              ).toMatchObject({ code: 0 });
              expect(await programs.run(pub.path!, [...common, ...own, '-p', String(port)])).toMatchObject({
                code: 0,
              });
              const line = await theirs.line(new RegExp(`New client connected .* as c${index} `));
              expect(attempts.at(-1)!.security?.certificate?.subject).toBe(/u'(.*)'\)\.$/.exec(line)?.[1]);
            }
          } finally {
            await theirs.close();
          }
        },
      );
    },
  );

  describe.skipIf(python.path === undefined)(`with Python's paho-mqtt ${python.label}`, () => {
    const path = fileURLToPath(new URL('python/secure_client.py', import.meta.url));

    test.each(['tcp', 'websockets'])(
      'connects over %s, with a certificate and without',
      async (transport) => {
        const tls = {
          certificates: [server],
          clientCertificates: 'request',
          caFile: authority.certificateFile,
        } as const;
        const listener = await (transport === 'tcp'
          ? broker.listen({ port: 0, tls })
          : broker.listenWebSocket({ port: 0, tls }));
        const client = authority.certify(`python-${transport}`);
        for (const own of [
          ['', ''],
          [client.certificateFile, client.keyFile],
        ]) {
          const args = [
            '-u',
            path,
            'localhost',
            portOf(listener),
            transport,
            authority.certificateFile,
            ...own,
          ];
          expect(await programs.run(python.path!, args)).toMatchObject({
            code: 0,
            stdout: 'Connected with result code 0\nReceived hello\n',
          });
        }
        expect(attempts.map(({ security }) => security?.certificate?.commonName)).toEqual([
          undefined,
          `python-${transport}`,
        ]);
      },
    );
  });
});
