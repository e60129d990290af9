/**
 * What the listeners cost, without a broker behind them: bytes that arrive on one connection leave on its neighbour.
 * Prints CPU of the listening process per message, for one small message at a time and for large ones, and what an idle
 * connection costs. Prints a table in Markdown.
 *
 *     npm run build && node bench/transport.mjs [rounds]
 *
 * Clients run in a process of their own, and the ways are measured in turn: compare the rows of one run, not two runs.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { listenTcp } from '../packages/broker/dist/listeners/tcp-listener.js';
import { listenWebSocket } from '../packages/broker/dist/listeners/websocket-listener.js';

const WAYS = ['handles', 'net.Socket', 'WebSocket'];
const PAIRS = 50;
const IDLE_CONNECTIONS = 3000;
const MEASURED_MS = 2000;
const LARGE_BYTES = 64 * 1024;

const [, , role = '3', way = ''] = process.argv;
if (role === 'server') await serve(way);
else if (role === 'clients') await load(way === 'WebSocket');
else await compare(Number(role));

/** The listening process: forwards, and tells what it cost when it is asked. */
async function serve(way) {
  const waiting = [];
  const accept = (transport) => {
    const end = { transport, other: null, busy: false };
    const other = waiting.pop();
    if (other === undefined) waiting.push(end);
    else [end.other, other.other] = [other, end];
    return {
      receive(bytes, start, stop) {
        // Never more than one message is under way per pair, so what the kernel does not take is copied.
        const taken = end.other.transport.write(bytes.subarray(start, stop));
        if (!taken) throw new Error('expected the kernel to take one message');
      },
      onDrained() {},
      onClosed() {},
    };
  };
  const log = { write: (_level, code, text) => console.error(code, text) };
  const listener =
    way === 'WebSocket'
      ? await listenWebSocket({ port: 0 }, accept, log)
      : await listenTcp({ port: 0, plainSockets: way === 'net.Socket' }, accept, log);
  process.on('message', () => {
    globalThis.gc();
    const { user, system } = process.cpuUsage();
    process.send({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() });
  });
  process.send({ port: listener.address.port });
}

/** The clients' process: does what it is told, and tells how many messages that was. */
async function load(webSocket) {
  process.on('message', async ({ port, idle, bytes }) => {
    if (idle !== undefined) {
      for (let i = 0; i < idle; i += 100)
        await Promise.all(Array.from({ length: 100 }, () => dial(port, webSocket)));
      process.send({ messages: idle });
      return;
    }
    const clients = [];
    for (let i = 0; i < PAIRS * 2; i++) clients.push(await dial(port, webSocket));
    const size = bytes + overhead(webSocket, bytes);
    const frame = webSocket ? maskedFrame(bytes) : Buffer.alloc(bytes, 1);
    let messages = 0;
    let running = true;
    for (let i = 0; i < clients.length; i += 2) {
      let arrived = 0;
      clients[i + 1].on('data', (chunk) => {
        arrived += chunk.length;
        if (arrived < size) return;
        arrived -= size;
        messages++;
        if (running) clients[i].write(frame);
      });
      clients[i].write(frame);
    }
    setTimeout(() => {
      running = false;
      process.send({ messages });
    }, MEASURED_MS);
  });
  process.send({});
}

/** What a server's frame adds. */
function overhead(webSocket, bytes) {
  return webSocket ? (bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10) : 0;
}

function maskedFrame(bytes) {
  const header =
    bytes < 126
      ? Buffer.of(0x82, 0x80 | bytes)
      : Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, (bytes >> 16) & 255, (bytes >> 8) & 255, bytes & 255);
  return Buffer.concat([header, Buffer.alloc(4), Buffer.alloc(bytes, 1)]);
}

async function dial(port, webSocket) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  if (!webSocket) return socket;
  socket.write(
    'GET /mqtt HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}

/** One process of each kind; returns what the task cost the listening one. */
async function measure(way, task) {
  const server = fork(import.meta.filename, ['server', way], { execArgv: ['--expose-gc'] });
  const [{ port }] = await once(server, 'message');
  const clients = fork(import.meta.filename, ['clients', way]);
  await once(clients, 'message');
  const ask = async (child, question) => {
    child.send(question);
    return (await once(child, 'message'))[0];
  };
  const before = await ask(server, {});
  const { messages } = await ask(clients, { port, ...task });
  const after = await ask(server, {});
  server.kill();
  clients.kill();
  return {
    cpuUs: (after.cpuUs - before.cpuUs) / messages,
    kilobytes: (after.rssBytes - before.rssBytes) / messages / 1024,
  };
}

async function compare(rounds) {
  const columns = {
    'µs per 64 B': { task: { bytes: 64 }, value: ({ cpuUs }) => cpuUs },
    'µs per 64 KiB': { task: { bytes: LARGE_BYTES }, value: ({ cpuUs }) => cpuUs },
    'µs per accept': { task: { idle: IDLE_CONNECTIONS }, value: ({ cpuUs }) => cpuUs },
    'KB per idle connection': { task: { idle: IDLE_CONNECTIONS }, value: ({ kilobytes }) => kilobytes },
  };
  const results = new Map(WAYS.map((way) => [way, Object.keys(columns).map(() => [])]));
  for (let round = 0; round < rounds; round++) {
    for (const way of WAYS) {
      for (const [i, { task, value }] of Object.values(columns).entries())
        results.get(way)[i].push(value(await measure(way, task)));
    }
  }
  console.log(`| way | ${Object.keys(columns).join(' | ')} |`);
  console.log(
    `|---|${Object.keys(columns)
      .map(() => '---:|')
      .join('')}`,
  );
  for (const [way, samples] of results) {
    const medians = samples.map((values) => values.sort((a, b) => a - b)[values.length >> 1]);
    console.log(`| ${way} | ${medians.map((median) => median.toFixed(2)).join(' | ')} |`);
  }
}
