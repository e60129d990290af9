// Who may connect, over TCP: Debian's clients at our broker beside Debian's broker, and our client by SCRAM and by tokens.

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '@martlet/broker';
import { createBroker, nodeEnvironment } from '@martlet/broker';
import { makeScramCredentials, SCRAM_MECHANISMS, scramCredentialsText } from '@martlet/broker/access';
import type { ConnectOptions } from '@martlet/client';
import { connect } from '@martlet/client';
import { scram } from '@martlet/client/scram';
import { ReasonCode } from '@martlet/protocol';
import { SignJWT } from 'jose';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { buildAuthenticator } from '../../packages/broker/src/access/authentication/build-authenticator.ts';
import { AuthenticationMemory } from '../../packages/broker/src/access/authentication/failures/authentication-memory.ts';
import type { AuthenticationConfiguration } from '../../packages/broker/src/config/access-configuration.ts';
import {
  authenticationOf,
  failuresOf,
  jwtOf,
} from '../../packages/broker/test/access/authentication/authentication-kit.ts';
import { RecordedLog } from '../../packages/broker/test/host/recorded-log.ts';
import { debianTool } from '../debian-tools.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { Programs } from './program.ts';

const mosquitto = debianTool('mosquitto');
const mosquittoPasswd = debianTool('mosquitto_passwd');
const pub = debianTool('mosquitto_pub');
const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-authentication-'));
const undo: (() => unknown)[] = [];

