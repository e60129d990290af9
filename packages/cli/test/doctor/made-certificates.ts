// Certificates as a test wants them: expired, not yet valid, for other names, signed by others in between. Made by openssl.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HAS_OPENSSL: boolean = spawnSync('openssl', ['version']).status === 0;

export interface MadeCertificate {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
  readonly path: string;
}

export interface CertificateWishes {
  /** Days from now. @default -1 */
  readonly from?: number;
  /** @default 100 */
  readonly to?: number;
  /** Nothing: it may sign others. */
  readonly subjectAltName?: string;
}

const DAY_MS = 86_400_000;

export class MadeCertificates {
  readonly #directory: string = mkdtempSync(join(tmpdir(), 'martlet-certificates-'));

  constructor() {
    writeFileSync(this.#path('index.txt'), '');
    writeFileSync(this.#path('index.txt.attr'), 'unique_subject = no\n');
    writeFileSync(
      this.#path('ca.cnf'),
      `[ca]\ndefault_ca = ca\n[ca]\ndatabase = ${this.#path('index.txt')}\nnew_certs_dir = ${this.#directory}\nrand_serial = yes\ndefault_md = sha256\npolicy = policy\n[policy]\ncommonName = supplied\n`,
    );
  }

  /** @param signer undefined: it signs itself */
  make(name: string, signer: MadeCertificate | undefined, wishes: CertificateWishes = {}): MadeCertificate {
    const { from = -1, to = 100, subjectAltName } = wishes;
    const [key, request, cert, extensions] = ['key', 'csr', 'pem', 'ext'].map((end) =>
      this.#path(`${name}.${end}`),
    );
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
    this.#openssl('req', ...curve, '-keyout', key!, '-out', request!, '-subj', `/CN=${name}`, '-batch');
    const basic = `basicConstraints = critical,CA:${subjectAltName === undefined ? 'TRUE' : 'FALSE'}\n`;
    writeFileSync(
      extensions!,
      subjectAltName === undefined ? basic : `${basic}subjectAltName = ${subjectAltName}\n`,
    );
    const by =
      signer === undefined
        ? ['-selfsign', '-keyfile', key!]
        : ['-cert', signer.path, '-keyfile', this.#path(`${signer.name}.key`)];
    const dates = ['-startdate', dateText(from), '-enddate', dateText(to)];
    const files = ['-in', request!, '-out', cert!, '-extfile', extensions!];
    this.#openssl('ca', '-batch', '-notext', '-config', this.#path('ca.cnf'), ...by, ...dates, ...files);
    return { name, cert: readFileSync(cert!, 'utf8'), key: readFileSync(key!, 'utf8'), path: cert! };
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** `20261120095900Z` */
function dateText(days: number): string {
  const iso = new Date(Date.now() + days * DAY_MS).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
