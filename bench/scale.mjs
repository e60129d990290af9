/**
 * The whole core at scale, without a network: a million topic filters, a million topics, a hundred thousand clients.
 * Packets go in as bytes and come out as bytes, through transports in memory. Prints a table in Markdown.
 *
 *     npm run build && node --expose-gc bench/scale.mjs [filters|topics|clients]...
 */
import { BrokerCore } from '../packages/broker/dist/core/broker-core.js';
import { MemoryStore, resolveProfile } from '../packages/broker/dist/index.js';
import { encodePacket } from '../packages/protocol/dist/index.js';
import { checkMeasured, header, heapBytes, measure, row } from './step-timer.mjs';

const MILLION = 1_000_000;
const VERSION = 4;
/** Packets that come in one read. */
const BATCH = 100;

/** A transport that counts what it is given. */
class CountingTransport {
  peer = 'memory';
  bytes = 0;

  write(bytes) {
    this.bytes += bytes.length;
    return true;
  }

  writeAll(pieces) {
    for (const piece of pieces) this.bytes += piece.length;
    return true;
  }

  pause() {}
  resume() {}
  end() {}
  destroy() {}
}

class MemoryBroker {
  #core;
  #turnRequested = false;
  #ids = 0;

  constructor(options = {}) {
    this.#core = new BrokerCore(resolveProfile({ sysInterval: 0, ...options }), {
      environment: {
        nowMs: () => performance.now(),
        wallMs: () => Date.now(),
        newClientId: () => `assigned-${++this.#ids}`,
        requestTurn: () => {
          this.#turnRequested = true;
        },
      },
      store: new MemoryStore(),
      log: { write() {} },
      events: { emit() {} },
      authenticator: null,
      authorizer: null,
      hashSeed: 1,
      version: 'bench',
      heapBytes: () => 0,
      onCommitted() {},
    });
  }

  get gauges() {
    return this.#core.gauges;
  }

  connect(clientId) {
    const transport = new CountingTransport();
    const sink = this.#core.attach(transport, { listener: 'memory', kind: 'stream' });
    const client = { transport, sink };
    const properties = {};
    this.send(client, [
      { type: 'connect', protocolVersion: VERSION, clientId, cleanStart: true, keepAlive: 60, properties },
    ]);
    return client;
  }

  send(client, packets) {
    this.receive(client, Buffer.concat(packets.map((packet) => encodePacket(packet, VERSION))));
  }

  receive({ sink }, bytes) {
    sink.receive(bytes, 0, bytes.length);
    while (this.#turnRequested) {
      this.#turnRequested = false;
      this.#core.turn();
    }
  }
}

