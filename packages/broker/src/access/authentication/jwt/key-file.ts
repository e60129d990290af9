/** Reads what a configuration names as keys of tokens: public keys in PEM, a JWK or a JWKS, or a secret for HMAC. */
import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import type { ConfigurationProblem } from '../../../config/configuration-error.ts';
import { ConfigurationError } from '../../../config/configuration-error.ts';
import type { ListedFile } from '../../listed-file.ts';
import { opennessNotice, readListedFile, textOf } from '../../listed-file.ts';
import type { TokenKey } from './token-keys.ts';
import { algorithmsOf, tokenKeyFromJwk } from './token-keys.ts';

/** Bytes; of a certificate chain or a JWKS of hundreds of keys. */
const LARGEST_FILE = 1_048_576;
/** Bytes; RFC 7518 asks for as many as HS256 has, and a shorter one can be guessed. */
const LEAST_SECRET = 32;

/** @throws {ConfigurationError} with what is wrong in the file */
export async function readKeyFile(path: string, key: string): Promise<readonly TokenKey[]> {
  const file = await readListedFile(path, key, LARGEST_FILE);
  const text = textOf(file, key);
  const problems: ConfigurationProblem[] = [];
  const report = (what: string, line?: number): void => {
    const told = `expected a public key for tokens, got ${what}`;
    problems.push({ file: path, line, key, severity: 'error', code: 'bad-key', text: told });
  };
  const keys = text.trimStart().startsWith('{') ? fromJson(text, report) : fromPem(text, report);
  if (keys.length === 0 && problems.length === 0) report('neither PEM nor a JWK nor a JWKS');
  if (problems.length > 0) throw new ConfigurationError(problems);
  return keys;
}

type Report = (what: string, line?: number) => void;

function fromJson(text: string, report: Report): readonly TokenKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    report('JSON that cannot be read');
    return [];
  }
  const { keys } = json as { readonly keys?: unknown };
  const jwks: readonly unknown[] = Array.isArray(keys) ? keys : [json];
  return jwks.flatMap((jwk) => {
    const made = tokenKeyFromJwk(jwk);
    if (typeof made !== 'string') return [made];
    report(made);
    return [];
  });
}

/** One or several: whoever changes keys has two for a while. */
function fromPem(text: string, report: Report): readonly TokenKey[] {
  const keys: TokenKey[] = [];
  for (const block of text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----[^-]*-----END \1-----/g)) {
    const line = text.slice(0, block.index).split('\n').length;
    const [pem, label = ''] = block;
    if (label.includes('PRIVATE')) {
      report('a private key, which only the issuer of the tokens should have', line);
      continue;
    }
    const key = publicKeyFrom(pem);
    const algorithms = key === undefined ? `a ${label} that cannot be read` : algorithmsOf(key);
    if (typeof algorithms === 'string') report(algorithms, line);
    else keys.push({ keyId: undefined, algorithms, key: key! });
  }
  return keys;
}

function publicKeyFrom(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

export interface TokenSecret {
  readonly secret: Uint8Array;
  readonly notice: ConfigurationProblem | undefined;
}

/** @throws {ConfigurationError} */
export async function readSecretFile(path: string, key: string): Promise<TokenSecret> {
  const file = await readListedFile(path, key, LARGEST_FILE);
  const secret = withoutLineBreak(file);
  const problem = secretProblem(secret);
  if (problem !== undefined)
    throw new ConfigurationError([
      { file: path, line: undefined, key, severity: 'error', code: 'bad-secret', text: problem },
    ]);
  return { secret, notice: opennessNotice(file, key) };
}

function secretProblem(secret: Uint8Array): string | undefined {
  if (secret.length < LEAST_SECRET)
    return `expected a secret of at least ${LEAST_SECRET} bytes, got ${secret.length}; openssl rand -hex 32 makes one`;
  // A token signed with a public key as if it were a secret is the oldest trick against verifiers.
  if (/-----BEGIN [A-Z ]*(?:KEY|CERTIFICATE)-----/.test(Buffer.from(secret).toString('latin1')))
    return 'expected a secret, got a key or certificate in PEM, which belongs in keyFile';
  return undefined;
}

/** Editors put one at the end. */
function withoutLineBreak({ bytes }: ListedFile): Uint8Array {
  let { length } = bytes;
  if (bytes[length - 1] === 0x0a) length--;
  if (bytes[length - 1] === 0x0d) length--;
  return bytes.subarray(0, length);
}
