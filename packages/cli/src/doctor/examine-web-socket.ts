/** The upgrade from HTTP to WebSocket, and whether the server speaks MQTT in it. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import type { Examination } from './examination.ts';
import { codeOf, isOverTls } from './examination.ts';
import { alertAdvice } from './examine-tls.ts';
import { openSocket, openTls, ReachFailure } from './reach.ts';
import { spokenAdvice, spokenProtocol } from './spoken-protocol.ts';

/** Of RFC 6455. */
const ACCEPT_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Where servers usually have it. */
const USUAL_PATHS: readonly string[] = ['/mqtt', '/', '/ws', '/ws/mqtt', '/websocket'];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly accepts: boolean;
}

/** @returns whether MQTT can be spoken there */
export async function examineWebSocket(examination: Examination): Promise<boolean> {
  const { server, findings, nowMs } = examination;
  const startMs = nowMs();
  let answer: Answer;
  try {
    answer = await upgrade(server.path, examination);
  } catch (error) {
    const tookMs = nowMs() - startMs;
    examination.signal.throwIfAborted();
    const code = codeOf(error);
    const advice = alertAdvice(code) ?? (await silenceAdvice(code, examination));
    findings.bad('WebSocket', `no answer to the upgrade (${code})`, advice, tookMs);
    return false;
  }
  const tookMs = nowMs() - startMs;
  if (answer.status !== 101) {
    const elsewhere = await pathsThatWork(examination);
    findings.bad(
      'WebSocket',
      `${server.path} answers HTTP ${answer.status}, and no upgrade`,
      refusalAdvice(answer, elsewhere),
      tookMs,
    );
    return false;
  }
  if (!answer.accepts) {
    findings.bad(
      'WebSocket',
      'the upgrade is not accepted as RFC 6455 says',
      'Something in between, such as a proxy or a cache, answers in place of the server. It has to hand on the headers Upgrade and Connection.',
      tookMs,
    );
    return false;
  }
  const { 'sec-websocket-protocol': protocol } = answer.headers;
  if (protocol !== 'mqtt') {
    findings.bad(
      'WebSocket',
      `${server.path} accepts the upgrade ${protocol === undefined ? 'without a subprotocol' : `with the subprotocol ${protocol}`}, and not with mqtt`,
      'Browsers refuse that, and so do our commands. The server has to answer with the subprotocol mqtt, and a proxy in between to hand on the header Sec-WebSocket-Protocol.',
      tookMs,
    );
    return false;
  }
  findings.good('WebSocket', `${server.path} accepts the upgrade, with the subprotocol mqtt`, tookMs);
  return true;
}

async function silenceAdvice(code: string, examination: Examination): Promise<string> {
  const spoken = await spokenProtocol(examination);
  if (spoken !== undefined) return spokenAdvice(spoken, examination);
  return code.startsWith('HPE_')
    ? 'What answers there speaks neither HTTP nor MQTT: the port is that of another service.'
    : 'Something accepts connections there and answers neither HTTP nor MQTT: it is stuck, or something in between accepts connections in its place.';
}

async function upgrade(path: string, examination: Examination): Promise<Answer> {
  const { server, timeoutMs, signal } = examination;
  const overTls = isOverTls(server);
  const socket = await (overTls ? openTls(examination) : openSocket(examination));
  const { request } = await import('node:http');
  const key = randomBytes(16).toString('base64');
  const limit = AbortSignal.timeout(timeoutMs);
  const options: RequestOptions = {
    host: server.host,
    port: server.port,
    defaultPort: overTls ? 443 : 80,
    path,
    createConnection: () => socket,
    signal: AbortSignal.any([signal, limit]),
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': 'mqtt',
    },
  };
  const expected = createHash('sha1').update(`${key}${ACCEPT_KEY}`).digest('base64');
  return new Promise((resolve, reject) => {
    const asked = request(options);
    asked.once('error', (error) => {
      socket.destroy();
      reject(limit.aborted ? new ReachFailure('NO_ANSWER') : error);
    });
    asked.once('response', (response) => {
      const { statusCode = 0, headers } = response;
      response.destroy();
      resolve({ status: statusCode, headers, accepts: false });
    });
    asked.once('upgrade', ({ statusCode = 0, headers }) => {
      socket.destroy();
      resolve({ status: statusCode, headers, accepts: headers['sec-websocket-accept'] === expected });
    });
    asked.end();
  });
}

async function pathsThatWork(examination: Examination): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of USUAL_PATHS) {
    if (path === examination.server.path) continue;
    try {
      if ((await upgrade(path, examination)).accepts) found.push(path);
    } catch {
      // There the server has nothing, which is as good an answer.
    }
  }
  return found;
}

function refusalAdvice({ status, headers }: Answer, elsewhere: readonly string[]): string {
  if (elsewhere.length > 0) return `The path is another one: ${elsewhere.join(', ')} works.`;
  const { location } = headers;
  if (status >= 300 && status < 400 && location !== undefined)
    return `It sends clients to ${location}, which no MQTT client follows: connect there.`;
  switch (status) {
    case 401:
    case 403:
      return 'A web server or proxy in front wants to know who connects, before MQTT does. Look at its rights for this path.';
    case 404:
      return 'There is nothing at this path. Which one it is says the configuration of the server, or of the proxy in front of it.';
    case 502:
    case 503:
    case 504:
      return 'A proxy answers, but the MQTT server behind it does not. Is that running, and does the proxy know its port?';
    default:
      return 'A web server answers, which does not speak WebSocket at this path; a proxy in front has to hand on the headers Upgrade and Connection.';
  }
}
