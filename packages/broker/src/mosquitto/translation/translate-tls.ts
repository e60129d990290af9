/** TLS of one listener, and where its clients' user names come from. */
import { resolve } from 'node:path';
import type { KeyPath } from '../../config/key-path.ts';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import { quoted } from '../reading/configuration-lines.ts';
import type { Setting, Settings } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';

const CERTIFICATE_OPTIONS: readonly string[] = ['cafile', 'capath', 'certfile', 'keyfile'];

export interface TlsOfListener {
  readonly options: Settings;
  /** `psk_file`, of this listener or of all. */
  readonly pskFile: Setting | undefined;
  readonly directory: string;
}

/** @param path of the listener */
export function translateTls(path: KeyPath, tls: TlsOfListener, draft: ConfigurationDraft): void {
  const { options } = tls;
  const hint = options.find('psk_hint');
  const certificate = CERTIFICATE_OPTIONS.map((name) => options.find(name)).find(
    (each) => each !== undefined,
  );
  if (options.text('tls_keyform') === 'engine') {
    draft.error(options.find('tls_keyform')!, 'refused-option', 'engines of OpenSSL cannot be loaded here');
  }
  if (hint !== undefined && certificate !== undefined) {
    draft.error(
      certificate,
      'contradiction',
      `expected it not beside psk_hint in line ${hint.line}: take one out`,
    );
    return;
  }
  if (hint !== undefined) translatePsk(path, hint, tls, draft);
  else if (certificate === undefined) {
    tellOfNoTls(options, draft);
    return;
  } else translateCertificates(path, tls, certificate, draft);
  translateVersion(path, options, draft);
  textFrom(options.find('ciphers'), [...path, 'tls', 'ciphers'], draft);
  textFrom(options.find('ciphers_tls1.3'), [...path, 'tls', 'cipherSuites'], draft);
}

function translatePsk(
  path: KeyPath,
  hint: Setting,
  { pskFile, directory }: TlsOfListener,
  draft: ConfigurationDraft,
): void {
  if (pskFile === undefined) {
    draft.error(hint, 'contradiction', 'expected a psk_file line, too: without keys nobody could connect');
    return;
  }
  draft.set([...path, 'tls', 'psk', 'file'], resolve(directory, String(pskFile.value)), pskFile);
  draft.set([...path, 'tls', 'psk', 'hint'], String(hint.value), hint);
}

function translateCertificates(
  path: KeyPath,
  { options, directory }: TlsOfListener,
  any: Setting,
  draft: ConfigurationDraft,
): void {
  const file = (setting: Setting): string => resolve(directory, String(setting.value));
  const at = (...keys: KeyPath): KeyPath => [...path, 'tls', ...keys];
  const certificate = options.find('certfile');
  const key = options.find('keyfile');
  if (certificate === undefined || key === undefined) {
    const missing = [certificate === undefined ? 'certfile' : '', key === undefined ? 'keyfile' : ''];
    const text = `expected ${missing.filter((name) => name !== '').join(' and ')} for the listener, too`;
    draft.error(certificate ?? key ?? any, 'contradiction', text);
    return;
  }
  draft.set(at('certificates', 0, 'certificateFile'), file(certificate), certificate);
  draft.set(at('certificates', 0, 'keyFile'), file(key), key);
  const authorities = options.find('cafile');
  if (authorities !== undefined) draft.set(at('caFile'), file(authorities), authorities);
  const directoryOfAuthorities = options.find('capath');
  if (directoryOfAuthorities !== undefined)
    draft.set(at('caDirectory'), file(directoryOfAuthorities), directoryOfAuthorities);
  const revoked = options.find('crlfile');
  if (revoked !== undefined) draft.set(at('crlFiles', 0), file(revoked), revoked);
  translateClientCertificates(at('clientCertificates'), options, draft);
  const dates = options.find('disable_client_cert_date_checks');
  if (dates !== undefined) draft.set(at('checkClientDates'), dates.value !== true, dates);
}

/** Mosquitto asks for certificates only if it requires them; who is named by one could not connect then. */
function translateClientCertificates(path: KeyPath, options: Settings, draft: ConfigurationDraft): void {
  const required = options.find('require_certificate');
  const { from, setting } = usernameSource(options);
  if (required?.value === true) draft.set(path, 'require', required);
  else if (from === 'connect') draft.set(path, 'none', required);
  else {
    const text =
      'clients are asked for a certificate here, since no other could connect; Mosquitto needs require_certificate true';
    draft.notice(setting!, 'odd-value', text);
    draft.set(path, 'request', setting);
  }
}

function translateVersion(path: KeyPath, options: Settings, draft: ConfigurationDraft): void {
  const version = options.find('tls_version');
  if (version === undefined) return;
  const [, number] = /^tlsv(1\.[23])$/.exec(String(version.value)) ?? [];
  if (number !== undefined) draft.set([...path, 'tls', 'minimumVersion'], number, version);
  else {
    const text = `expected tlsv1.2 or tlsv1.3, got ${quoted(String(version.value))}; older ones are not safe`;
    draft.error(version, 'bad-value', text);
  }
}

/** Of listeners that are plain. */
const WITHOUT_EFFECT: readonly string[] = [
  'crlfile',
  'require_certificate',
  'tls_version',
  'ciphers',
  'ciphers_tls1.3',
  'use_identity_as_username',
  'use_subject_as_username',
];

/** Whether clients can show who they are by TLS: here, or to a proxy, which tells of their certificate. */
function isOfTls(options: Settings): boolean {
  const makers = [...CERTIFICATE_OPTIONS, 'psk_hint'];
  return (
    options.number('enable_proxy_protocol') === 2 || makers.some((name) => options.find(name) !== undefined)
  );
}

/** Options about TLS without what makes a listener one of TLS. */
function tellOfNoTls(options: Settings, draft: ConfigurationDraft): void {
  if (isOfTls(options)) return;
  for (const name of WITHOUT_EFFECT) {
    const setting = options.find(name);
    if (setting !== undefined && setting.value !== false) {
      draft.notice(
        setting,
        'without-effect',
        'the listener has no certfile and keyfile, and no psk_hint: it is plain',
      );
    }
  }
}

/** `use_identity_as_username` comes before `use_subject_as_username`. */
export function usernameSource(options: Settings): {
  readonly from: UsernameSource;
  readonly setting?: Setting;
} {
  const identity = options.find('use_identity_as_username');
  const subject = options.find('use_subject_as_username');
  if (!isOfTls(options)) return { from: 'connect' };
  if (identity?.value === true) {
    return { from: options.find('psk_hint') === undefined ? 'certificate-cn' : 'psk', setting: identity };
  }
  return subject?.value === true ? { from: 'certificate-subject', setting: subject } : { from: 'connect' };
}

function textFrom(setting: Setting | undefined, path: KeyPath, draft: ConfigurationDraft): void {
  if (setting !== undefined) draft.set(path, String(setting.value), setting);
}
