import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuthenticationExchange } from '../../src/authentication/authentication.ts';
import type { ScramOptions } from '../../src/authentication/scram.ts';
import { scram } from '../../src/authentication/scram.ts';
import { ScramServer } from './scram-server.ts';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ==';
const CHALLENGE = `r=${NONCE}${SERVER_NONCE},s=${SALT},i=4096`;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function begin(options: Partial<ScramOptions> = {}): AuthenticationExchange {
  return scram({ username: 'user', password: 'pencil', hash: 'SHA-256', nonce: NONCE, ...options }).begin();
}

const PROOF_256 = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
const SIGNATURE_256 = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

// The first is the example of RFC 7677, section 3; the second, with the same words, was computed by Python's hashlib.
const VECTORS = [
  { hash: 'SHA-256', proof: PROOF_256, signature: SIGNATURE_256 },
  {
    hash: 'SHA-512',
    proof: 'gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==',
    signature: 'v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==',
  },
] as const;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe.each(VECTORS)('the exchange by SCRAM-$hash', ({ hash, proof, signature }) => {
  const clientFinal = `c=biws,r=${NONCE}${SERVER_NONCE},p=${proof}`;

  test('says what the example of the RFC says, and takes the signature at the end', async () => {
    expect(scram({ username: 'user', password: 'pencil', hash }).method).toBe(`SCRAM-${hash}`);
    const exchange = begin({ hash });
    expect(textOf(await exchange.first())).toBe(`n,,n=user,r=${NONCE}`);
    expect(textOf(await exchange.next(bytesOf(CHALLENGE)))).toBe(clientFinal);
    await expect(exchange.last(bytesOf(signature))).resolves.toBeUndefined();
  });

  test('takes the signature in an AUTH that continues, and answers it without data', async () => {
    const exchange = begin({ hash });
    await exchange.next(bytesOf(CHALLENGE));
    expect(await exchange.next(bytesOf(signature))).toBeUndefined();
    await expect(exchange.last(undefined)).resolves.toBeUndefined();
    await expect(exchange.last(new Uint8Array())).resolves.toBeUndefined();
    await expect(exchange.last(bytesOf(signature))).resolves.toBeUndefined();
    await expect(exchange.last(bytesOf('v=AAAA'))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('convinces a server, and is convinced by it, with whatever name and password', async () => {
    for (const [username, password] of [
      ['a=b,c==,', 'pass,word=1'],
      ['Müller', '∞ ŝécret 😀'],
      ['x', 'y'.repeat(500)],
    ] as const) {
      const node = hash === 'SHA-256' ? 'sha256' : 'sha512';
      const account = { username, password, hash: node, salt: randomBytes(16), iterations: 4097 } as const;
      const server = new ScramServer(account, 'server');
      const exchange = scram({ username, password, hash }).begin();
      const challenge = server.challenge(textOf(await exchange.first()));
      const answer = server.signature(textOf(await exchange.next(bytesOf(challenge!))));
      expect(answer).not.toBeNull();
      await expect(exchange.last(bytesOf(answer!))).resolves.toBeUndefined();
    }
  });
});

describe('a client that authenticates by SCRAM', () => {
  test('takes another nonce for each exchange', () => {
    const authentication = scram({ username: 'user', password: 'pencil', hash: 'SHA-256' });
    const nonces = [1, 2, 3].map(() => textOf(authentication.begin().first() as Uint8Array));
    expect(new Set(nonces).size).toBe(3);
    for (const each of nonces) expect(each).toMatch(/^n,,n=user,r=[A-Za-z\d+/]{32}$/);
  });

  test('sends the name and uses the password as SASLprep leaves them', async () => {
    expect(textOf(await begin({ username: 'I\u00adX\u2168' }).first())).toBe(`n,,n=IXIX,r=${NONCE}`);
    const answer = await begin({ password: 'pen\u00adci\uff4c' }).next(bytesOf(CHALLENGE));
    expect(textOf(answer)).toContain(`,p=${PROOF_256}`);
  });

  test('makes the costly key once for each salt and number of iterations', async () => {
    const deriveKey = vi.spyOn(globalThis.crypto.subtle, 'deriveKey');
    const authentication = scram({ username: 'user', password: 'pencil', hash: 'SHA-256', nonce: NONCE });
    const answers: string[] = [];
    for (const challenge of [CHALLENGE, CHALLENGE, CHALLENGE.replace('4096', '4097'), CHALLENGE]) {
      answers.push(textOf(await authentication.begin().next(bytesOf(challenge))));
    }
    expect(deriveKey).toHaveBeenCalledTimes(3);
    expect(answers[0]).toContain(PROOF_256);
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).not.toBe(answers[0]);
    expect(answers[3]).toBe(answers[0]);
  });

  test('ignores extensions that need not be understood', async () => {
    const exchange = begin();
    await expect(exchange.next(bytesOf(`${CHALLENGE},x=1,y=a=b`))).resolves.toBeDefined();
    const plain = begin();
    await plain.next(bytesOf(CHALLENGE));
    await expect(plain.last(bytesOf(`${SIGNATURE_256},x=1`))).resolves.toBeUndefined();
  });

  test.each([
    ['an empty user name', { username: '' }, 'username'],
    ['a user name of nothing but what is mapped to nothing', { username: '\u00ad' }, 'username'],
    ['a user name with a control character', { username: 'a\u0007' }, 'username'],
    ['an empty password', { password: '' }, 'password'],
    ['a password with a private-use character', { password: 'a\ue000' }, 'password'],
    ['a hash that SCRAM has none of here', { hash: 'SHA-1' as 'SHA-256' }, 'SHA-256 or SHA-512'],
    ['no iterations at least', { minimumIterations: 0 }, 'minimumIterations'],
    ['fewer iterations at most than at least', { maximumIterations: 4095 }, 'minimumIterations'],
    ['iterations that are no number', { minimumIterations: Number.NaN }, 'minimumIterations'],
  ])('is refused with %s', (_what, options, named) => {
    expect(() => begin(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(named) }),
    );
  });

  test('is refused without WebCrypto, with a word on where it is to be had', () => {
    for (const crypto of [undefined, {}]) {
      vi.stubGlobal('crypto', crypto);
      expect(() => begin()).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('https:') }),
      );
    }
  });

  test('shows its password in no error', () => {
    expect(() => begin({ password: 'hunter2\u0000' })).toThrow(/^(?!.*hunter2)/);
  });
});

