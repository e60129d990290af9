/** CONNECT, in the newest version that the server takes, and what it says that it can. */
import type { TransportListener } from '@martlet/client';
import type { ConnackPacket, ConnackProperties, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { Exchange } from '../conformance/exchange.ts';
import { reasonText } from '../conformance/packet-text.ts';
import { RawClient } from '../conformance/raw-client.ts';
import type { Examination } from './examination.ts';
import { codeOf, isOverTls } from './examination.ts';
import { alertAdvice } from './examine-tls.ts';
import { connectAdvice } from './reason-advice.ts';
import { spokenAdvice, spokenProtocol } from './spoken-protocol.ts';

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
  const closing: Closing = { error: undefined };
  const client = await openRaw(version, examination, closing);
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
    client.drop();
    examination.signal.throwIfAborted();
    const alert = alertAdvice(codeOf(closing.error));
    // Servers that do not know a version may just close.
    if (answer === 'closed' && alert === undefined && !isLast) return 'older';
    const [text, advice] =
      alert === undefined
        ? await silenceText(answer, client.firstBytes, examination)
        : [`the server ends the TLS connection (${codeOf(closing.error)})`, alert];
    findings.bad('CONNECT', text, advice, tookMs);
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

/** How a connection ended. */
interface Closing {
  /** Undefined while it is there, and if it was ended properly. */
  error: Error | undefined;
}

async function openRaw(
  version: 3 | 4 | 5,
  { server, open, timeoutMs, signal, nowMs }: Examination,
  closing: Closing,
): Promise<RawClient> {
  const watched = (listener: TransportListener): TransportListener => ({
    onBytes: (bytes) => listener.onBytes(bytes),
    onDrain: () => listener.onDrain(),
    onClose: (error) => {
      closing.error = error;
      listener.onClose(error);
    },
  });
  const client = await RawClient.open({
    open: (listener, abort) => open(server, watched(listener), AbortSignal.any([signal, abort])),
    version,
    name: 'doctor',
    exchange: new Exchange(nowMs),
    timeoutMs,
  });
  signal.addEventListener('abort', () => client.interrupt(signal.reason), { once: true });
  return client;
}

async function answerOf(client: RawClient): Promise<ConnackPacket | 'closed' | 'silent' | 'nonsense'> {
  try {
    const packet = await client.nextOrClosed('CONNACK');
    return packet === 'closed' || packet.type === 'connack' ? packet : 'nonsense';
  } catch {
    return client.firstBytes.length > 0 ? 'nonsense' : 'silent';
  }
}

/** What it means that there is no CONNACK, and what to do: the server is asked what it speaks. */
async function silenceText(
  answer: 'closed' | 'silent' | 'nonsense',
  firstBytes: Uint8Array,
  examination: Examination,
): Promise<readonly [string, string]> {
  const { server } = examination;
  const text = new TextDecoder('latin1').decode(firstBytes);
  if (text.startsWith('SSH-')) return ['an SSH server answers there', 'The port is that of another service.'];
  // It may also be a web server with TLS that says in plain HTTP that it wants TLS.
  const spoken =
    (await spokenProtocol(examination)) ??
    (text.startsWith('HTTP/') ? { overTls: isOverTls(server), protocol: 'HTTP' } : undefined);
  if (spoken !== undefined) {
    const what =
      spoken.protocol === 'HTTP'
        ? 'a web server answers there'
        : spoken.overTls
          ? 'the server wants TLS there'
          : 'the server wants no TLS there';
    return [what, spokenAdvice(spoken, examination)];
  }
  if (answer === 'nonsense') return ['what comes back is not MQTT', 'The port is that of another service.'];
  if (answer === 'closed')
    return [
      'the server closes the connection without an answer',
      `It speaks neither HTTP ${isOverTls(server) ? 'there' : 'nor TLS there'}. It may not like the version (-V 311), the client identifier (-i) or the user (-u), or not serve this machine; its log says more.`,
    ];
  return [
    'the server accepts the connection and says nothing',
    `It answers neither MQTT nor HTTP${isOverTls(server) ? '' : ' nor TLS'}: it is stuck, or something in between accepts connections in its place. Its log says more.`,
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