afterEach(async () => {
  await programs.stopAll();
  for (const each of undo.splice(0).reverse()) await each();
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Served {
  readonly port: number;
  readonly broker: Broker;
  readonly log: RecordedLog;
}

async function serve(
  configuration: AuthenticationConfiguration,
  profile: 'martlet' | 'mosquitto' = 'martlet',
): Promise<Served> {
  const log = new RecordedLog();
  const memory = new AuthenticationMemory();
  const built = await buildAuthenticator(configuration, { clock: nodeEnvironment(), log, memory, profile });
  const broker = createBroker({ authenticator: built.authenticator, log });
  const { address } = await broker.listen({ host: '127.0.0.1', port: 0 });
  undo.push(async () => {
    await broker.close();
    built.close();
  });
  return { port: (address as { readonly port: number }).port, broker, log };
}

function client(port: number, options: ConnectOptions) {
  const made = connect(`mqtt://127.0.0.1:${port}`, { reconnect: false, ...options });
  made.on('error', () => {});
  undo.push(() => made.close());
  return made;
}

describe.skipIf(mosquitto.path === undefined || mosquittoPasswd.path === undefined || pub.path === undefined)(
  `A password file of Mosquitto ${mosquitto.label}`,
  () => {
    test('lets in and refuses at our broker, in the profile of Mosquitto, whom it does at theirs, in the same way', async () => {
      const file = join(directory, 'passwords');
      writeFileSync(file, '');
      execFileSync(mosquittoPasswd.path!, ['-b', file, 'ann', 'secret']);
      execFileSync(mosquittoPasswd.path!, ['-H', 'sha512', '-b', file, 'ben', 'pass:ü$']);
      const method = { type: 'passwordFile', file, skipBadLines: true } as const;
      const attempts = [
        [],
        ['-u', 'ann'],
        ['-u', 'ann', '-P', 'secret'],
        ['-u', 'ann', '-P', 'Secret'],
        ['-u', 'ann', '-P', ''],
        ['-u', 'ben', '-P', 'pass:ü$'],
        ['-u', 'ben', '-P', 'secret'],
        ['-u', 'nobody', '-P', 'secret'],
        ['-u', '', '-P', 'secret'],
        ['-u', '# people', '-P', ''],
      ];
      for (const anonymous of [true, false]) {
        const theirs = await MosquittoBroker.start(mosquitto.path!, [
          `password_file ${file}`,
          `allow_anonymous ${anonymous}`,
        ]);
        undo.push(() => theirs.close());
        const ours = await serve(authenticationOf([method], { anonymous }), 'mosquitto');
        for (const version of ['mqttv311', 'mqttv5']) {
          for (const attempt of attempts) {
            const run = async (port: number) => {
              const place = ['-h', '127.0.0.1', '-p', String(port), '-V', version, '-t', 't', '-m', 'x'];
              const { code, stdout, stderr } = await programs.run(pub.path!, [...place, ...attempt]);
              return { version, attempt, code, stdout, stderr };
            };
            const theirsSays = await run(theirs.tcpPort);
            expect(await run(ours.port)).toEqual(theirsSays);
            if (attempt.at(-1) === 'secret' && attempt[1] === 'ann') expect(theirsSays.code).toBe(0);
          }
        }
      }
    }, 120_000);
  },
);

describe('SCRAM', () => {
  test.each(['SHA-256', 'SHA-512'] as const)(
    '-%s lets our client in, and authenticates it again',
    async (hash) => {
      const file = join(directory, 'scram');
      const made = await Promise.all(
        SCRAM_MECHANISMS.map((mechanism) => makeScramCredentials(Buffer.from('∞ secret'), mechanism)),
      );
      writeFileSync(file, made.map((each) => `a=b,c:${scramCredentialsText(each)}\n`).join(''));
      const { port, broker } = await serve(
        authenticationOf([{ type: 'scram', file, mechanisms: SCRAM_MECHANISMS }]),
      );
      const authentication = scram({ username: 'a=b,c', password: '∞ secret', hash });
      const good = client(port, { clientId: 'good', authentication });
      const users: (string | undefined)[] = [];
      broker.on('clientConnected', ({ username }) => users.push(username));
      await good.connected();
      await good.reauthenticate();
      await good.publish('t', 'x', { qos: 1 });
      expect(users).toEqual(['a=b,c']);
      for (const [username, password] of [
        ['a=b,c', 'secret'],
        ['nobody', '∞ secret'],
      ] as const) {
        const bad = client(port, { authentication: scram({ username, password, hash }) });
        await expect(bad.connected()).rejects.toMatchObject({
          reasonCode: ReasonCode.BadUserNameOrPassword,
        });
      }
    },
  );
});

describe('A token', () => {
  test('is the password of a client of MQTT 3.1.1 and of 5.0', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const keyFile = join(directory, 'key.pem');
    writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    const { port } = await serve(authenticationOf([jwtOf({ keyFile })]));
    const token = (exp: number) =>
      new SignJWT({ sub: 'ann', exp }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
    const now = Math.floor(Date.now() / 1000);
    for (const protocolVersion of [4, 5] as const) {
      const good = client(port, { protocolVersion, username: 'ann', password: await token(now + 600) });
      await good.connected();
      const late = client(port, { protocolVersion, username: 'ann', password: await token(now - 600) });
      await expect(late.connected()).rejects.toMatchObject({
        reasonCode: ReasonCode.BadUserNameOrPassword,
      });
    }
  });
});

describe('Many who fail', () => {
  test('are banned, told so, and found in no log with what they tried', async () => {
    const file = join(directory, 'one');
    writeFileSync(file, '');
    const { port, log, broker } = await serve(
      authenticationOf([{ type: 'passwordFile', file, skipBadLines: false }], {
        failures: failuresOf({ banAfter: 3, exempt: [], delayMs: 1, maximumDelayMs: 5 }),
      }),
    );
    const reasons: string[] = [];
    broker.on('connectionRefused', ({ reason }) => reasons.push(reason));
    for (let count = 0; count < 4; count++) {
      const attempt = client(port, { username: 'ann', password: `hunter${count}` });
      await expect(attempt.connected()).rejects.toMatchObject({
        reasonCode: count < 3 ? ReasonCode.BadUserNameOrPassword : ReasonCode.Banned,
      });
    }
    expect(reasons[3]).toMatch(/^banned for 300 s more: 3 failed attempts within 60 s by this address$/);
    expect(log.entries.length).toBeGreaterThan(0);
    expect(JSON.stringify([log.entries, reasons])).not.toContain('hunter');
  });
});
