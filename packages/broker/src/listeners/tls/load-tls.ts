/**
 * From options of TLS to what a handshake needs: every file is read and checked, and everything that is wrong is told at once.
 * Nothing takes effect here.
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { TlsRemark } from './certificate-dates.ts';
import { certificateRemarks, revocationListRemarks } from './certificate-dates.ts';
import { hostNamesOf } from './certificate-identity.ts';
import type { TrustAnchors } from './client-chain.ts';
import { parsePskFile } from './psk-file.ts';
import type { RevocationList } from './revocation-list.ts';
import { parseRevocationLists } from './revocation-list.ts';
import { ServerNames } from './server-names.ts';
import type { NamedText } from './tls-files.ts';
import { TlsFiles } from './tls-files.ts';
import type { CertificateOptions, TlsOptions } from './tls-options.ts';

/** TLS as a listener uses it. */
export interface LoadedTls {
  /** One for each certificate, the first for clients that name none of them; of listeners with pre-shared keys, one for all. */
  readonly contexts: readonly SecureContextOptions[];
  /** Which of the contexts is for a name. */
  readonly serverNames: ServerNames<number>;
  readonly clientCertificates: 'none' | 'request' | 'require';
  readonly checkClientDates: boolean;
  readonly anchors: TrustAnchors;
  readonly alpn: readonly string[];
  /** Null: certificates, and no pre-shared keys. */
  readonly psk: ReadonlyMap<string, Uint8Array> | null;
  readonly pskHint: string | undefined;
  readonly keyLog: ((line: Uint8Array) => void) | undefined;
  /** That were read, and whose changes mean that all this is to be loaded again. */
  readonly files: readonly string[];
  /** For the log, when it takes effect and once a day. @param wallMs the time then, in ms since 1970 */
  remarksAt(wallMs: number): readonly TlsRemark[];
}

/** With forward secrecy first. Node.js allows no cipher of pre-shared keys by itself. */
const PSK_CIPHERS =
  'kECDHEPSK+CHACHA20:kECDHEPSK+AES:kPSK+AESGCM:kPSK+CHACHA20:kPSK+AESCCM:kPSK+AES:!kRSAPSK:!kDHEPSK';

const PEM_CERTIFICATE: Readonly<RegExp> =
  /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
  readonly serverNames: readonly string[];
}

/**
 * @param place Whose options they are, for problems that are not of one file.
 * @param alpn What is agreed on where the options do not say.
 * Rejects with a `ConfigurationError` that names the file of everything that is wrong.
 */
export async function loadTls(
  options: TlsOptions,
  place: string,
  alpn: readonly string[],
): Promise<LoadedTls> {
  const loading = new TlsLoading(options, place);
  return loading.load(alpn);
}

class TlsLoading {
  readonly #options: TlsOptions;
  readonly #place: string;
  readonly #files = new TlsFiles();
  /** What has dates. */
  readonly #dated: ((wallMs: number) => readonly TlsRemark[])[] = [];

  constructor(options: TlsOptions, place: string) {
    this.#options = options;
    this.#place = place;
  }

  async load(alpn: readonly string[]): Promise<LoadedTls> {
    const { clientCertificates = 'none', checkClientDates = true, psk, keyLog } = this.#options;
    const certificates = await this.#serverCertificates();
    const pskKeys = await this.#pskKeys();
    const { authorities, texts } = await this.#authorities();
    const revocationLists = await this.#revocationLists();
    const { certificates: given = [] } = this.#options;
    if ((given.length === 0) === (pskKeys === null))
      this.#problem('expected either certificates or psk, and not both');
    const isUnread = this.#files.problems.length > 0; // Then what is missing has been told.
    if (clientCertificates !== 'none' && authorities.length === 0 && !isUnread)
      this.#problem(
        `clientCertificates is ${clientCertificates}: expected caFile or caDirectory, with the CAs that certify clients`,
      );
    if (clientCertificates !== 'none' && pskKeys !== null)
      this.#problem('expected no clientCertificates with psk: clients have a key, and no certificate');

