/**
 * What a kept session costs while its client is away, without what a store adds: a core is started on a stand-in for a store that
 * shows sessions with one subscription each, and a queue that nobody opens. Prints a table in Markdown.
 *
 *     npm run build && node bench/session-memory.mjs [sessions]...
 *
 * Every row is a process of its own, because memory that was once used is seldom given back. "At once" is what the process
 * has right after the start, garbage included; "settled" is after full collections.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BrokerCore } from '../packages/broker/dist/core/broker-core.js';
import { resolveProfile } from '../packages/broker/dist/core/options/resolve-profile.js';

const NEVER = 0xffff_ffff;
const SHAPES = {
  'a filter each, expiring': { filterOf: (i) => `devices/${idOf(i)}/commands`, expiry: 86_400 },
  'a filter each, never expiring': { filterOf: (i) => `devices/${idOf(i)}/commands`, expiry: NEVER },
  'a wildcard each, expiring': { filterOf: (i) => `devices/${idOf(i)}/commands/#`, expiry: 86_400 },
  'one wildcard for all, expiring': { filterOf: () => 'devices/+/commands/all', expiry: 86_400 },
};

function main(wanted) {
  const counts = wanted.length > 0 ? wanted : [100_000, 1_000_000];
  console.log('| sessions | subscriptions | load, s | CPU, s | RssAnon at once, B each | settled | heap |');
  console.log('|---:|---|---:|---:|---:|---:|---:|');
  for (const sessions of counts) {
    for (const name of Object.keys(SHAPES)) {
      const self = fileURLToPath(import.meta.url);
      const args = ['--expose-gc', '--max-old-space-size=6000', self, 'row', name, `${sessions}`];
      const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
      if (status !== 0) process.exitCode = 1;
    }
  }
}

function idOf(i) {
  return `device-${i.toString().padStart(7, '0')}`;
}

function measureRow(name, sessions) {
  const { filterOf, expiry } = SHAPES[name];
  collect();
  const before = process.memoryUsage();
  const rssBefore = anonymousBytes();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const core = startCore(new ShownSessions(sessions, filterOf, expiry));
  const loadMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  const rssAtOnce = anonymousBytes();
  collect();
  const after = process.memoryUsage();
  if (core.gauges.sessions !== sessions || core.gauges.subscriptions !== sessions) {
    throw new Error(`expected ${sessions} sessions, got ${core.gauges.sessions}`);
  }
  const each = (bytes) => Math.round(bytes / sessions);
  const cells = [
    sessions.toLocaleString('en'),
    name,
    (loadMs / 1000).toFixed(2),
    ((user + system) / 1e6).toFixed(2),
    each(rssAtOnce - rssBefore),
    each(anonymousBytes() - rssBefore),
    each(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function startCore(store) {
  const sessions = 4_000_000;
  return new BrokerCore(resolveProfile({ limits: { sessions, subscriptions: sessions } }), {
    environment: {
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      newClientId: () => 'assigned',
      requestTurn: () => {},
    },
    store,
    log: { write: () => {} },
    events: { emit: () => {} },
    authenticator: null,
    authorizer: null,
    hashSeed: 7,
    version: '0.0.0-bench',
    heapBytes: () => 1,
    onCommitted: () => {},
  });
}

function collect() {
  for (let i = 0; i < 4; i++) globalThis.gc();
}

function anonymousBytes() {
  return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

/** As one that reads its log from the disk: strings fresh from bytes, and nothing held of what the core was shown. */
class ShownSessions {
  keepsAtOnce = false;
  messageCount = 0;
  messageBytes = 0;
  holdsWaitingInMemory = false;
  lastWallMs = 0;
  hasStaged = false;
  #count;
  #filterOf;
  #expiry;

  constructor(count, filterOf, expiry) {
    this.#count = count;
    this.#filterOf = filterOf;
    this.#expiry = expiry;
  }

  load(visitor) {
    const bytes = Buffer.alloc(1024);
    const fresh = (text) => bytes.latin1Slice(0, bytes.latin1Write(text));
    const disconnectedAtWallMs = Date.now() - 60_000;
    for (let i = 0; i < this.#count; i++) {
      const clientId = fresh(idOf(i));
      visitor.onSession({
        clientId,
        sessionExpiryInterval: this.#expiry,
        disconnectedAtWallMs: disconnectedAtWallMs + (i % 60_000),
        will: undefined,
      });
      visitor.onSubscription(clientId, {
        topicFilter: fresh(this.#filterOf(i)),
        qos: 1,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        subscriptionIdentifier: 0,
      });
      visitor.onQueue({ kind: 'session', clientId });
    }
  }

  putSession() {}
  putSubscription() {}
}

const [, , role = '', shape = '', count = ''] = process.argv;
if (role === 'row') measureRow(shape, Number(count));
else main(process.argv.slice(2).map(Number));
