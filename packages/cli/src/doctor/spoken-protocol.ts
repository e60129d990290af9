/**
 * What the server speaks, where it does not answer as it should: a connection of its own for each question, and what comes
 * back says it for sure. MQTT and HTTP are asked for, each with TLS and without.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { encodePacket } from '@martlet/protocol';
import type { Examination } from './examination.ts';
import { authorityOf, isOverTls, isOverWebSocket } from './examination.ts';
import { openSocket, openTls } from './reach.ts';

/** A question is not waited for longer, in ms: nobody has been waiting for its answer. */
const LONGEST_QUESTION_MS = 2000;
const CONNACK = 0x20;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

export interface SpokenProtocol {
  readonly overTls: boolean;
  /** Undefined: it speaks TLS, and answers neither of both within it. */
  readonly protocol: 'MQTT' | 'HTTP' | undefined;
}

/** @returns the first that it speaks; undefined for none of them. What the URL itself asks for is not asked for again. */
export async function spokenProtocol(examination: Examination): Promise<SpokenProtocol | undefined> {
  const { server, timeoutMs, signal } = examination;
  if (server.scheme === 'mqtt+unix') return undefined;
  const asking = { ...examination, timeoutMs: Math.min(timeoutMs, LONGEST_QUESTION_MS) };
  const [ownTls, ownWeb] = [isOverTls(server), isOverWebSocket(server)];
  // TLS first: a web server with TLS also says in plain HTTP that it wants TLS.
  const questions = [true, false].flatMap((overTls) =>
    (['MQTT', 'HTTP'] as const)
      .filter((protocol) => overTls !== ownTls || (protocol === 'HTTP') !== ownWeb)
      .map(async (protocol) => ({ overTls, protocol, answer: await answerTo(protocol, overTls, asking) })),
  );
  const answers = await Promise.all(questions);
  signal.throwIfAborted();
  const proper = answers.find(({ answer, protocol }) => answer === protocol);
  if (proper !== undefined) return { overTls: proper.overTls, protocol: proper.protocol };
  const isTls = answers.some(({ overTls, answer }) => overTls && answer !== 'none');
  return isTls && !ownTls ? { overTls: true, protocol: undefined } : undefined;
}

/** What to do about it, in words. */
export function spokenAdvice({ overTls, protocol }: SpokenProtocol, { server }: Examination): string {
  const authority = authorityOf(server);
  const tls = overTls ? ' over TLS' : isOverTls(server) ? ' without TLS' : '';
  switch (protocol) {
    case 'MQTT':
      return `It speaks MQTT${tls} there: connect to ${overTls ? 'mqtts' : 'mqtt'}://${authority}.`;
    case 'HTTP':
      return `It speaks HTTP${tls} there. If MQTT is to be had, then over WebSocket: ${overTls ? 'wss' : 'ws'}://${authority}, with its path, which is often /mqtt.`;
    case undefined:
      return `It wants TLS there: try mqtts://${authority}. It may also want a certificate of the client (--cert, --key).`;
  }
}

/** @returns `something` for an answer that is neither, and for TLS that is opened and then silent */
async function answerTo(
  protocol: 'MQTT' | 'HTTP',
  overTls: boolean,
  examination: Examination,
): Promise<'MQTT' | 'HTTP' | 'something' | 'none'> {
  let socket: Socket;
  try {
    socket = await (overTls ? openTls(examination) : openSocket(examination));
  } catch (error) {
    // An alert is what only TLS says.
    return String((error as NodeJS.ErrnoException).code).includes('_ALERT_') ? 'something' : 'none';
  }
  try {
    socket.write(protocol === 'MQTT' ? connectBytes(examination) : GET);
    const limit = AbortSignal.timeout(examination.timeoutMs);
    const [bytes] = (await once(socket, 'data', {
      signal: AbortSignal.any([examination.signal, limit, closing(socket)]),
    })) as [Buffer];
    if (bytes.subarray(0, 5).toString('latin1') === 'HTTP/') return 'HTTP';
    return bytes[0] === CONNACK ? 'MQTT' : 'something';
  } catch {
    return overTls ? 'something' : 'none';
  } finally {
    socket.destroy();
  }
}

function closing(socket: Socket): AbortSignal {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  return closed.signal;
}

/** Without a user: whatever the answer is, it is MQTT. */
function connectBytes({ clientId }: Examination): Uint8Array {
  return encodePacket(
    {
      type: 'connect',
      protocolVersion: 4,
      clientId: `${clientId}b`,
      cleanStart: true,
      keepAlive: 10,
      properties: {},
    },
    4,
  );
}
