/** Bridges: their options are checked and carried over; they do not run yet. */
import { resolve } from 'node:path';
import type { KeyPath } from '../../config/key-path.ts';
import { quoted } from '../reading/configuration-lines.ts';
import type { BridgeSettings, MosquittoSettings, Setting, Settings } from '../reading/settings.ts';
import { parseBridgeTopic } from './bridge-topic.ts';
import type { ConfigurationDraft, DraftValue } from './configuration-draft.ts';

/** Options whose value is taken as it is. */
const AS_IT_IS: ReadonlyMap<string, string> = new Map([
  ['bridge_attempt_unsubscribe', 'attemptUnsubscribe'],
  ['bridge_bind_address', 'bindAddress'],
  ['bridge_max_topic_alias', 'topicAliasMaximum'],
  ['bridge_outgoing_retain', 'outgoingRetain'],
  ['bridge_receive_maximum', 'receiveMaximum'],
  ['bridge_session_expiry_interval', 'sessionExpiryInterval'],
  ['bridge_reload_type', 'reloadType'],
  ['cleansession', 'cleanStart'],
  ['local_cleansession', 'localCleanStart'],
  ['keepalive_interval', 'keepAliveSeconds'],
  ['idle_timeout', 'idleTimeoutSeconds'],
  ['local_clientid', 'localClientId'],
  ['local_username', 'localUsername'],
  ['local_password', 'localPassword'],
  ['remote_clientid', 'remoteClientId'],
  ['remote_username', 'remoteUsername'],
  ['remote_password', 'remotePassword'],
  ['notifications', 'notifications'],
  ['notifications_local_only', 'notificationsLocalOnly'],
  ['notification_topic', 'notificationTopic'],
  ['round_robin', 'roundRobin'],
  ['start_type', 'startType'],
  ['threshold', 'threshold'],
  ['try_private', 'tryPrivate'],
]);

const TLS_AS_IT_IS: ReadonlyMap<string, string> = new Map([
  ['bridge_alpn', 'alpn'],
  ['bridge_tls_use_os_certs', 'useSystemCertificates'],
  ['bridge_identity', 'pskIdentity'],
  ['bridge_psk', 'psk'],
  ['bridge_require_ocsp', 'requireOcsp'],
  ['bridge_ciphers', 'ciphers'],
  ['bridge_ciphers_tls1.3', 'cipherSuites'],
]);

const TLS_FILES: ReadonlyMap<string, string> = new Map([
  ['bridge_cafile', 'caFile'],
  ['bridge_capath', 'caDirectory'],
  ['bridge_certfile', 'certificateFile'],
  ['bridge_keyfile', 'keyFile'],
]);

const VERSIONS: Readonly<Record<string, string>> = { mqttv31: '3.1', mqttv311: '3.1.1', mqttv50: '5.0' };

export function translateBridges(
  { bridges }: MosquittoSettings,
  directory: string,
  draft: ConfigurationDraft,
): void {
  const localIds = new Map<string, number>();
  for (const bridge of bridges) {
    const at = draft.lengthOf(['bridges']);
    translateBridge(['bridges', at], bridge, directory, draft);
    const localId = bridge.options.find('local_clientid');
    const earlier = localId === undefined ? undefined : localIds.get(String(localId.value));
    if (earlier !== undefined) {
      draft.error(localId!, 'duplicate-option', `expected another one than in line ${earlier}`);
    } else if (localId !== undefined) localIds.set(String(localId.value), localId.line);
  }
}

function translateBridge(
  path: KeyPath,
  { name, place, options }: BridgeSettings,
  directory: string,
  draft: ConfigurationDraft,
): void {
  const origin = { ...place, name: 'connection' };
  draft.mark(path, origin);
  draft.set([...path, 'name'], name, origin);
  const addresses = options.find('address');
  const topics = options.all('topic');
  if (addresses === undefined)
    draft.error(origin, 'missing-value', 'expected an address line below it, got none');
  else translateAddresses(path, addresses, draft);
  if (topics.length === 0) draft.error(origin, 'missing-value', 'expected a topic line below it, got none');
  for (const [at, topic] of topics.entries()) {
    const parsed = parseBridgeTopic(String(topic.value));
    if (typeof parsed === 'string') draft.error(topic, 'bad-value', parsed);
    else draft.set([...path, 'topics', at], { ...parsed }, topic);
  }
  for (const [option, key] of AS_IT_IS) take(options.find(option), [...path, key], draft);
  const version = options.find('bridge_protocol_version');
  if (version !== undefined)
    draft.set([...path, 'protocolVersion'], VERSIONS[String(version.value)]!, version);
  const packet = options.find('bridge_max_packet_size');
  if (packet !== undefined && packet.value !== 0) take(packet, [...path, 'maximumPacketSize'], draft);
  const timeout = options.find('bridge_tcp_user_timeout');
  if (timeout !== undefined && timeout.value !== 0) take(timeout, [...path, 'tcpUserTimeoutMs'], draft);
  translateTcpKeepAlive(path, options.find('bridge_tcp_keepalive'), draft);
  translateRestart(path, options.find('restart_timeout'), draft);
  translateBridgeTls(path, options, directory, draft);
}

