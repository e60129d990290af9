import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { ReasonCode } from '@martlet/protocol';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { JwtConfiguration } from '../../../src/config/access-configuration.ts';
import type { AuthenticationTest } from './authentication-kit.ts';
import { AuthenticationKit, attemptOf, bytesOf, jwtOf, StandingClock } from './authentication-kit.ts';
import { respondJson, respondStatus, TestService } from './test-service.ts';

const kit = new AuthenticationKit();
const NOW = new StandingClock().wallMs() / 1000;
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const OTHER_EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ED25519 = generateKeyPairSync('ed25519');
const SECRET = randomBytes(32).toString('hex');

const ACCEPTED = { kind: 'accept', username: 'ann', expiresAtWallMs: (NOW + 3600 + 5) * 1000 };
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

interface Signing {
  readonly key?: KeyObject | Uint8Array;
  readonly alg?: string;
  readonly kid?: string;
}

/** Claims; undefined takes one away. */
type Claims = Readonly<Record<string, unknown>>;

function tokenOf(
  payload: Claims = {},
  { key = EC.privateKey, alg = 'ES256', kid }: Signing = {},
): Promise<string> {
  return new SignJWT({ sub: 'ann', exp: NOW + 3600, ...payload })
    .setProtectedHeader({ alg, ...(kid === undefined ? undefined : { kid }) })
    .sign(key);
}

function build(method: Partial<JwtConfiguration> = {}): Promise<AuthenticationTest> {
  return kit.build([jwtOf({ keyFile: kit.file(pem(EC.publicKey)), ...method })]);
}

function bearer(token: string, username?: string) {
  return attemptOf({ username, password: bytesOf(token) });
}

function refused(words: string) {
  return {
    kind: 'refuse',
    reasonCode: ReasonCode.BadUserNameOrPassword,
    reasonString: `the token is not accepted: ${words}`,
  };
}

