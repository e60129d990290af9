// An authority of a test, and what it certifies: made by openssl, in a directory of its own, and gone afterwards.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HAS_OPENSSL: boolean = spawnSync('openssl', ['version']).status === 0;

export interface MadeCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Wishes {
  /** As `openssl req -subj` takes it. @default `/CN=` and the name */
  readonly subject?: string;
  /** Such as `DNS:localhost`. */
  readonly subjectAltName?: string;
  readonly extendedKeyUsage?: string;
  /** Days from now. @default -1 */
  readonly from?: number;
  /** Days from now. @default 100 */
  readonly to?: number;
  readonly rsa?: boolean;
  readonly authority?: boolean;
  readonly pathLength?: number;
}

const DAY_MS = 86_400_000;

export class MadeAuthority implements MadeCertificate {
  readonly directory: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
  readonly #ownsDirectory: boolean;
  readonly #name: string;

  /** @param by Who certifies it; undefined: itself. */
  constructor(name: string, by?: MadeAuthority, wishes: Wishes = {}) {
    this.#name = name;
    this.#ownsDirectory = by === undefined;
    this.directory = by?.directory ?? mkdtempSync(join(tmpdir(), 'martlet-authority-'));
    writeFileSync(this.#path(`${name}.index`), '');
    writeFileSync(this.#path(`${name}.index.attr`), 'unique_subject = no\n');
    writeFileSync(this.#path(`${name}.cnf`), this.#configuration());
    const made = this.#make(name, by, { ...wishes, authority: true });
    this.certificateFile = made.certificateFile;
    this.keyFile = made.keyFile;
    this.certificate = made.certificate;
    this.key = made.key;
  }

  certify(name: string, wishes: Wishes = {}): MadeCertificate {
    return this.#make(name, this, wishes);
  }

  revoke({ certificateFile }: MadeCertificate): void {
    this.#openssl(
      'ca',
      '-config',
      this.#path(`${this.#name}.cnf`),
      '-revoke',
      certificateFile,
      ...this.#signing(),
    );
  }

  /** The file of a new revocation list. */
  revocationList(name: string, { from = -1, to = 100 }: Pick<Wishes, 'from' | 'to'> = {}): string {
    const file = this.#path(`${name}.crl`);
    const dates = ['-crl_lastupdate', dateText(from), '-crl_nextupdate', dateText(to)];
    const config = ['-config', this.#path(`${this.#name}.cnf`)];
    this.#openssl('ca', ...config, '-gencrl', ...dates, '-out', file, ...this.#signing());
    return file;
  }

  /** A file beside the others. */
  file(name: string, text: string): string {
    writeFileSync(this.#path(name), text);
    return this.#path(name);
  }

  remove(): void {
    if (this.#ownsDirectory) rmSync(this.directory, { recursive: true });
  }

  #make(name: string, by: MadeAuthority | undefined, wishes: Wishes): MadeCertificate {
    const { subject = `/CN=${name}`, from = -1, to = 100, rsa = false } = wishes;
    const [keyFile, request, certificateFile, extensions] = ['key', 'csr', 'pem', 'ext'].map((end) =>
      this.#path(`${name}.${end}`),
    ) as [string, string, string, string];
    const kind = rsa ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const names = ['-subj', subject, '-utf8', '-multivalue-rdn', '-batch'];
    this.#openssl('req', ...kind, '-noenc', '-keyout', keyFile, '-out', request, ...names);
    writeFileSync(extensions, extensionsOf(wishes));
    const signing = by === undefined ? ['-selfsign', '-keyfile', keyFile] : by.#signing();
    const config = ['-config', (by ?? this).#path(`${(by ?? this).#name}.cnf`)];
    const dates = ['-startdate', dateText(from), '-enddate', dateText(to)];
    const files = ['-in', request, '-out', certificateFile, '-extfile', extensions];
    this.#openssl('ca', '-batch', '-notext', '-preserveDN', ...config, ...signing, ...dates, ...files);
    return {
      certificateFile,
      keyFile,
      certificate: readFileSync(certificateFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
    };
  }

  #signing(): readonly string[] {
    return ['-cert', this.#path(`${this.#name}.pem`), '-keyfile', this.#path(`${this.#name}.key`)];
  }

  #configuration(): string {
    return `[ca]
default_ca = ca
[ca]
database = ${this.#path(`${this.#name}.index`)}
new_certs_dir = ${this.directory}
rand_serial = yes
default_md = sha256
string_mask = utf8only
policy = policy
[policy]
commonName = optional
`;
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}

function extensionsOf({ authority = false, pathLength, subjectAltName, extendedKeyUsage }: Wishes): string {
  const path = pathLength === undefined ? '' : `,pathlen:${pathLength}`;
  return [
    `basicConstraints = critical,CA:${authority ? 'TRUE' : 'FALSE'}${path}`,
    ...(subjectAltName === undefined ? [] : [`subjectAltName = ${subjectAltName}`]),
    ...(extendedKeyUsage === undefined ? [] : [`extendedKeyUsage = ${extendedKeyUsage}`]),
    '',
  ].join('\n');
}

/** `20261120095900Z` */
function dateText(days: number): string {
  const iso = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