describe('a hostile server', () => {
  const deriveKey = () => vi.spyOn(globalThis.crypto.subtle, 'deriveKey');

  test.each([
    ['nothing', ''],
    ['another nonce', CHALLENGE.replace(NONCE, 'another')],
    ['the nonce of the client and nothing added', `r=${NONCE},s=${SALT},i=4096`],
    ['a shorter nonce', `r=${NONCE.slice(0, -1)},s=${SALT},i=4096`],
    ['no nonce', `s=${SALT},i=4096`],
    ['no salt', `r=${NONCE}x,i=4096`],
    ['an empty salt', `r=${NONCE}x,s=,i=4096`],
    ['a salt that is no base64', `r=${NONCE}x,s=a$b,i=4096`],
    ['a salt of broken base64', `r=${NONCE}x,s=AAAAA,i=4096`],
    ['no iterations', `r=${NONCE}x,s=${SALT}`],
    ['iterations that are no number', `r=${NONCE}x,s=${SALT},i=4e3`],
    ['a negative number of iterations', `r=${NONCE}x,s=${SALT},i=-4096`],
    ['attributes in another order', `s=${SALT},r=${NONCE}x,i=4096`],
    ['something in front', `x=1,${CHALLENGE}`],
    ['a mandatory extension in front', `m=ext,${CHALLENGE}`],
    ['a mandatory extension behind', `${CHALLENGE},m=ext`],
    ['its signature too early', SIGNATURE_256],
    ['bytes that are no UTF-8', '\ud800'],
  ])('that challenges with %s is refused before anything is computed', async (_what, challenge) => {
    const derived = deriveKey();
    await expect(begin().next(bytesOf(challenge))).rejects.toMatchObject({
      code: 'PROTOCOL_BROKEN',
      kind: 'remote',
      message: expect.stringContaining('got'),
    });
    expect(derived).not.toHaveBeenCalled();
  });

  test('that continues without data is refused', async () => {
    await expect(begin().next(undefined)).rejects.toMatchObject({ code: 'PROTOCOL_BROKEN' });
  });

  test.each([
    ['too few', '4095', {}],
    ['none', '0', {}],
    ['too many', '1000001', {}],
    ['beyond all numbers', '9'.repeat(400), {}],
    ['fewer than asked for', '9999', { minimumIterations: 10_000 }],
    ['more than allowed', '4097', { maximumIterations: 4096 }],
  ])('that asks for %s iterations is refused before anything is computed', async (_what, count, options) => {
    const derived = deriveKey();
    const challenge = CHALLENGE.replace('i=4096', `i=${count}`);
    await expect(begin(options).next(bytesOf(challenge))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringMatching(/i=\d+ to \d+/),
    });
    expect(derived).not.toHaveBeenCalled();
  });

  test('gets as many iterations as the limits allow, to the last', async () => {
    for (const iterations of [5000, 5002]) {
      const exchange = begin({ minimumIterations: 5000, maximumIterations: 5002 });
      const challenge = CHALLENGE.replace('4096', `${iterations}`);
      await expect(exchange.next(bytesOf(challenge))).resolves.toBeDefined();
    }
  });

  test.each([
    ['another signature', `v=${PROOF_256}`],
    ['a signature with one bit changed', SIGNATURE_256.replace('v=6', 'v=7')],
    ['a signature cut short', 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9'],
    ['a signature that is no base64', 'v=$'],
    ['an empty signature', 'v='],
    ['a mandatory extension', `m=x,${SIGNATURE_256}`],
    ['a mandatory extension behind', `${SIGNATURE_256},m=x`],
    ['an error', 'e=invalid-proof'],
    ['its challenge again', CHALLENGE],
    ['nothing', ''],
  ])('that ends with %s is refused, in an AUTH that continues as well', async (_what, final) => {
    for (const step of ['next', 'last'] as const) {
      const exchange = begin();
      await exchange.next(bytesOf(CHALLENGE));
      await expect(exchange[step](bytesOf(final))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    }
  });

  test('that accepts without any proof is refused', async () => {
    const withoutChallenge = begin();
    await expect(withoutChallenge.last(undefined)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await expect(withoutChallenge.last(bytesOf(SIGNATURE_256))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    });
    const withoutSignature = begin();
    await withoutSignature.next(bytesOf(CHALLENGE));
    await expect(withoutSignature.last(undefined)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('that says a lot gets into an error text with little of it', async () => {
    const error = await Promise.resolve(begin().next(bytesOf('x'.repeat(100_000)))).catch((each) => each);
    expect(error.message.length).toBeLessThan(300);
  });
});