describe('A token as the password', () => {
  it('lets its subject in, until it expires', async () => {
    const { ask } = await build();
    expect(await ask(bearer(await tokenOf()))).toEqual(ACCEPTED);
    expect(await ask(bearer(await tokenOf(), 'ann'))).toEqual(ACCEPTED);
    expect(await ask(bearer(await tokenOf(), 'ben'))).toEqual(
      refused('expected the user name of CONNECT, if there is one, to be that of the token'),
    );
  });

  it.each([
    ['ES256', EC],
    ['EdDSA', ED25519],
    ['RS256', RSA],
    ['PS256', RSA],
  ] as const)(
    'may be signed by %s, with keys in PEM, a JWK or a JWKS',
    async (alg, { publicKey, privateKey }) => {
      const token = await tokenOf({}, { key: privateKey, alg });
      const jwk = publicKey.export({ format: 'jwk' });
      const contents = [
        pem(publicKey),
        `# old and new\n${pem(OTHER_EC.publicKey)}\n${pem(publicKey)}`,
        JSON.stringify(jwk),
        JSON.stringify({ keys: [OTHER_EC.publicKey.export({ format: 'jwk' }), jwk] }),
      ];
      for (const content of contents) {
        const { ask } = await build({ keyFile: kit.file(content) });
        expect(await ask(bearer(token))).toEqual(ACCEPTED);
      }
    },
  );

  it('may be signed with a secret, which a line break at the end of the file does not change', async () => {
    for (const ending of ['', '\n', '\r\n']) {
      const secretFile = kit.file(SECRET + ending);
      const { ask } = await build({ keyFile: null, secretFile, algorithms: ['HS256'] });
      const key = bytesOf(SECRET);
      expect(await ask(bearer(await tokenOf({}, { key, alg: 'HS256' })))).toEqual(ACCEPTED);
      const other = bytesOf(`${SECRET}x`);
      expect(await ask(bearer(await tokenOf({}, { key: other, alg: 'HS256' })))).toEqual(
        refused('its signature is wrong'),
      );
    }
  });

  it('says groups, permissions and the client identifier in claims that are configured, also inside of others', async () => {
    const { ask } = await build({
      usernameClaim: 'email',
      groupsClaim: 'realm.roles',
      permissionsClaim: 'https://example.org/mqtt',
      clientIdClaim: 'device',
    });
    const permissions = { publish: ['a/%c/#'], subscribe: ['b/%u'] };
    const token = await tokenOf({
      email: 'ann@example.org',
      realm: { roles: ['x', 'y'] },
      'https://example.org/mqtt': permissions,
      device: 'c',
    });
    expect(await ask(bearer(token))).toEqual({
      ...ACCEPTED,
      username: 'ann@example.org',
      groups: ['x', 'y'],
      permissions,
    });
    expect(await ask({ ...bearer(token), clientId: 'other' })).toEqual(
      refused('expected the client identifier in the claim device'),
    );
  });

  it.each<[string, Claims, Partial<JwtConfiguration>, string]>([
    ['has expired', { exp: NOW - 6 }, {}, 'it has expired'],
    ['has no end', { exp: undefined }, {}, 'the claim exp is missing'],
    ['is for later', { nbf: NOW + 6 }, {}, 'it is not valid yet'],
    ['is for others', { aud: 'b' }, { audiences: ['a'] }, 'the claim aud says something else than expected'],
    ['says not for whom it is', {}, { audiences: ['a'] }, 'the claim aud is missing'],
    ['has no user', { sub: undefined }, {}, 'expected a user name in the claim sub'],
    ['has an empty user', { sub: '' }, {}, 'expected a user name in the claim sub'],
    ['has a user with a NUL', { sub: 'a\u0000b' }, {}, 'expected a user name in the claim sub'],
    ['has a number as user', { uid: 7 }, { usernameClaim: 'uid' }, 'expected a user name in the claim uid'],
    ['has no client', {}, { clientIdClaim: 'cid' }, 'expected the client identifier in the claim cid'],
    ['has groups that are none', { g: 'x' }, { groupsClaim: 'g' }, 'expected a list of names in the claim g'],
    [
      'has permissions that are none',
      { permissions: { publish: 'a/#' } },
      {},
      'expected an object with lists of topic filters in the claim permissions',
    ],
    [
      'has a list as permissions',
      { permissions: ['a/#'] },
      {},
      'expected an object with lists of topic filters in the claim permissions',
    ],
  ])('is refused if it %s', async (_what, payload, method, words) => {
    const { ask } = await build(method);
    expect(await ask(bearer(await tokenOf(payload)))).toEqual(refused(words));
  });

  it('is taken within the tolerance of clocks', async () => {
    const { ask } = await build();
    expect(await ask(bearer(await tokenOf({ exp: NOW - 4, nbf: NOW + 5 })))).toMatchObject({
      kind: 'accept',
      expiresAtWallMs: (NOW + 1) * 1000,
    });
  });

  it('may have no end where that is configured', async () => {
    const { ask } = await build({ requireExpiry: false });
    expect(await ask(bearer(await tokenOf({ exp: undefined })))).toEqual({ kind: 'accept', username: 'ann' });
  });
});

describe('A forged token', () => {
  it('is not taken without a signature, whatever it calls that', async () => {
    const { ask } = await build();
    const [header, payload, signature] = (await tokenOf()).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await ask(bearer(`${none}.${payload}.`))).toMatchObject({ kind: 'refuse' });
    expect(await ask(bearer(`${none}.${payload}.${signature}`))).toEqual(
      refused('its algorithm is not taken here'),
    );
    expect(await ask(bearer(`${header}.${payload}.AAAA`))).toEqual(refused('its signature is wrong'));
  });

  it('is not taken with a public key as the secret of an HMAC', async () => {
    const { ask } = await build();
    const key = bytesOf(pem(EC.publicKey));
    const forged = await tokenOf({}, { key, alg: 'HS256' });
    expect(await ask(bearer(forged))).toEqual(refused('its algorithm is not taken here'));
    const both = await build({ secretFile: kit.file(SECRET), algorithms: ['ES256', 'HS256'] });
    expect(await both.ask(bearer(forged))).toEqual(refused('its signature is wrong'));
    expect(await both.ask(bearer(await tokenOf()))).toEqual(ACCEPTED);
  });

  it('is not taken with another key, another algorithm, another payload or an extension that it demands', async () => {
    const { ask } = await build();
    expect(await ask(bearer(await tokenOf({}, { key: OTHER_EC.privateKey })))).toEqual(
      refused('its signature is wrong'),
    );
    const rsa = await tokenOf({}, { key: RSA.privateKey, alg: 'RS256' });
    expect(await ask(bearer(rsa))).toEqual(refused('no key is known that it could be signed with'));
    const [header, , signature] = (await tokenOf()).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'admin', exp: NOW + 10 })).toString('base64url');
    expect(await ask(bearer(`${header}.${payload}.${signature}`))).toEqual(refused('its signature is wrong'));
    const demanding = await new SignJWT({ sub: 'ann', exp: NOW + 10 })
      .setProtectedHeader({ alg: 'ES256', crit: ['x'], x: 1 })
      .sign(EC.privateKey, { crit: { x: true } });
    expect(await ask(bearer(demanding))).toEqual(
      refused('it cannot be read, or demands something that is not known here'),
    );
  });
});