    const shared = this.#sharedContext(
      pskKeys !== null,
      clientCertificates === 'none' ? [] : texts,
      revocationLists,
    );
    const contexts =
      pskKeys === null ? certificates.map((each) => ({ ...shared, ...withoutNames(each) })) : [shared];
    for (const context of contexts) this.#check(context);
    if (this.#files.problems.length > 0) throw new ConfigurationError(this.#files.problems);

    const serverNames = new ServerNames<number>();
    for (const [index, certificate] of certificates.entries())
      for (const name of certificate.serverNames) serverNames.add(name, index);
    return {
      contexts,
      serverNames,
      clientCertificates,
      checkClientDates,
      anchors: { authorities, revocationLists },
      alpn: this.#options.alpn ?? alpn,
      psk: pskKeys,
      pskHint: psk?.hint ?? undefined,
      keyLog,
      files: this.#files.files,
      remarksAt: (wallMs) => this.#dated.flatMap((remarksAt) => remarksAt(wallMs)),
    };
  }

  #problem(text: string): void {
    this.#files.problem(this.#place, 'bad-tls', text);
  }

  async #serverCertificates(): Promise<readonly ServerCertificate[]> {
    const certificates: ServerCertificate[] = [];
    for (const [index, options] of (this.#options.certificates ?? []).entries()) {
      const certificate = await this.#serverCertificate(options, `certificates[${index}]`);
      if (certificate !== undefined) certificates.push(certificate);
    }
    return certificates;
  }

  async #serverCertificate(options: CertificateOptions, at: string): Promise<ServerCertificate | undefined> {
    const files = this.#files;
    const problemsBefore = files.problems.length;
    const cert = await files.text(`${at}.certificateFile`, options.certificate, options.certificateFile);
    const key = await files.text(`${at}.keyFile`, options.key, options.keyFile);
    const passphrase = await files.text(`${at}.keyPassphraseFile`, undefined, options.keyPassphraseFile);
    if (cert === undefined || key === undefined) {
      if (files.problems.length === problemsBefore)
        this.#problem(`${at}: expected certificateFile and keyFile`);
      return undefined;
    }
    const [first] = this.#certificatesIn(cert);
    const firstLine = passphrase?.text.split(/\r?\n/, 1)[0];
    const privateKey = this.#privateKey(key, firstLine);
    if (first === undefined || privateKey === undefined) return undefined;
    if (!first.checkPrivateKey(privateKey)) {
      files.problem(
        key.name,
        'key-mismatch',
        `the private key is not that of the certificate in ${cert.name}`,
      );
      return undefined;
    }
    this.#dated.push((wallMs) => certificateRemarks(cert.name, first, wallMs));
    const { serverNames = [] } = options;
    const names = serverNames.length > 0 ? serverNames : hostNamesOf(first);
    return { cert: cert.text, key: key.text, passphrase: firstLine, serverNames: names };
  }

  #privateKey({ name, text }: NamedText, passphrase: string | undefined): KeyObject | undefined {
    try {
      return createPrivateKey(passphrase === undefined ? { key: text } : { key: text, passphrase });
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      const isEncrypted =
        /MISSING_PASSPHRASE|BAD_DECRYPT|INTERRUPTED|BAD_PASSWORD/.test(code) || text.includes('ENCRYPTED');
      const missing =
        passphrase === undefined ? 'it needs a passphrase: keyPassphraseFile' : 'the passphrase is wrong';
      this.#files.problem(
        name,
        'bad-key',
        isEncrypted ? `the private key cannot be read: ${missing}` : 'expected a private key in PEM',
      );
      return undefined;
    }
  }

  #certificatesIn({ name, text }: NamedText): readonly X509Certificate[] {
    try {
      const found = [...text.matchAll(PEM_CERTIFICATE)].map(([block]) => new X509Certificate(block));
      if (found.length === 0)
        this.#files.problem(name, 'bad-certificate', 'expected a certificate in PEM, found none');
      return found;
    } catch {
      this.#files.problem(
        name,
        'bad-certificate',
        'expected certificates in PEM, found one that cannot be read',
      );
      return [];
    }
  }

  async #authorities(): Promise<{
    readonly authorities: readonly X509Certificate[];
    readonly texts: readonly string[];
  }> {
    const { ca, caFile, caDirectory } = this.#options;
    const one = await this.#files.text('caFile', ca, caFile);
    const several =
      typeof caDirectory === 'string' ? await this.#files.directory('caDirectory', caDirectory) : [];
    const texts = one === undefined ? several : [one, ...several];
    const authorities = texts.flatMap((text) => {
      const found = this.#certificatesIn(text);
      for (const each of found) this.#dated.push((wallMs) => certificateRemarks(text.name, each, wallMs));
      return found;
    });
    return { authorities, texts: texts.map(({ text }) => text) };
  }

  async #revocationLists(): Promise<readonly RevocationList[]> {
    const { crl, crlFiles = [] } = this.#options;
    const texts = [
      await this.#files.text('crl', crl, undefined),
      ...(await Promise.all(
        crlFiles.map((file, index) => this.#files.text(`crlFiles[${index}]`, undefined, file)),
      )),
    ];
    return texts.flatMap((text) => (text === undefined ? [] : this.#revocationListsIn(text)));
  }

  #revocationListsIn({ name, text }: NamedText): readonly RevocationList[] {
    try {
      const lists = parseRevocationLists(text);
      if (lists.length === 0)
        this.#files.problem(name, 'bad-crl', 'expected a certificate revocation list in PEM, found none');
      for (const list of lists) this.#dated.push((wallMs) => revocationListRemarks(name, list, wallMs));
      return lists;
    } catch {
      this.#files.problem(
        name,
        'bad-crl',
        'expected certificate revocation lists in PEM, found one that cannot be read',
      );
      return [];
    }
  }

  async #pskKeys(): Promise<ReadonlyMap<string, Uint8Array> | null> {
    const { psk } = this.#options;
    if (psk === undefined || psk === null) return null;
    if (psk.file === undefined) return psk.keys ?? new Map();
    const bytes = await this.#files.bytes('psk.file', psk.file);
    try {
      return bytes === undefined ? new Map() : parsePskFile(bytes, psk.file);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#files.problems.push(...error.problems);
      return new Map();
    }
  }

  #sharedContext(
    isPsk: boolean,
    ca: readonly string[],
    crl: readonly RevocationList[],
  ): SecureContextOptions {
    const { minimumVersion = '1.2', ciphers, cipherSuites } = this.#options;
    const common: SecureContextOptions = {
      ciphers: cipherText(ciphers ?? (isPsk ? PSK_CIPHERS : null), cipherSuites ?? null),
      minVersion: minimumVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
      honorCipherOrder: true,
    };
    if (ca.length > 0) common.ca = [...ca];
    if (ca.length > 0 && crl.length > 0) common.crl = crl.map(({ pem }) => pem);
    return common;
  }

  /** Tells what OpenSSL does not like: ciphers that it does not know, keys that are too short. */
  #check(context: SecureContextOptions): void {
    try {
      createSecureContext(context);
    } catch (error) {
      this.#problem(`OpenSSL does not accept it: ${(error as Error).message}`);
    }
  }
}

function withoutNames({ cert, key, passphrase }: ServerCertificate): SecureContextOptions {
  return passphrase === undefined ? { cert, key } : { cert, key, passphrase };
}

/** Node.js takes the suites of both versions in one text, and their defaults only together. */
function cipherText(ciphers: string | null, cipherSuites: string | null): string {
  const defaults = DEFAULT_CIPHERS.split(':');
  const isSuite = (cipher: string): boolean => cipher.startsWith('TLS_');
  return [
    cipherSuites ?? defaults.filter(isSuite).join(':'),
    ciphers ?? defaults.filter((cipher) => !isSuite(cipher)).join(':'),
  ].join(':');
}
