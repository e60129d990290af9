/**
 * What the HTTP port answers to whatever is no WebSocket of an MQTT client: a page that says what this is, and
 * refusals that say what to do instead.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';

/** An answer to a plain request or a refused upgrade. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TEXT: Readonly<Record<string, string>> = { 'Content-Type': 'text/plain; charset=utf-8' };

/** @param headers Besides the content type. */
export function textAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, headers: { ...TEXT, ...headers }, body: `${body}\n` };
}

/** As a path: clients may connect at any. */
const ANY_PATH = '*';

/** Whether a request is for the path at which clients connect. */
export function isAt(request: IncomingMessage, webSocketPath: string): boolean {
  return webSocketPath === ANY_PATH || pathOf(request) === webSocketPath;
}

/** The path of a request target, without its query. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!;
}

/**
 * @param webSocketPath Where MQTT clients connect, such as `/mqtt`.
 * @param isSecure The client came over TLS.
 */
export function answerTo(request: IncomingMessage, webSocketPath: string, isSecure: boolean): HttpAnswer {
  const path = pathOf(request);
  // At any path: browsers find the page at the root, and clients come with an upgrade.
  if (path === webSocketPath || (webSocketPath === ANY_PATH && path !== '/')) {
    const text = `MQTT clients connect here by WebSocket, with the subprotocol "mqtt".`;
    return textAnswer(426, text, { Upgrade: 'websocket', Connection: 'Upgrade, close' });
  }
  if (path !== '/') return textAnswer(404, `Nothing here. MQTT over WebSocket is at ${webSocketPath}.`);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return textAnswer(405, 'This page can be read, and nothing else.', { Allow: 'GET, HEAD' });
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body: welcomePage(
      `${isSecure ? 'wss' : 'ws'}://${hostOf(request)}${webSocketPath === ANY_PATH ? '/' : webSocketPath}`,
    ),
  };
}

/** The Host header, if it is nothing but a host and a port: it is shown in the page. */
function hostOf(request: IncomingMessage): string {
  const { host = '' } = request.headers;
  return /^[A-Za-z0-9._-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(host) ? host : 'this-host';
}

function welcomePage(url: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Martlet</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; color-scheme: light dark }
  pre { padding: 1em; border: 1px solid #8886; border-radius: 4px; overflow: auto }
</style>
<h1>Martlet</h1>
<p>An MQTT broker is running here. Clients connect to this port by WebSocket, at</p>
<pre>${url}</pre>
<p>with the subprotocol <code>mqtt</code>. From JavaScript, with MQTT.js:</p>
<pre>const client = mqtt.connect('${url}');
client.subscribe('hello');
client.on('message', (topic, payload) =&gt; console.log(topic, payload.toString()));
client.publish('hello', 'world');</pre>
<p>Clients that do not run in a browser better use the TCP port, which is 1883 unless it was chosen otherwise.</p>
</html>
`;
}

/** Answers a plain request. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, method: string | undefined): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    'Content-Length': Buffer.byteLength(answer.body),
    'X-Content-Type-Options': 'nosniff',
    // A request with a body is answered without reading it, and the connection has no further use.
    ...(method === 'GET' || method === 'HEAD' ? {} : { Connection: 'close' }),
  });
  response.end(method === 'HEAD' ? undefined : answer.body);
}

/** The same as bytes: after an upgrade request, Node.js leaves the socket to us. */
export function rawAnswer(answer: HttpAnswer): string {
  const headers = {
    ...answer.headers,
    'Content-Length': String(Buffer.byteLength(answer.body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`;
  return [status, ...lines, '', answer.body].join('\r\n');
}