describe('What is no token of ours', () => {
  it.each([
    'secret',
    'a.b.c',
    'eyJ.eyJ.',
    'eyJhbGciOiJFUzI1NiJ9.e30',
    `eyJ${'x'.repeat(60_000)}.e30.AAAA`,
    '',
  ])('is left to the next method: %j', async (password) => {
    const { ask } = await build();
    expect(await ask(bearer(password, 'ann'))).toMatchObject({
      reasonCode: ReasonCode.BadUserNameOrPassword,
      reasonString: 'the user name or the password is wrong',
    });
  });

  it('is one of another issuer, which the next method may know', async () => {
    const { ask } = await kit.build([
      jwtOf({ keyFile: kit.file(pem(EC.publicKey)), issuers: ['https://a'] }),
      jwtOf({ keyFile: kit.file(pem(OTHER_EC.publicKey)), issuers: ['https://b', 'https://c'] }),
    ]);
    const key = OTHER_EC.privateKey;
    expect(await ask(bearer(await tokenOf({ iss: 'https://a' })))).toEqual(ACCEPTED);
    expect(await ask(bearer(await tokenOf({ iss: 'https://c' }, { key })))).toEqual(ACCEPTED);
    expect(await ask(bearer(await tokenOf({ iss: 'https://a' }, { key })))).toEqual(
      refused('its signature is wrong'),
    );
    for (const payload of [{}, { iss: 'https://d' }])
      expect(await ask(bearer(await tokenOf(payload), 'ann'))).toMatchObject({
        reasonString: 'the user name or the password is wrong',
      });
  });
});

describe('A token by the authentication method jwt', () => {
  const method = (token: string | undefined, rest = {}) =>
    attemptOf({
      authenticationMethod: 'jwt',
      authenticationData: token === undefined ? undefined : bytesOf(token),
      ...rest,
    });

  it('lets in, and later brings a new end for the same user only', async () => {
    const { ask } = await build();
    expect(await ask(method(await tokenOf()))).toEqual(ACCEPTED);
    const again = { reauthentication: true, username: 'ann' };
    expect(await ask(method(await tokenOf({ exp: NOW + 7200 }), again))).toEqual({
      ...ACCEPTED,
      expiresAtWallMs: (NOW + 7205) * 1000,
    });
    expect(await ask(method(await tokenOf({ sub: 'ben' }), again))).toEqual(
      refused('a connected client can only authenticate again as the same user'),
    );
  });

  it('is looked at by each method that has issuers', async () => {
    const { ask } = await kit.build([
      jwtOf({ keyFile: kit.file(pem(EC.publicKey)), issuers: ['https://a'] }),
      jwtOf({ keyFile: kit.file(pem(OTHER_EC.publicKey)), issuers: ['https://b'] }),
    ]);
    const key = OTHER_EC.privateKey;
    expect(await ask(method(await tokenOf({ iss: 'https://a' })))).toEqual(ACCEPTED);
    expect(await ask(method(await tokenOf({ iss: 'https://b' }, { key })))).toEqual(ACCEPTED);
  });

  it('is demanded: no other data will do', async () => {
    const { ask } = await build({ issuers: ['https://a'] });
    for (const token of [undefined, '', 'secret', await tokenOf({ iss: 'https://b' })])
      expect(await ask(method(token))).toMatchObject({ kind: 'refuse' });
  });
});