function take(setting: Setting | undefined, path: KeyPath, draft: ConfigurationDraft): void {
  if (setting !== undefined) draft.set(path, setting.value satisfies DraftValue, setting);
}

function translateAddresses(path: KeyPath, setting: Setting, draft: ConfigurationDraft): void {
  const addresses = String(setting.value).trim().split(/ +/);
  for (const address of addresses) {
    const [, digits] = /^(?:[^:]*|\[.*\]|.*:.*):(\d+)$/.exec(address) ?? [];
    const port = digits === undefined ? 1883 : Number(digits);
    if (port < 1 || port > 65_535) {
      draft.error(setting, 'bad-value', `expected a port from 1 to 65535, got ${quoted(address)}`);
      return;
    }
  }
  draft.set([...path, 'addresses'], addresses, setting);
}

function wholeNumbers(setting: Setting): readonly number[] {
  return String(setting.value)
    .trim()
    .split(/ +/)
    .map((word) => (/^\d{1,9}$/.test(word) ? Number(word) : Number.NaN));
}

function translateTcpKeepAlive(path: KeyPath, setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const [idleSeconds, intervalSeconds, probes, ...more] = wholeNumbers(setting);
  const isWhole = [idleSeconds, intervalSeconds, probes].every((each) => each !== undefined && each >= 1);
  if (!isWhole || more.length > 0) {
    const text = `expected three numbers from 1 on: seconds idle, seconds between, probes; got ${quoted(String(setting.value))}`;
    draft.error(setting, 'bad-value', text);
    return;
  }
  const value = { idleSeconds: idleSeconds!, intervalSeconds: intervalSeconds!, probes: probes! };
  draft.set([...path, 'tcpKeepAlive'], value, setting);
}

const LONGEST_BASE = 3600;
const LONGEST_CAP = 7200;

/** One number: always that. Two or three: base, cap, and from when on a connection is stable. */
function translateRestart(path: KeyPath, setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const [given = Number.NaN, cap, stable] = wholeNumbers(setting);
  const base = given === 0 ? 1 : given;
  const isWhole = base >= 1 && base <= LONGEST_BASE && (cap === undefined || cap <= LONGEST_CAP);
  if (!isWhole || (cap !== undefined && cap < base) || Number.isNaN(stable ?? 0)) {
    const text = `expected seconds from 1 to ${LONGEST_BASE}, or those, a cap from them to ${LONGEST_CAP} and seconds; got ${quoted(String(setting.value))}`;
    draft.error(setting, 'bad-value', text);
    return;
  }
  draft.set([...path, 'restartBaseSeconds'], base, setting);
  draft.set([...path, 'restartCapSeconds'], cap ?? null, setting);
  if (stable !== undefined) draft.set([...path, 'restartStableSeconds'], stable, setting);
}

function translateBridgeTls(
  path: KeyPath,
  options: Settings,
  directory: string,
  draft: ConfigurationDraft,
): void {
  const identity = options.find('bridge_identity');
  const key = options.find('bridge_psk');
  if ((identity === undefined) !== (key === undefined)) {
    const missing = identity === undefined ? 'bridge_identity' : 'bridge_psk';
    draft.error((identity ?? key)!, 'contradiction', `expected ${missing} for the bridge, too`);
  }
  for (const [option, name] of TLS_FILES) {
    const setting = options.find(option);
    if (setting === undefined) continue;
    if (key !== undefined) {
      draft.error(
        setting,
        'contradiction',
        `expected it not beside bridge_psk in line ${key.line}: take one out`,
      );
    }
    draft.set([...path, 'tls', name], resolve(directory, String(setting.value)), setting);
  }
  for (const [option, name] of TLS_AS_IT_IS) take(options.find(option), [...path, 'tls', name], draft);
  const insecure = options.find('bridge_insecure');
  if (insecure !== undefined) draft.set([...path, 'tls', 'checkHostname'], insecure.value !== true, insecure);
  const version = options.find('bridge_tls_version');
  if (version === undefined) return;
  const [, number] = /^tlsv(1\.[23])$/.exec(String(version.value)) ?? [];
  if (number !== undefined) draft.set([...path, 'tls', 'minimumVersion'], number, version);
  else draft.error(version, 'bad-value', `expected tlsv1.2 or tlsv1.3, got ${quoted(String(version.value))}`);
}
