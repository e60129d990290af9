import { createHash, createHmac, generateKeyPairSync, pbkdf2Sync } from 'node:crypto';
import { SignJWT } from 'jose';
import { authenticatorOf } from '../../../src/access/authentication/authenticator-of.ts';
import { makeScramCredentials, scramCredentialsText } from '../../../src/access/scram-credentials.ts';
import type { AuthenticationAttempt } from '../../../src/core/ports/authenticator.ts';
import {
  AuthenticationKit,
  attemptOf,
  bytesOf,
  credentials,
  httpOf,
  jwtOf,
  textOf,
} from './authentication-kit.ts';
import { testAuthenticator } from './authenticator-contract.ts';
import { TestService } from './test-service.ts';

const kit = new AuthenticationKit();
const SECRET = 'correct horse battery staple';
/** Of `secret`. */
const PBKDF2 =
  '$7$101$GWaefa2hHQxM/bjZ$mTTfkyAEailVeXwtQAJNmRmqP3J5uUs6Vhx0p2Em7hHgN9v4LSV/1X6NeHLHU3JZ/ISNY7dXbk3bchpCp35zOg==';
/** Of `password`. */
const ARGON2 = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const token = (sub: string) =>
  new SignJWT({ sub, exp: Date.UTC(2027, 0, 1) / 1000 })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
const [goodToken, otherToken] = [await token('ann'), await token('ben')];
const badToken = `${goodToken.slice(0, goodToken.lastIndexOf('.'))}${otherToken.slice(otherToken.lastIndexOf('.'))}`;

const passwordFile = () =>
  ({ type: 'passwordFile', file: kit.file(`ann:${PBKDF2}\neve:${ARGON2}\n`), skipBadLines: false }) as const;
const keyFile = () => kit.file(publicKey.export({ type: 'spki', format: 'pem' }).toString());

/** What a client of SCRAM-SHA-256 says next. */
function scramAnswer(password: string) {
  return ({ authenticationData }: AuthenticationAttempt, challenge: Uint8Array): Uint8Array => {
    const bare = textOf(authenticationData).slice(3);
    const [, nonce = '', salt = '', iterations] =
      /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(textOf(challenge)) ?? [];
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const hmac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest();
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=biws,r=${nonce}`;
    const signature = hmac(
      createHash('sha256').update(clientKey).digest(),
      `${bare},${textOf(challenge)},${withoutProof}`,
    );
    const proof = Buffer.from(signature.map((byte, at) => byte ^ clientKey[at]!)).toString('base64');
    return bytesOf(`${withoutProof},p=${proof}`);
  };
}

function scramAttempt(username: string): AuthenticationAttempt {
  return attemptOf({
    authenticationMethod: 'SCRAM-SHA-256',
    authenticationData: bytesOf(`n,,n=${username},r=abcdefgh`),
  });
}

async function scramFile(): Promise<string> {
  const made = await makeScramCredentials(bytesOf(SECRET), 'SCRAM-SHA-256', { iterations: 4096 });
  return kit.file(`ann:${scramCredentialsText(made)}\n`);
}

async function service(): Promise<TestService> {
  const started = await TestService.start((request, response) => {
    const { username, password } = JSON.parse(request.body) as Readonly<Record<string, string>>;
    response.writeHead(username === 'ann' && password === SECRET ? 204 : 401).end();
  });
  kit.onEnd(() => started.stop());
  return started;
}

testAuthenticator('A password file with PBKDF2', async () => ({
  authenticator: (await kit.build([passwordFile()])).built.authenticator,
  good: () => credentials('ann', 'secret'),
  bad: () => credentials('ann', SECRET),
  secrets: [SECRET, 'mTTfkyAEai'],
}));

testAuthenticator('A password file with Argon2id', async () => ({
  authenticator: (await kit.build([passwordFile()])).built.authenticator,
  good: () => credentials('eve', 'password'),
  bad: () => credentials('eve', SECRET),
  secrets: [SECRET, 'nf65EOgLrQMR'],
}));

testAuthenticator('A token', async () => ({
  authenticator: (await kit.build([jwtOf({ keyFile: keyFile() })])).built.authenticator,
  good: () => attemptOf({ password: bytesOf(goodToken) }),
  bad: () => attemptOf({ password: bytesOf(badToken) }),
  secrets: [goodToken, badToken, ...badToken.split('.')],
}));

testAuthenticator('SCRAM', async () => {
  const file = await scramFile();
  const { built } = await kit.build([{ type: 'scram', file, mechanisms: ['SCRAM-SHA-256'] }]);
  return {
    authenticator: built.authenticator,
    good: () => scramAttempt('ann'),
    bad: () => scramAttempt('ben'),
    exchange: scramAnswer(SECRET),
    secrets: [SECRET],
  };
});

testAuthenticator('A service', async () => ({
  authenticator: (await kit.build([httpOf({ url: (await service()).origin, queue: 20 })])).built
    .authenticator,
  good: () => credentials('ann', SECRET),
  bad: () => credentials('ann', `${SECRET}!`),
  secrets: [SECRET],
}));

testAuthenticator('A certificate', async () => {
  const certificate = {
    commonName: 'ann',
    subject: 'CN=ann',
    subjectAlternativeNames: [],
    fingerprint256: 'AA',
    serialNumber: '1',
    issuer: 'CN=ca',
  };
  const { built } = await kit.build([], {}, { usernameFrom: () => 'certificate-cn' });
  return {
    authenticator: built.authenticator,
    good: () => attemptOf({ security: { protocol: 'TLSv1.3', cipher: 'x', certificate } }),
    bad: () => credentials('ann', SECRET),
    secrets: [SECRET],
  };
});

testAuthenticator('All methods in a row', async () => {
  const { origin } = await service();
  const { built } = await kit.build([
    { type: 'certificate' },
    passwordFile(),
    jwtOf({ keyFile: keyFile() }),
    { type: 'scram', file: await scramFile(), mechanisms: ['SCRAM-SHA-256'] },
    httpOf({ url: origin, queue: 20 }),
  ]);
  return {
    authenticator: built.authenticator,
    good: () => credentials('ann', 'secret'),
    bad: () => credentials('ann', SECRET),
    secrets: [SECRET],
  };
});

testAuthenticator('A function that answers at once', async () => ({
  authenticator: authenticatorOf(
    ({ username, password }) => username === 'ann' && textOf(password) === SECRET,
  ),
  good: () => credentials('ann', SECRET),
  bad: () => credentials('ann', `${SECRET}!`),
  secrets: [SECRET],
}));

testAuthenticator('A function that takes its time', async () => ({
  authenticator: authenticatorOf(async ({ username, password }) => {
    await new Promise(setImmediate);
    return username === 'ann' && textOf(password) === SECRET;
  }),
  good: () => credentials('ann', SECRET),
  bad: () => credentials('ann', `${SECRET}!`),
  secrets: [SECRET],
}));
