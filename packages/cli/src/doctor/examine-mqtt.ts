/** CONNECT, in the newest version that the server takes, and what it says that it can. */
import type { ConnackPacket, ConnackProperties, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { Exchange } from '../conformance/exchange.ts';
import { reasonText } from '../conformance/packet-text.ts';
import { RawClient } from '../conformance/raw-client.ts';
import type { Examination } from './examination.ts';
import { isOverTls } from './examination.ts';
import { connectAdvice } from './reason-advice.ts';

const KEEP_ALIVE_S = 60;
const UNSUPPORTED_VERSION = 0x84;
const VERSION_NAMES: Readonly<Record<3 | 4 | 5, string>> = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5.0' };

/** @returns a client that is connected; undefined if the server would not have it, which has been told */
export async function examineMqtt(examination: Examination): Promise<RawClient | undefined> {
  const { protocolVersion, findings } = examination;
  const versions: readonly (3 | 4 | 5)[] = protocolVersion === undefined ? [5, 4, 3] : [protocolVersion];
  for (const version of versions) {
    const isLast = version === versions.at(-1);
    const result = await connectIn(version, examination, isLast);
    if (result === 'older') continue;
    if (result !== undefined && version !== 5 && protocolVersion === undefined) {
      findings.warning(
        'version',
        `the server takes ${VERSION_NAMES[version]}, and not MQTT 5.0`,
        'That is enough for most. Errors, expiry of messages and much else come with MQTT 5.0, which the server would have to be updated for.',
      );
    }
    return result;
  }
  return undefined;
}

/** @returns `older`: the server does not know this version, and there is another one to try */
async function connectIn(
  version: 3 | 4 | 5,
  examination: Examination,
  isLast: boolean,
): Promise<RawClient | 'older' | undefined> {
  const { findings, nowMs } = examination;
  const client = await openRaw(version, examination);
  const startMs = nowMs();
  client.send({
    type: 'connect',
    protocolVersion: version as ProtocolVersion,
    clientId: examination.clientId,
    cleanStart: true,
    keepAlive: KEEP_ALIVE_S,
    ...(examination.username === undefined ? {} : { username: examination.username }),
    ...(examination.password === undefined ? {} : { password: examination.password }),
    properties: {},
  });
  const answer = await answerOf(client);
  const tookMs = nowMs() - startMs;
  if (typeof answer === 'string') {
    // Servers that do not know a version may just close.
    if (answer === 'closed' && !isLast) return 'older';
    const [text, advice] = silenceText(answer, client.firstBytes, examination);
    findings.bad('CONNECT', text, advice, tookMs);
    client.drop();
    return undefined;
  }
  if (answer.reasonCode === 0) {
    tellAccepted(answer, version, examination, tookMs);
    client.connack = answer;
    return client;
  }
  client.drop();
  if (answer.reasonCode === UNSUPPORTED_VERSION && !isLast) return 'older';
  const said = answer.properties.reasonString === undefined ? '' : `: “${answer.properties.reasonString}”`;
  findings.bad(
    'CONNECT',
    `${VERSION_NAMES[version]} is refused with ${reasonText(answer.reasonCode, 'connack')}${said}`,
    connectAdvice(answer.reasonCode, examination.username !== undefined),
    tookMs,
  );
  return undefined;
}

export function openRaw(version: 3 | 4 | 5, examination: Examination): Promise<RawClient> {
  const { server, open, timeoutMs, signal, nowMs } = examination;
  return RawClient.open({
    target: { name: server.href, open: (listener, abort) => open(server, listener, abort) },
    version,
    name: 'doctor',
    exchange: new Exchange(nowMs),
    timeoutMs,
    signal,
  });
}

async function answerOf(client: RawClient): Promise<ConnackPacket | 'closed' | 'silent' | 'nonsense'> {
  try {
    const packet = await client.nextOrClosed('CONNACK');
    return packet === 'closed' || packet.type === 'connack' ? packet : 'nonsense';
  } catch {
    return client.firstBytes.length > 0 ? 'nonsense' : 'silent';
  }
}

/** What it means that there is no CONNACK, and what to do. */
function silenceText(
  answer: 'closed' | 'silent' | 'nonsense',
  firstBytes: Uint8Array,
  { server }: Examination,
): readonly [string, string] {
  const text = new TextDecoder('latin1').decode(firstBytes);
  if (text.startsWith('HTTP/'))
    return [
      'a web server answers there',
      'It speaks HTTP. If MQTT is to be had there, then over WebSocket: ws:// or wss://, with its path.',
    ];
  if (firstBytes[0] === 0x15 && firstBytes[1] === 0x03)
    return ['the server wants TLS there', `Connect with mqtts://${server.host}:${server.port}.`];
  if (text.startsWith('SSH-')) return ['an SSH server answers there', 'The port is that of another service.'];
  if (answer === 'nonsense') return ['what comes back is not MQTT', 'The port is that of another service.'];
  if (answer === 'closed')
    return [
      'the server closes the connection without an answer',
      isOverTls(server)
        ? 'It may not like the client identifier (-i), the user (-u), or the version (-V 311); its log says more.'
        : 'It may want TLS on this port (mqtts://), or not like the version (-V 311) or the client identifier (-i); its log says more.',
    ];
  return [
    'the server accepts the connection and says nothing',
    isOverTls(server)
      ? 'Something listens there that does not speak MQTT, or the server is stuck.'
      : 'It may want TLS on this port (mqtts://), or speak something else than MQTT; or the server is stuck.',
  ];
}

function tellAccepted(
  { properties }: ConnackPacket,
  version: 3 | 4 | 5,
  { findings }: Examination,
  tookMs: number,
): void {
  findings.good('CONNECT', `accepted, ${VERSION_NAMES[version]}`, tookMs);
  if (version !== 5) return;
  const limits = limitsOf(properties);
  if (limits.length > 0) findings.good('limits', limits.join('; '));
}

/** What is worth to know of CONNACK: what the server lacks, and what it bounds. */
function limitsOf(properties: ConnackProperties): readonly string[] {
  const { maximumQos, maximumPacketSize, receiveMaximum, topicAliasMaximum, serverKeepAlive } = properties;
  return [
    ...(maximumQos === undefined ? [] : [`QoS up to ${maximumQos} only`]),
    ...(properties.retainAvailable === false ? ['no retained messages'] : []),
    ...(properties.wildcardSubscriptionAvailable === false ? ['no wildcards'] : []),
    ...(properties.sharedSubscriptionAvailable === false ? ['no shared subscriptions'] : []),
    ...(properties.subscriptionIdentifiersAvailable === false ? ['no subscription identifiers'] : []),
    ...(maximumPacketSize === undefined
      ? []
      : [`packets up to ${maximumPacketSize.toLocaleString('en-US')} bytes`]),
    ...(receiveMaximum === undefined ? [] : [`${receiveMaximum} messages under way at once`]),
    ...(topicAliasMaximum === undefined ? [] : [`${topicAliasMaximum} topic aliases`]),
    ...(serverKeepAlive === undefined ? [] : [`keep alive ${serverKeepAlive} s`]),
  ];
}

export const SUCCESS: ReasonCode = 0;
