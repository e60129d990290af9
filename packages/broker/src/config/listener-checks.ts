/** Contradictions within listeners, and between them. */
import type { Findings } from './findings.ts';
import type { KeyPath } from './key-path.ts';
import type { ListenerConfiguration, TlsConfiguration } from './listener-configuration.ts';
import { checkMqttSn } from './mqtt-sn-checks.ts';

export function checkListeners(listeners: readonly ListenerConfiguration[], findings: Findings): void {
  findings.unique(listeners, ['listeners'], 'name', ({ name }) => name);
  findings.unique(listeners, ['listeners'], 'path', ({ path }) => path);
  findings.unique(listeners, ['listeners'], 'port', addressOf);
  findings.unique(listeners, ['listeners'], 'mqttSn.serial.device', serialOf);
  for (const [at, listener] of listeners.entries()) {
    const path = ['listeners', at];
    if (listener.protocol === 'mqtt-sn') {
      checkMqttSn(listener, path, findings);
      continue;
    }
    checkPlace(listener, path, findings);
    checkProxy(listener, path, findings);
    checkUsername(listener, path, findings);
    if (listener.tls !== null) checkTls(listener.tls, [...path, 'tls'], findings);
  }
}

function serialOf({ protocol, mqttSn }: ListenerConfiguration): string | null {
  return protocol === 'mqtt-sn' ? (mqttSn.serial?.device ?? null) : null;
}

/** Null where two may have the same. */
function addressOf({
  protocol,
  mqttSn,
  host,
  port,
  path,
  interface: name,
  socketActivation,
  family,
}: ListenerConfiguration): string | null {
  if (path !== null || socketActivation !== null || port === 0) return null;
  if (protocol === 'mqtt-sn') return mqttSn.serial === null ? `${host}:${port} (UDP)` : null;
  return `${name ?? host}:${port}${family === 'both' ? '' : ` (${family})`}`;
}

function checkPlace(
  { path, socketActivation, interface: name, pathOwner, pathGroup }: ListenerConfiguration,
  at: KeyPath,
  findings: Findings,
): void {
  const places = Object.entries({ path, socketActivation, interface: name }).filter(
    ([, value]) => value !== null,
  );
  const [first, second] = places.map(([key]) => key);
  if (second !== undefined)
    findings.error([...at, second], 'contradiction', `expected one place to listen, got ${first} too`);
  for (const [key, value] of Object.entries({ pathOwner, pathGroup })) {
    if (value !== null && path === null)
      findings.error(
        [...at, key],
        'contradiction',
        'expected it with path, the Unix socket that it is about',
      );
  }
}

function checkProxy(
  { proxyProtocol, proxyProtocolRequireTls, trustedProxies }: ListenerConfiguration,
  at: KeyPath,
  findings: Findings,
): void {
  if (proxyProtocolRequireTls && (proxyProtocol === 'none' || proxyProtocol === 'v1'))
    findings.error(
      [...at, 'proxyProtocolRequireTls'],
      'contradiction',
      `expected it with proxyProtocol v2 or any, whose header tells of TLS, got ${proxyProtocol}`,
    );
  if (trustedProxies.length > 0 && proxyProtocol === 'none')
    findings.error(
      [...at, 'trustedProxies'],
      'contradiction',
      'expected it with proxyProtocol v1, v2 or any, got none',
    );
}

function checkUsername(
  { usernameFrom, tls, proxyProtocol }: ListenerConfiguration,
  at: KeyPath,
  findings: Findings,
): void {
  const key = [...at, 'usernameFrom'];
  const proxyTellsName =
    usernameFrom === 'certificate-cn' && (proxyProtocol === 'v2' || proxyProtocol === 'any');
  if (usernameFrom.startsWith('certificate') && !proxyTellsName) {
    if (tls === null || tls.clientCertificates === 'none')
      findings.error(
        key,
        'contradiction',
        'expected tls.clientCertificates request or require with it, got none',
      );
  }
  if (usernameFrom === 'psk' && (tls === null || tls.psk === null))
    findings.error(key, 'contradiction', 'expected tls.psk with it, got none');
}

function checkTls(tls: TlsConfiguration, at: KeyPath, findings: Findings): void {
  const { certificates, clientCertificates, caFile, caDirectory, crlFiles, psk } = tls;
  if (certificates.length === 0 && psk === null)
    findings.error(at, 'missing-key', 'expected certificates of the server, or psk, got neither');
  if (certificates.length > 0 && psk !== null)
    findings.error([...at, 'psk'], 'contradiction', 'expected certificates or psk, got both');
  if (clientCertificates !== 'none' && psk !== null)
    findings.error(
      [...at, 'clientCertificates'],
      'contradiction',
      'expected none with psk: clients have a key, and no certificate',
    );
  if (clientCertificates !== 'none' && caFile === null && caDirectory === null)
    findings.error(
      [...at, 'clientCertificates'],
      'missing-key',
      `expected caFile or caDirectory with ${clientCertificates}: who certifies clients`,
    );
  if (clientCertificates === 'none' && crlFiles.length > 0)
    findings.error(
      [...at, 'crlFiles'],
      'contradiction',
      'expected clientCertificates request or require with it, got none: nobody is asked for a certificate',
    );
}
