/** Contradictions within bridges, and between them; and that they do not run yet. */
import type {
  BridgeConfiguration,
  BridgeTlsConfiguration,
  BridgeTopicConfiguration,
} from './bridge-configuration.ts';
import type { Findings } from './findings.ts';
import type { KeyPath } from './key-path.ts';

export function checkBridges(bridges: readonly BridgeConfiguration[], findings: Findings): void {
  findings.unique(bridges, ['bridges'], 'name', ({ name }) => name);
  findings.unique(bridges, ['bridges'], 'localClientId', ({ localClientId }) => localClientId);
  for (const [at, bridge] of bridges.entries()) {
    const path = ['bridges', at];
    checkPasswords(bridge, path, findings);
    checkRestart(bridge, path, findings);
    for (const [index, address] of bridge.addresses.entries())
      checkAddress(address, [...path, 'addresses', index], findings);
    for (const [index, topic] of bridge.topics.entries())
      checkTopic(topic, [...path, 'topics', index], findings);
    if (bridge.tls !== null) checkTls(bridge.tls, [...path, 'tls'], findings);
    findings.notice(
      path,
      'later',
      'it is read and checked, but bridges do not run yet: nothing is carried over',
    );
  }
}

function checkPasswords(bridge: BridgeConfiguration, path: KeyPath, findings: Findings): void {
  const { localPassword, localPasswordFile, remotePassword, remotePasswordFile } = bridge;
  if (localPassword !== null && localPasswordFile !== null)
    findings.error([...path, 'localPassword'], 'contradiction', 'expected it or localPasswordFile, got both');
  if (remotePassword !== null && remotePasswordFile !== null)
    findings.error(
      [...path, 'remotePassword'],
      'contradiction',
      'expected it or remotePasswordFile, got both',
    );
}

function checkRestart(
  { restartBaseSeconds, restartCapSeconds }: BridgeConfiguration,
  path: KeyPath,
  findings: Findings,
): void {
  if (restartCapSeconds !== null && restartCapSeconds < restartBaseSeconds)
    findings.error(
      [...path, 'restartCapSeconds'],
      'contradiction',
      `expected at least restartBaseSeconds, ${restartBaseSeconds}, got ${restartCapSeconds}`,
    );
}

function checkAddress(address: string, path: KeyPath, findings: Findings): void {
  const found = /^(?:\[[0-9A-Fa-f:.]+\]:(\d{1,5})|[^:[\]\s]+(?::(\d{1,5}))?)$/.exec(address);
  const port = Number(found?.[1] ?? found?.[2] ?? 1883);
  if (found !== null && port > 0 && port <= 65_535) return;
  findings.error(path, 'bad-value', `expected host, host:port or [IPv6]:port, got '${address}'`);
}

/** Without a pattern the prefixes are topics; of both ways, and of either side, there must be one. */
function checkTopic(
  { pattern, localPrefix, remotePrefix }: BridgeTopicConfiguration,
  path: KeyPath,
  findings: Findings,
): void {
  if (pattern === '' && (localPrefix === '' || remotePrefix === ''))
    findings.error(
      path,
      'missing-key',
      'expected pattern, or else localPrefix and remotePrefix, got neither',
    );
}

function checkTls(tls: BridgeTlsConfiguration, path: KeyPath, findings: Findings): void {
  const { certificateFile, keyFile, psk, pskIdentity } = tls;
  if ((certificateFile === null) !== (keyFile === null))
    findings.error(path, 'missing-key', 'expected certificateFile and keyFile together, got one of them');
  if ((psk === null) !== (pskIdentity === null))
    findings.error(path, 'missing-key', 'expected psk and pskIdentity together, got one of them');
  if (psk !== null && certificateFile !== null)
    findings.error([...path, 'psk'], 'contradiction', 'expected certificateFile or psk, got both');
}
