/** The certificates of those who may sign that of a server: in a file, in a directory, or those that this machine trusts. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { CommandFailure } from '../command-failure.ts';

/** Where systems keep them in one file, with the variable that OpenSSL reads first. */
const SYSTEM_FILES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;

/** A file that a flag names. @throws {CommandFailure} */
export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

/** @throws {CommandFailure} if it has none */
export async function certificatesInFile(path: string): Promise<string> {
  const pem = await readPem(path);
  if (!CERTIFICATE.test(pem)) throw new CommandFailure(`${path}: expected certificates as PEM, got none`);
  return pem;
}

/** Those of all files in a directory. @throws {CommandFailure} if it has none */
export async function certificatesInDirectory(path: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = (await readdir(path, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  const files = await Promise.all(names.map((name) => readPem(join(path, name))));
  const found = files.filter((pem) => CERTIFICATE.test(pem));
  if (found.length === 0)
    throw new CommandFailure(`${path}: expected files with certificates as PEM, got none`);
  return found;
}

/** Whom this machine trusts; where that cannot be found out, whom Node.js does. */
export async function systemCertificates(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const ask = (tls as { getCACertificates?: (kind: 'system') => string[] }).getCACertificates;
  if (ask !== undefined) return ask('system');
  const { SSL_CERT_FILE: named } = env as { readonly SSL_CERT_FILE?: string };
  for (const path of [...(named ? [named] : []), ...SYSTEM_FILES]) {
    try {
      const pem = await readFile(path, 'utf8');
      if (CERTIFICATE.test(pem)) return [pem];
    } catch {
      // Another system keeps them elsewhere.
    }
  }
  return tls.rootCertificates;
}
