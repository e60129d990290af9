/**
 * The broker under measurement, in a process of its own: as `martlet start` runs it, with metrics, `$SYS` and an authoriser on. Takes a
 * description as JSON in its only argument and prints one line of JSON, where it listens, when it does.
 *
 *     node bench/broker.mjs '{"authorizer": false, "webSocket": true}'
 *     node bench/broker.mjs '{"directory": "/var/tmp/store", "options": {"durability": "os"}}'
 *
 * Without a directory it keeps everything in memory.
 */
import { createBroker, DiskStore } from '../packages/broker/dist/index.js';

const { authorizer = true, webSocket = false, directory, options = {} } = JSON.parse(process.argv[2] ?? '{}');

const ALLOWED = { allowed: true };
/** Says yes to everything: what is measured is that it is asked, and that its answers are remembered. */
const allowAll = { authorize: () => ALLOWED };

const startMs = performance.now();
const store = directory === undefined ? null : await DiskStore.open({ directory });
const broker = createBroker({
  ...options,
  ...(store === null ? {} : { store }),
  ...(authorizer ? { authorizer: allowAll } : {}),
});
const loadMs = performance.now() - startMs;
const tcp = await broker.listen({ host: '127.0.0.1', port: 0 });
const ws = webSocket ? await broker.listenWebSocket({ host: '127.0.0.1', port: 0 }) : null;
const { user, system } = process.cpuUsage();
const cpuMs = (user + system) / 1000;
console.log(
  JSON.stringify({ port: tcp.address.port, webSocketPort: ws?.address.port ?? null, loadMs, cpuMs }),
);

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await broker.close();
    await store?.close();
    process.exit(0);
  });
}
// Whoever started this process has gone.
process.stdin.on('end', () => process.exit(0)).resume();
