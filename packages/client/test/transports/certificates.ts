// Keys and certificates for tests of TLS, made by certificates/make.sh. No one else trusts them.

import { readFileSync } from 'node:fs';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A file of the directory beside this one. */
const read = (name: string): string => readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8');

/** Has signed those below. */
export function authority(): string {
  return read('ca.pem');
}

/** For localhost, broker.test, 127.0.0.1 and ::1. */
export function serverPair(): KeyPair {
  return { key: read('server.key.pem'), cert: read('server.pem') };
}

export function clientPair(): KeyPair {
  return { key: read('client.key.pem'), cert: read('client.pem') };
}