function subscribe(topicFilters) {
  const subscriptions = topicFilters.map((topicFilter) => {
    return { topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  });
  return { type: 'subscribe', packetId: 1, subscriptions, properties: {} };
}

function unsubscribe(topicFilters) {
  return { type: 'unsubscribe', packetId: 1, topicFilters, properties: {} };
}

/** Reads of `BATCH` messages each, encoded beforehand. */
function reads(count, topicOf) {
  const payload = new Uint8Array(64);
  return Array.from({ length: count / BATCH }, (_, read) =>
    Buffer.concat(
      Array.from({ length: BATCH }, (_, i) => {
        const topicName = topicOf(read * BATCH + i);
        const flags = { qos: 0, retain: false, dup: false, packetId: 0, properties: {} };
        return encodePacket({ type: 'publish', topicName, payload, ...flags }, VERSION);
      }),
    ),
  );
}

/** Each filter belongs to one of 1,000 sites; sessions hold 1,000 each. */
const filterOf = (i) =>
  i % 4 === 0 ? `site/${i % 1000}/+/${i}/state` : `site/${i % 1000}/device/${i}/state`;

function benchFilters() {
  for (const total of [10, MILLION]) {
    const broker = new MemoryBroker();
    const clients = Array.from({ length: Math.ceil(total / 1000) }, (_, i) => broker.connect(`c${i}`));
    const among = `among ${total.toLocaleString('en')}`;
    const before = heapBytes();
    const packets = [];
    for (let first = 0; first < total; first += 100) {
      const filters = Array.from({ length: Math.min(100, total - first) }, (_, i) => filterOf(first + i));
      packets.push(encodePacket(subscribe(filters), VERSION));
    }
    if (total === MILLION) {
      measure(
        'subscribe, 100 filters a packet, to 1,000,000',
        packets.length,
        (i) => {
          broker.receive(clients[Math.floor(i / 10)], packets[i]);
          return 1;
        },
        () => `${((heapBytes() - before) / total).toFixed(0)} bytes a filter`,
        100,
      );
    } else {
      for (const packet of packets) broker.receive(clients[0], packet);
    }
    const publisher = broker.connect('publisher');
    const repeated = reads(10_000, (i) => `site/${i % 10}/device/${i % 10}/state`);
    const publish = (all) => (i) => {
      broker.receive(publisher, all[i % all.length]);
      return 1;
    };
    for (let i = 0; i < 2000; i++) publish(repeated)(i);
    measure(`publish to 10 topics in turn, ${among}`, 20_000, publish(repeated), () => '', BATCH);
    const fresh = reads(200_000, (i) => `site/${(i * 7) % 1000}/device/${i * 7}/state`);
    measure(`publish to a new topic, ${among}`, fresh.length, publish(fresh), () => '', BATCH);
    const one = broker.connect('one');
    // Back and forth, so that there are enough for a median and never more than one session may have.
    const filters = Array.from({ length: 5000 }, (_, i) => `site/${i % 1000}/+/new-${i}/#`);
    const subscribes = filters.map((filter) => encodePacket(subscribe([filter]), VERSION));
    const unsubscribes = filters.map((filter) => encodePacket(unsubscribe([filter]), VERSION));
    const [clearAll, setAll] = [unsubscribe(filters), subscribe(filters)];
    const each = (packets, last) => (i) => {
      broker.receive(one, packets[i % 5000]);
      if (last !== null && i % 5000 === 4999) broker.send(one, [last]);
      return 1;
    };
    measure(`subscribe, one filter a packet, ${among}`, 50_000, each(subscribes, clearAll));
    broker.send(one, [setAll]);
    measure(`unsubscribe, one filter a packet, ${among}`, 50_000, each(unsubscribes, setAll));
  }
}

function benchTopics() {
  const all = reads(MILLION, (i) => `site/${i % 1000}/device/${i}/state`);
  benchManyTopics(all, 'nobody', null);
  benchManyTopics(all, 'one subscriber to #', '#');
}

function benchManyTopics(all, who, topicFilter) {
  const before = heapBytes();
  const broker = new MemoryBroker();
  const subscriber = broker.connect('subscriber');
  if (topicFilter !== null) broker.send(subscriber, [subscribe([topicFilter])]);
  const publisher = broker.connect('publisher');
  const publish = (i) => {
    broker.receive(publisher, all[i]);
    return 1;
  };
  const held = () =>
    `${((heapBytes() - before) / 1e6).toFixed(1)} MB held, ${broker.gauges.internedTopics} topics`;
  for (const time of ['first', 'second', 'third']) {
    measure(`1,000,000 topics, one message each, ${time} time, to ${who}`, all.length, publish, held, BATCH);
  }
}

function benchClients() {
  const count = 100_000;
  const subscribes = Array.from({ length: count }, (_, i) =>
    encodePacket(subscribe([`client/${i}/in`]), VERSION),
  );
  const all = reads(count, (i) => `client/${i}/in`);
  const fresh = reads(200_000, (i) => `other/${i}`);
  const ping = encodePacket({ type: 'pingreq' }, VERSION);
  const broker = new MemoryBroker({ limits: { connections: 2 * count } });
  const publisher = broker.connect('publisher');
  const clients = [];
  const before = heapBytes();
  const held = () => `${((heapBytes() - before) / count).toFixed(0)} bytes a client`;
  const send = (bytesFor) => (i) => {
    broker.receive(clients[i], bytesFor(i));
    return 1;
  };
  const publish = (packets) => (i) => {
    broker.receive(publisher, packets[i]);
    return 1;
  };
  measure('connect, to 100,000', count, (i) => clients.push(broker.connect(`client-${i}`)), held);
  measure(
    'subscribe, one filter each',
    count,
    send((i) => subscribes[i]),
    held,
  );
  measure('publish to each', all.length, publish(all), held, BATCH);
  measure(
    'ping',
    count,
    send(() => ping),
    held,
  );
  measure(
    'close',
    count,
    (i) => {
      clients[i].sink.onClosed(null);
      return 1;
    },
    () => {
      clients.length = 0;
      return `${held()} left`;
    },
  );
  measure('publish to 200,000 other topics', fresh.length, publish(fresh), () => `${held()} left`, BATCH);
  if (broker.gauges.connections !== 1) row('clients left', broker.gauges.connections, '', '', '');
}

const benches = { filters: benchFilters, topics: benchTopics, clients: benchClients };
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);
header();
for (const name of wanted) benches[name]();
checkMeasured();