describe('Keys that an issuer publishes', () => {
  const jwk = (key: KeyObject, kid?: string) => ({
    ...key.export({ format: 'jwk' }),
    ...(kid === undefined ? undefined : { kid }),
  });

  async function issuer(...keys: unknown[]): Promise<TestService> {
    const service = await TestService.start(respondJson({ keys }));
    kit.onEnd(() => service.stop());
    return service;
  }

  const buildFor = (service: TestService, method: Partial<JwtConfiguration> = {}) =>
    build({ keyFile: null, jwksUrl: `${service.origin}/jwks`, ...method });

  it('are fetched once for all tokens, and only when one comes', async () => {
    const service = await issuer(jwk(EC.publicKey, 'one'), jwk(RSA.publicKey, 'two'));
    const { ask } = await buildFor(service);
    expect(service.requests).toHaveLength(0);
    const token = await tokenOf({}, { kid: 'one' });
    const rsa = await tokenOf({}, { kid: 'two', key: RSA.privateKey, alg: 'RS256' });
    expect(await Promise.all([token, rsa, token].map((each) => ask(bearer(each))))).toEqual([
      ACCEPTED,
      ACCEPTED,
      ACCEPTED,
    ]);
    expect(service.requests).toEqual([expect.objectContaining({ method: 'GET', path: '/jwks' })]);
  });

  it('are fetched again for a key that is not among them, though not within the cooldown', async () => {
    const service = await issuer(jwk(EC.publicKey, 'one'));
    const { ask, clock } = await buildFor(service, { cooldownSeconds: 30 });
    const token = await tokenOf({}, { kid: 'two', key: OTHER_EC.privateKey });
    expect(await ask(bearer(token))).toEqual(refused('no key is known that it could be signed with'));
    service.respond = respondJson({ keys: [jwk(EC.publicKey, 'one'), jwk(OTHER_EC.publicKey, 'two')] });
    for (let count = 0; count < 5; count++)
      expect(await ask(bearer(token))).toEqual(refused('no key is known that it could be signed with'));
    expect(service.requests).toHaveLength(1);
    clock.advance(30_000);
    expect(await ask(bearer(token))).toEqual(ACCEPTED);
    expect(service.requests).toHaveLength(2);
  });

  it('are fetched again when they are old, without anybody waiting for it', async () => {
    const service = await issuer(jwk(EC.publicKey, 'one'));
    const { ask, clock } = await buildFor(service, { cacheSeconds: 60 });
    const token = await tokenOf({}, { kid: 'one' });
    expect(await ask(bearer(token))).toEqual(ACCEPTED);
    service.respond = respondJson({ keys: [jwk(OTHER_EC.publicKey, 'one')] });
    clock.advance(60_000);
    expect(await ask(bearer(token))).toEqual(ACCEPTED);
    await service.came(2);
    await expect.poll(() => ask(bearer(token))).toEqual(refused('its signature is wrong'));
  });

  it('are used while the issuer is down, but for a day', async () => {
    const service = await issuer(jwk(EC.publicKey, 'one'));
    const { ask, clock, log } = await buildFor(service);
    const token = await tokenOf({ exp: NOW + 200_000 }, { kid: 'one' });
    expect(await ask(bearer(token))).toMatchObject({ kind: 'accept' });
    service.respond = respondStatus(500);
    clock.advance(86_399_999);
    expect(await ask(bearer(token))).toMatchObject({ kind: 'accept' });
    await expect.poll(() => log.textsOf('token-keys-unavailable')).toHaveLength(1);
    clock.advance(30_001);
    expect(await ask(bearer(token))).toMatchObject({
      kind: 'refuse',
      reasonCode: ReasonCode.ServerUnavailable,
    });
    expect(log.textsOf('token-keys-unavailable')[0]).toBe(
      `the keys of tokens were not fetched: ${service.origin}/jwks: expected a JWKS with public keys, got the answer 500`,
    );
  });

  it.each([
    ['no JSON', () => respondStatus(200)],
    ['no keys', () => respondJson({ keys: [] })],
    ['secrets', () => respondJson({ keys: [{ kty: 'oct', k: 'AAAA' }] })],
    ['keys for something else', () => respondJson({ keys: [{ ...jwk(EC.publicKey), use: 'enc' }] })],
    ['garbage', () => respondJson({ keys: [1, null, 'x', {}, { kty: 'RSA', n: '', e: '' }] })],
    ['2 MB', () => respondJson({ keys: [], x: 'x'.repeat(2_000_000) })],
  ])('cannot be had from an answer with %s: a client is refused with 0x88', async (_what, respond) => {
    const service = await issuer();
    service.respond = respond();
    const { ask } = await buildFor(service);
    expect(await ask(bearer(await tokenOf()))).toEqual({
      kind: 'refuse',
      reasonCode: ReasonCode.ServerUnavailable,
      reasonString: 'the server cannot check tokens at the moment',
    });
  });

  it('cannot be had from an issuer that never answers, and later can', async () => {
    const service = await issuer();
    service.respond = () => {};
    const { ask, clock } = await buildFor(service, { timeoutMs: 3000 });
    const token = await tokenOf();
    const answers = [1, 2, 3].map(() => ask(bearer(token)));
    await service.came(1);
    clock.advance(3000);
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ reasonCode: ReasonCode.ServerUnavailable });
    service.respond = respondJson({ keys: [jwk(EC.publicKey)] });
    clock.advance(30_000);
    expect(await ask(bearer(token))).toMatchObject({ kind: 'accept' });
    expect(service.requests).toHaveLength(2);
  });

  it('stand beside those of a file: a token that they may have signed waits for them, others do not', async () => {
    const service = await issuer();
    service.respond = respondStatus(500);
    const { ask, clock } = await buildFor(service, { keyFile: kit.file(pem(EC.publicKey)) });
    const [ours, theirs] = [await tokenOf(), await tokenOf({}, { key: OTHER_EC.privateKey })];
    expect(await ask(bearer(ours))).toEqual(ACCEPTED);
    expect(service.requests).toHaveLength(0);
    expect(await ask(bearer(theirs))).toMatchObject({ reasonCode: ReasonCode.ServerUnavailable });
    service.respond = respondJson({ keys: [jwk(OTHER_EC.publicKey)] });
    clock.advance(30_000);
    expect(await ask(bearer(theirs))).toEqual(ACCEPTED);
    expect(await ask(bearer(await tokenOf({}, { key: ED25519.privateKey, alg: 'EdDSA' })))).toEqual(
      refused('no key is known that it could be signed with'),
    );
  });

  it('are never the secret of an HMAC', async () => {
    const service = await issuer(jwk(EC.publicKey));
    const { ask } = await buildFor(service);
    const forged = await tokenOf({}, { key: bytesOf(pem(EC.publicKey)), alg: 'HS256' });
    expect(await ask(bearer(forged))).toEqual(refused('its algorithm is not taken here'));
  });
});

