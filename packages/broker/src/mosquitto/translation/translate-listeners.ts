/** Listeners: those with a line of their own, the default listener if anything makes it one, else those for this machine only. */
import { resolve } from 'node:path';
import { checkTopicName, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { KeyPath } from '../../config/key-path.ts';
import { quoted } from '../reading/configuration-lines.ts';
import type { ListenerSettings, MosquittoSettings, Setting, Settings } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';
import { isDefaultListenerUsed } from './default-listener.ts';
import { translateTls, usernameSource } from './translate-tls.ts';
import type { TranslationSurroundings } from './translation-surroundings.ts';

/** A listener that is opened, and the settings it is made from. */
export interface OpenedListener {
  /** Where it stands in the draft. */
  readonly path: KeyPath;
  readonly settings: ListenerSettings;
}

export interface TranslatedListeners {
  readonly opened: readonly OpenedListener[];
  /** No line defines one: they are for this machine only, and anybody may connect. */
  readonly isLocalOnly: boolean;
}

/** Of Unix sockets that Mosquitto makes. */
const SOCKET_MODE = '0770';
const USUAL_PORT = 1883;

export function translateListeners(
  settings: MosquittoSettings,
  surroundings: TranslationSurroundings,
  draft: ConfigurationDraft,
): TranslatedListeners {
  const defined = [...settings.listeners];
  if (isDefaultListenerUsed(settings.defaultListener, defined.length > 0, draft))
    defined.push(settings.defaultListener);
  const isLocalOnly = defined.length === 0;
  const listeners = isLocalOnly ? localListeners(settings.defaultListener, surroundings) : defined;
  const open = listeners.filter((listener) => isOpened(listener, draft));
  if (open.length === 0) {
    const [{ place } = {}] = listeners;
    const origin = { file: place?.file ?? 'mosquitto.conf', line: place?.line ?? 1, name: 'listener' };
    draft.error(origin, 'no-listener', 'expected a listener of mqtt or websockets: nobody could connect');
  }
  const opened = open.map((listener, at) => {
    const path = ['listeners', at];
    translateListener(path, listener, settings, surroundings, draft);
    return { path, settings: listener };
  });
  return { opened, isLocalOnly };
}

/** Both loopback addresses, on the ports of `-p`. */
function localListeners(
  defaults: ListenerSettings,
  { ports = [USUAL_PORT], hasIpv6Loopback = true }: TranslationSurroundings,
): readonly ListenerSettings[] {
  const hosts = hasIpv6Loopback ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
  return (ports.length === 0 ? [USUAL_PORT] : ports).flatMap((port) =>
    hosts.map((host): ListenerSettings => ({ ...defaults, address: { kind: 'tcp', port, host } })),
  );
}

/** The console comes with a later version; a listener for it is passed over. */
function isOpened({ options }: ListenerSettings, draft: ConfigurationDraft): boolean {
  const protocol = options.find('protocol');
  if (protocol?.value !== 'http_api') return true;
  draft.notice(protocol, 'replaced-option', 'the listener is not opened: there is no HTTP API yet');
  return false;
}

function translateListener(
  path: KeyPath,
  { place, address, options, security }: ListenerSettings,
  { security: shared, perListener, global }: MosquittoSettings,
  { directory }: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  const origin = place === undefined ? options.find('port') : { ...place, name: 'listener' };
  draft.mark(path, origin);
  const set = (key: string, value: string | number | boolean, from: Setting | typeof origin): void =>
    draft.set([...path, key], value, from);
  if (address.kind === 'unix') {
    set('path', resolve(directory, address.path), origin);
    draft.set([...path, 'pathMode'], SOCKET_MODE);
  } else translateAddress(path, address, options, origin, draft);
  const rules = perListener ? security : shared;
  translateTls(path, { options, pskFile: rules.find('psk_file'), directory }, draft);
  translateProxy(path, options, draft);
  translatePolicy(path, options, draft);
  const { from, setting } = usernameSource(options);
  if (from !== 'connect') set('usernameFrom', from, setting);
  const retain = global.find('retain_available');
  if (retain !== undefined) set('retainAvailable', retain.value === true, retain);
  const empty = rules.find('allow_zero_length_clientid');
  if (empty !== undefined) set('allowEmptyClientId', empty.value === true, empty);
  translatePrefix(path, options.find('listener_auto_id_prefix') ?? rules.find('auto_id_prefix'), draft);
}

function translateAddress(
  path: KeyPath,
  { port, host }: { readonly port: number; readonly host: string | undefined },
  options: Settings,
  origin:
    | (Omit<Setting, 'option' | 'value'> & Partial<Setting>)
    | { file: string; line: number; name: string }
    | undefined,
  draft: ConfigurationDraft,
): void {
  const networkInterface = options.find('bind_interface');
  draft.set([...path, 'host'], host ?? '*', options.find('bind_address') ?? origin);
  draft.set([...path, 'port'], port, origin);
  if (networkInterface !== undefined && host === undefined) {
    draft.set([...path, 'interface'], String(networkInterface.value), networkInterface);
  }
  const family = options.find('socket_domain');
  if (family !== undefined) draft.set([...path, 'family'], String(family.value), family);
}

function translateProxy(path: KeyPath, options: Settings, draft: ConfigurationDraft): void {
  const version = options.find('enable_proxy_protocol');
  const requireTls = options.find('proxy_protocol_v2_require_tls');
  if (requireTls?.value === true && version?.value !== 2) {
    draft.error(requireTls, 'contradiction', 'expected enable_proxy_protocol 2 for the listener, too');
  }
  if (version === undefined) return;
  draft.set([...path, 'proxyProtocol'], `v${String(version.value)}`, version);
  if (requireTls !== undefined)
    draft.set([...path, 'proxyProtocolRequireTls'], requireTls.value === true, requireTls);
  if (version.value !== 2) return;
  const certificate = options.find('require_certificate');
  if (certificate?.value === true && options.find('use_identity_as_username')?.value !== true) {
    const text =
      'behind a proxy a certificate is looked at only with use_identity_as_username true; add it, or let the proxy require certificates';
    draft.error(certificate, 'refused-option', text);
  }
  for (const name of ['certfile', 'keyfile', 'use_subject_as_username']) {
    const setting = options.find(name);
    if (setting === undefined || setting.value === false) continue;
    const text = `expected it not beside enable_proxy_protocol 2 in line ${version.line}: the proxy does TLS`;
    draft.error(setting, 'contradiction', text);
  }
}

const VERSIONS: ReadonlyMap<string, string> = new Map([
  ['3', '3.1'],
  ['4', '3.1.1'],
  ['5', '5.0'],
]);

function translatePolicy(path: KeyPath, options: Settings, draft: ConfigurationDraft): void {
  const from = (
    name: string,
    key: string,
    value: (given: Setting['value']) => string | number | boolean | null,
  ) => {
    const setting = options.find(name);
    if (setting !== undefined) draft.set([...path, key], value(setting.value), setting);
  };
  from('max_connections', 'maximumConnections', (given) =>
    (given as number) < 0 ? null : (given as number),
  );
  from('max_qos', 'maximumQos', (given) => given);
  from('max_topic_alias', 'topicAliasMaximum', (given) => given);
  from('max_topic_alias_broker', 'outboundTopicAliases', (given) => given);
  from('use_username_as_clientid', 'useUsernameAsClientId', (given) => given);
  translateProtocol(path, options, draft);
  translateMountPoint(path, options.find('mount_point'), draft);
  const versions = options.find('accept_protocol_versions');
  if (versions === undefined) return;
  const given = String(versions.value)
    .trim()
    .split(/[,\t ]+/);
  const wrong = given.find((each) => !VERSIONS.has(each));
  if (wrong !== undefined) {
    draft.error(versions, 'bad-value', `expected 3, 4 and 5 with commas between them, got ${quoted(wrong)}`);
  } else
    draft.set(
      [...path, 'protocolVersions'],
      [...new Set(given)].map((each) => VERSIONS.get(each)!),
      versions,
    );
}

function translateProtocol(path: KeyPath, options: Settings, draft: ConfigurationDraft): void {
  const protocol = options.find('protocol');
  if (protocol?.value !== 'websockets') return;
  draft.set([...path, 'protocol'], 'websocket', protocol);
  // Mosquitto does not look at the path.
  draft.set([...path, 'webSocket', 'path'], '*', protocol);
  const origins = options.all('websockets_origin');
  if (origins.length === 0) draft.set([...path, 'webSocket', 'origins'], ['*'], protocol);
  else {
    const values = origins.map(({ value }) => String(value));
    draft.set([...path, 'webSocket', 'origins'], values, origins.at(-1));
  }
}

function translateMountPoint(path: KeyPath, setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const mountPoint = String(setting.value);
  const problem = checkTopicName(mountPoint);
  if (problem === null) draft.set([...path, 'mountPoint'], mountPoint, setting);
  else {
    const text = `expected the beginning of topic names, got ${quoted(mountPoint)}, which ${TOPIC_PROBLEMS[problem]}`;
    draft.error(setting, 'bad-value', text);
  }
}

const LONGEST_PREFIX = 50;

function translatePrefix(path: KeyPath, setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const prefix = String(setting.value);
  if (prefix.length <= LONGEST_PREFIX) draft.set([...path, 'clientIdPrefix'], prefix, setting);
  else
    draft.error(setting, 'bad-value', `expected at most ${LONGEST_PREFIX} characters, got ${prefix.length}`);
}
