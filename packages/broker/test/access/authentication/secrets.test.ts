// No password, token, hash, key or header is in a log, an answer, a notice, an error or what is told about bans.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { hashPassword, passwordHashText } from '../../../src/access/password-hash.ts';
import { makeScramCredentials, scramCredentialsText } from '../../../src/access/scram-credentials.ts';
import {
  AuthenticationKit,
  attemptOf,
  bytesOf,
  credentials,
  failuresOf,
  httpOf,
  jwtOf,
} from './authentication-kit.ts';
import { respondStatus, TestService } from './test-service.ts';

const kit = new AuthenticationKit();
const marked = (what: string): string => `${what}-${randomBytes(12).toString('hex')}`;

it('Whatever happens, no secret is told', async () => {
  const [right, wrong, header, hmac] = [
    marked('right'),
    marked('wrong'),
    marked('header'),
    marked('hmac-secret'),
  ];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ sub: 'ann', exp: 1 })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  const hash = passwordHashText(await hashPassword(bytesOf(right), 'sha512-pbkdf2', { iterations: 10 }));
  const scram = scramCredentialsText(await makeScramCredentials(bytesOf(right), 'SCRAM-SHA-256'));
  const service = await TestService.start(respondStatus(500));
  kit.onEnd(() => service.stop());
  const { built, ask, log, memory, clock } = await kit.build(
    [
      { type: 'passwordFile', file: kit.file(`ann:${hash}\nbob:${wrong}\n`), skipBadLines: true },
      jwtOf({
        keyFile: kit.file(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
        secretFile: kit.file(hmac, 0o644),
        jwksUrl: `${service.origin}/?secret=${header}`,
        algorithms: ['ES256', 'HS256'],
        issuers: [],
      }),
      { type: 'scram', file: kit.file(`ann:${scram}\n`), mechanisms: ['SCRAM-SHA-256'] },
      httpOf({
        url: `${service.origin}/?secret=${header}`,
        headers: [{ name: 'X-Key', valueFile: kit.file(header) }],
        cacheSeconds: 60,
      }),
    ],
    { failures: failuresOf({ banAfter: 4, by: ['user', 'clientId', 'address'] }) },
  );
  const told: unknown[] = [];
  const attempts = [
    credentials('ann', right),
    credentials('ann', wrong),
    credentials('nobody', wrong),
    attemptOf({ password: bytesOf(token) }),
    attemptOf({ authenticationMethod: 'SCRAM-SHA-256', authenticationData: bytesOf(`n,,n=ann,r=${wrong}`) }),
    attemptOf({ authenticationMethod: 'jwt', authenticationData: bytesOf(`${token}x`) }),
    attemptOf({ authenticationMethod: 'x', authenticationData: bytesOf(wrong) }),
  ];
  for (let round = 0; round < 4; round++) {
    for (const attempt of attempts) {
      const answer = await ask({ ...attempt, state: undefined });
      // The challenge of SCRAM is data for the client, which began with its nonce.
      told.push(answer.kind === 'continue' ? answer.kind : answer);
    }
    service.respond = respondStatus([401, 404, 204][round] ?? 500);
    clock.advance(400_000);
  }
  told.push(log.entries, built.notices, memory.listBans(0), memory.counters, inspect(built, { depth: 9 }));
  told.push(built.credentialOf({ ...attempts[0]!, groups: [], permissions: undefined }));
  const everything = inspect(told, { depth: 9, maxStringLength: null, maxArrayLength: null });
  const secrets = [right, wrong, header, hmac, token, token.split('.')[2]!, hash, scram];
  const parts = [...hash.split('$').slice(3), ...scram.split(/[:$]/).slice(2)];
  expect(log.entries.length).toBeGreaterThan(3);
  for (const secret of [...secrets, ...parts]) expect(everything).not.toContain(secret);
});
