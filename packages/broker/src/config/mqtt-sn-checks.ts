/** Contradictions within a listener for MQTT-SN. What stands in its file of predefined topics, whoever opens it checks. */
import { isIP } from 'node:net';
import type { Configuration } from './configuration.ts';
import type { Findings } from './findings.ts';
import type { KeyPath } from './key-path.ts';
import type { ListenerConfiguration } from './listener-configuration.ts';
import type { MqttSnConfiguration, MqttSnPredefinedTopic } from './mqtt-sn-configuration.ts';

export function checkMqttSn(listener: ListenerConfiguration, at: KeyPath, findings: Findings): void {
  checkForeignKeys(listener, at, findings);
  const { mqttSn } = listener;
  const below = [...at, 'mqttSn'];
  checkGroup(mqttSn, below, findings);
  checkPredefined(mqttSn.predefinedTopics, [...below, 'predefinedTopics'], findings);
  if (mqttSn.serial !== null && mqttSn.forwarders.length > 0)
    findings.error(
      [...below, 'forwarders'],
      'contradiction',
      'expected none with serial: whoever is at the other end of the line may encapsulate',
    );
}

/** What only connections over a byte stream have. */
function checkForeignKeys(listener: ListenerConfiguration, at: KeyPath, findings: Findings): void {
  const { tls, path, socketActivation, interface: device, proxyProtocol, usernameFrom, mqttSn } = listener;
  const foreign: Readonly<Record<string, boolean>> = {
    path: path !== null,
    socketActivation: socketActivation !== null,
    interface: device !== null,
    family: listener.family !== 'both',
    proxyProtocol: proxyProtocol !== 'none',
    usernameFrom: usernameFrom !== 'connect',
    useUsernameAsClientId: listener.useUsernameAsClientId,
  };
  if (tls !== null)
    findings.error(
      [...at, 'tls'],
      'contradiction',
      'expected none with protocol mqtt-sn: DTLS is not spoken here (docs/guides/mqtt-sn.md says what to put in front)',
    );
  for (const [key, isGiven] of Object.entries(foreign))
    if (isGiven)
      findings.error([...at, key], 'contradiction', 'expected none with protocol mqtt-sn, got one');
  const isAddress = isIP(listener.host.split('%')[0]!) !== 0 || ['localhost', '*'].includes(listener.host);
  if (mqttSn.serial === null && !isAddress)
    findings.error(
      [...at, 'host'],
      'bad-value',
      `expected an address with protocol mqtt-sn, such as 127.0.0.1, or * for all networks, got '${listener.host}'`,
    );
}

function checkGroup(
  { group, groupInterface, serial }: MqttSnConfiguration,
  at: KeyPath,
  findings: Findings,
): void {
  if (group === null) {
    if (groupInterface !== null)
      findings.error([...at, 'groupInterface'], 'contradiction', 'expected it with group, got none');
    return;
  }
  if (serial !== null)
    findings.error([...at, 'group'], 'contradiction', 'expected none with serial: there is no multicast');
  if (!isMulticast(group))
    findings.error(
      [...at, 'group'],
      'bad-value',
      `expected an address of multicast, such as 225.1.1.1 or ff02::1883, got '${group}'`,
    );
}

function isMulticast(address: string): boolean {
  const version = isIP(address.split('%')[0]!);
  if (version === 6) return /^ff/i.test(address);
  const first = Number(address.split('.')[0]);
  return version === 4 && first >= 224 && first <= 239;
}

/** A number may stand for one topic for all, and for another one for each client. */
function checkPredefined(topics: readonly MqttSnPredefinedTopic[], at: KeyPath, findings: Findings): void {
  const names = new Map<string, string>();
  for (const [index, { topicId, topicName, clientId }] of topics.entries()) {
    const key = `${topicId} ${clientId ?? ''}`;
    const before = names.get(key);
    if (before !== undefined && before !== topicName)
      findings.error(
        [...at, index, 'topicId'],
        'duplicate',
        `expected another number than ${before} has, got ${topicId} again`,
      );
    names.set(key, topicName);
  }
}

/** Its clients have no password: where one is asked for, none of them gets in. */
export function checkMqttSnAccess({ listeners, authentication }: Configuration, findings: Findings): void {
  for (const [index, listener] of listeners.entries()) {
    if (listener.protocol !== 'mqtt-sn') continue;
    const { anonymous, methods } = listener.authentication ?? authentication;
    const hasNames = listener.mqttSn.users.length > 0;
    if (anonymous && !(methods.length > 0 && hasNames)) continue;
    if (!anonymous && methods.some(({ type }) => type === 'http')) continue;
    const who = anonymous ? 'those with a user name' : 'these clients';
    findings.notice(
      ['listeners', index, 'authentication'],
      'no-passwords',
      `${who} cannot connect: MQTT-SN has no passwords; authentication: { anonymous: true } of this listener lets them in, with the user names that mqttSn.users gives them`,
    );
  }
}
