/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as enhanced authentication of MQTT 5.0: the password never
 * leaves the client, and the server proves that it knows it too. Without channel binding (`n,,`).
 *
 *     CONNECT  n,,n=user,r=nonce                ─▶
 *              ◀─  AUTH (continue)  r=nonce…,s=salt,i=iterations
 *     AUTH     c=biws,r=nonce…,p=proof          ─▶
 *              ◀─  CONNACK, or AUTH (success) when authenticating again  v=signature
 *
 * A server may also send `v=signature` in one more AUTH (continue), which is answered without data; it need not repeat
 * it then. A server that accepts without its signature in either place is refused. All cryptography is the platform's.
 */
import type { ClientErrorCode } from '../client-error.ts';
import { ClientError } from '../client-error.ts';
import type { Authentication, AuthenticationExchange } from './authentication.ts';
import { saslPrep } from './sasl-prep.ts';

export interface ScramOptions {
  /** Prepared by SASLprep. The user name of CONNECT is another matter; servers take this one. */
  readonly username: string;
  /** Prepared by SASLprep. */
  readonly password: string;
  readonly hash: 'SHA-256' | 'SHA-512';
  /** A server that asks for fewer is refused: it could be one that collects cheap proofs. @default 4096 */
  readonly minimumIterations?: number;
  /** A server that asks for more is refused before anything is computed. @default 1_000_000 */
  readonly maximumIterations?: number;
  /** For tests: fixes what must be random. Without a comma. @default 24 random bytes in base64 */
  readonly nonce?: string;
}

/** `c` is `n,,` in base64: no channel binding. */
const BINDING = 'c=biws,r=';

/**
 * Enhanced authentication by SCRAM, for the option `authentication` of `connect`.
 *
 *     const client = connect('mqtts://example.org', {
 *       authentication: scram({ username: 'ada', password: 'secret', hash: 'SHA-256' }),
 *     });
 *
 * The exchange fails with `PROTOCOL_BROKEN` when the server's message is none of SCRAM, with `AUTHENTICATION_FAILED`
 * when it says no, asks for too few or too many iterations, or does not prove that it knows the password. The key made
 * from the password is kept for the next connection to a server with the same salt and iterations.
 *
 * @throws {ClientError} `INVALID_OPTION`; also where `crypto.subtle` is missing, as on pages that came by `http:` from
 * another host.
 */
export function scram(options: ScramOptions): Authentication {
  const { hash, nonce, minimumIterations = 4096, maximumIterations = 1_000_000 } = options;
  const { crypto } = globalThis;
  const subtle = crypto?.subtle;
  const username = prepared('username', options.username).replace(/=/g, '=3D').replace(/,/g, '=2C');
  const password = bytesOf(prepared('password', options.password));
  check(hash === 'SHA-256' || hash === 'SHA-512', 'hash SHA-256 or SHA-512');
  check(
    minimumIterations > 0 && minimumIterations <= maximumIterations,
    'minimumIterations from 1 to maximumIterations',
  );
  check(subtle, 'crypto.subtle, which a page has only by https: or from localhost');
  const hmac = { name: 'HMAC', hash, length: +hash.slice(4) };
  let saltedPassword: CryptoKey;
  /** What `saltedPassword` was made with: the part of the server's message that says so. */
  let salting = '';

  const sign = async (key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await subtle.sign('HMAC', key, bytesOf(text)));
  const hmacKey = (bytes: BufferSource): Promise<CryptoKey> =>
    subtle.importKey('raw', bytes, hmac, false, ['sign', 'verify']);

  function begin(): AuthenticationExchange {
    const clientNonce = nonce ?? toBase64(crypto.getRandomValues(new Uint8Array(24)));
    const clientFirst = `n=${username},r=${clientNonce}`;
    /** Made by `prove`. */
    let serverKey: CryptoKey | undefined;
    let authMessage: string;
    let isProved = false;

    async function prove(serverFirst: string): Promise<Uint8Array> {
      const [, serverNonce = '', saltText = '', count = ''] =
        attributes(/^r=([^,]+),s=([^,]+),i=(\d+)(?:,|$)/, serverFirst) ?? [];
      const salt = fromBase64(saltText);
      const iterations = Number(count);
      if (!salt.length || !serverNonce.startsWith(clientNonce) || serverNonce === clientNonce) {
        throw failure('PROTOCOL_BROKEN', `r=${clientNonce}…,s=…,i=…`, serverFirst);
      }
      if (iterations < minimumIterations || iterations > maximumIterations) {
        throw failure('AUTHENTICATION_FAILED', `i=${minimumIterations} to ${maximumIterations}`, serverFirst);
      }
      if (salting !== saltText + count) {
        const base = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveKey']);
        const pbkdf2 = { name: 'PBKDF2', hash, salt, iterations };
        saltedPassword = await subtle.deriveKey(pbkdf2, base, hmac, false, ['sign']);
        salting = saltText + count;
      }
      const clientKey = await sign(saltedPassword, 'Client Key');
      const storedKey = await hmacKey(await subtle.digest(hash, clientKey));
      serverKey = await hmacKey(await sign(saltedPassword, 'Server Key'));
      authMessage = `${clientFirst},${serverFirst},${BINDING}${serverNonce}`;
      const signature = await sign(storedKey, authMessage);
      const proof = toBase64(signature.map((byte, index) => byte ^ clientKey[index]!));
      return bytesOf(`${BINDING}${serverNonce},p=${proof}`);
    }

    /** Compares in constant time: the platform's `verify` does. */
    async function verify(serverFinal: string): Promise<undefined> {
      const [, signature = ''] = attributes(/^v=([^,]+)/, serverFinal) ?? [];
      isProved =
        serverKey !== undefined &&
        (await subtle.verify('HMAC', serverKey, fromBase64(signature), bytesOf(authMessage)));
      if (!isProved)
        throw failure('AUTHENTICATION_FAILED', 'v= and a signature by this password', serverFinal);
    }

    return {
      first: () => bytesOf(`n,,${clientFirst}`),
      next: (data) => (serverKey ? verify : prove)(textOf(data)),
      async last(data) {
        if (!isProved || data?.length) await verify(textOf(data));
      },
    };
  }

  return { method: `SCRAM-${hash}`, begin };
}

function prepared(name: string, text: string): string {
  const result = saslPrep(text);
  check(result, `a ${name} that is not empty and that SASLprep (RFC 4013) allows`);
  return result;
}

function check(isGood: unknown, expected: string): asserts isGood {
  if (!isGood) throw new ClientError('INVALID_OPTION', `scram expected ${expected}`);
}

/** `m` demands an extension, and there is none. */
function attributes(known: RegExp, message: string): RegExpExecArray | null {
  return /(?:^|,)m=/.test(message) ? null : known.exec(message);
}

function failure(code: ClientErrorCode, expected: string, got: string): ClientError {
  return new ClientError(code, `scram expected ${expected} from the server, got ${got.slice(0, 99)}`);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function textOf(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** No bytes for what is no base64. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