describe('The configuration of tokens', () => {
  it('is refused where it cannot be meant, and never shows a key', async () => {
    const keyFile = kit.file(pem(EC.publicKey));
    const secretFile = kit.file(SECRET);
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const privateKey = EC.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const privateJwk = JSON.stringify(EC.privateKey.export({ format: 'jwk' }));
    const cases: readonly (readonly [Partial<JwtConfiguration>, string])[] = [
      [{}, 'expected keyFile, secretFile or jwksUrl, got none of them'],
      [{ keyFile, algorithms: ['HS256'] }, 'expected secretFile for HS256'],
      [{ secretFile }, 'expected HS256, HS384 or HS512 for secretFile, got none of them'],
      [{ keyFile, algorithms: ['RS256'] }, 'are for (ES256), got RS256'],
      [{ keyFile: kit.file(privateKey) }, '1: expected a public key for tokens, got a private key'],
      [{ keyFile: kit.file(privateJwk) }, 'got a private key'],
      [{ keyFile: kit.file(pem(weak.publicKey)) }, 'got an RSA key of 1024 bits, fewer than 2048'],
      [{ keyFile: secretFile }, 'got neither PEM nor a JWK nor a JWKS'],
      [{ keyFile: kit.file('{') }, 'got JSON that cannot be read'],
      [{ keyFile: kit.file('{"keys":[{"kty":"oct","k":"AAAA"}]}') }, 'got a secret (kty "oct")'],
      [
        { keyFile: kit.file('x\n-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----') },
        '2: expected a public key for tokens, got a PUBLIC KEY that cannot be read',
      ],
      [{ keyFile: kit.directory }, 'expected a file, got a directory'],
      [{ secretFile: kit.file('short'), algorithms: ['HS256'] }, 'at least 32 bytes, got 5'],
      [{ secretFile: keyFile, algorithms: ['HS256'] }, 'belongs in keyFile'],
      [{ jwksUrl: 'https://user:hunter2@a/' }, 'without user and password'],
      [{ keyFile: kit.file('x'.repeat(1_048_577)) }, 'expected a file of at most 1048576 bytes'],
    ];
    for (const [method, words] of cases) {
      const problems = (await kit.problems(jwtOf(method))).join('\n');
      expect(problems).toContain(words);
      for (const secret of [
        SECRET,
        'hunter2',
        privateKey.split('\n')[1]!,
        EC.privateKey.export({ format: 'jwk' }).d!,
      ])
        expect(problems).not.toContain(secret);
    }
  });
});
