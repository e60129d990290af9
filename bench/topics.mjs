/**
 * What topics cost: the subscription tree with a million filters, the table of interned topic names, cached matches under
 * subscriptions that come and go, retained messages, deadlines and the in-flight table. Prints a table in Markdown.
 *
 *     npm run build && node --expose-gc bench/topics.mjs [tree|table|changes|retained|deadlines|in-flight]...
 */
import { RetainedMessages } from '../packages/broker/dist/core/retained/retained-messages.js';
import { SubscriptionTree } from '../packages/broker/dist/core/topics/subscription-tree.js';
import { TopicTable } from '../packages/broker/dist/core/topics/topic-table.js';
import { Deadlines, InFlightTable } from '../packages/protocol/dist/index.js';
import { checkMeasured, header, heapBytes, keep, measure } from './step-timer.mjs';

const MILLION = 1_000_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As a packet decoder makes strings: in one piece. */
function flat(text) {
  return decoder.decode(encoder.encode(text));
}

/** 0 to count - 1 in an order that looks random and is the same in every run. */
function shuffled(count) {
  let seed = 1;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function benchTree() {
  const shapes = {
    'a topic each': (i) => `site/${i % 1000}/device/${i}/command`,
    'site/n/device/n/#': (i) => `site/${i % 1000}/device/${i}/#`,
    'site/n/+/n/command': (i) => `site/${i % 1000}/+/${i}/command`,
    '+/device-n/command': (i) => `+/device-${i}/command`,
  };
  for (const [shape, filterOf] of Object.entries(shapes)) {
    const tree = new SubscriptionTree({ hashSeed: 7 });
    const filters = Array.from({ length: MILLION }, (_, i) => flat(filterOf(i)));
    const subscriptions = filters.map((filter) => ({ filter }));
    const order = shuffled(MILLION);
    const topics = order
      .slice(0, 100_000)
      .map((i) => flat(filterOf(i).replace('/#', '/state').replace('+', 'any')));
    const misses = topics.map((topic) => flat(topic.replace('device', 'sensor')));
    const into = [];
    const match = (topic) => {
      into.length = 0;
      return tree.match(topic, into);
    };
    for (let i = 0; i < 20_000; i++) tree.add(filters[i], subscriptions[i]);
    for (let i = 0; i < 20_000; i++) match(topics[i]);
    for (let i = 0; i < 20_000; i++) tree.remove(filters[i], subscriptions[i]);
    const before = heapBytes();
    const perFilter = () => ((heapBytes() - before) / MILLION).toFixed(0);
    measure(
      `subscribe, ${shape}, to 1,000,000`,
      MILLION,
      (i) => tree.add(filters[order[i]], subscriptions[order[i]]),
      () => `${perFilter()} bytes a filter`,
    );
    measure('match a new topic, one subscriber', topics.length, (i) => match(topics[i]));
    measure('match a new topic, none', misses.length, (i) => match(misses[i]));
    measure(
      'unsubscribe, from 1,000,000',
      MILLION,
      (i) => tree.remove(filters[order[i]], subscriptions[order[i]]),
      () => `${perFilter()} bytes a filter left`,
    );
    if (tree.size !== 0 || tree.nodeCount !== 0) throw new Error('the tree is not empty');
  }
  const tree = new SubscriptionTree();
  const members = Array.from({ length: 100_000 }, (_, i) => ({ i }));
  measure('subscribe, all to one filter, to 100,000', members.length, (i) => tree.add('all/#', members[i]));
  const into = [];
  measure('match it', 20, () => {
    into.length = 0;
    return tree.match('all/of/us', into);
  });
  measure('unsubscribe, from 100,000', members.length, (i) => tree.remove('all/#', members[i]));
}

/** Names one after the other in a buffer, as they come in packets. */
function wireOf(names) {
  const encoded = names.map((name) => encoder.encode(name));
  const ends = [];
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const name of encoded) {
    bytes.set(name, end);
    end += name.length;
    ends.push(end);
  }
  return { bytes, starts: [0, ...ends], ends };
}

function benchTable() {
  for (const count of [1, 100, 5000, 60_000]) {
    const table = new TopicTable();
    const { bytes, starts, ends } = wireOf(
      Array.from({ length: count }, (_, i) => `site/${i % 100}/device/${i}`),
    );
    const find = (i) => table.intern(bytes, starts[i % count], ends[i % count]).hash;
    for (let i = 0; i < 200_000; i++) find(i);
    measure(`intern, ${count.toLocaleString('en')} topics in use`, 5 * MILLION, find, () =>
      count === 60_000 ? `${(ends[count - 1] / count).toFixed(0)} bytes a name` : '',
    );
  }
  const table = new TopicTable();
  const { bytes, starts, ends } = wireOf(
    Array.from({ length: MILLION }, (_, i) => `site/${i % 100}/device/${i}`),
  );
  const inUse = wireOf(Array.from({ length: 100 }, (_, i) => `in/use/${i}`));
  const before = heapBytes();
  const note = () => `${((heapBytes() - before) / table.size).toFixed(0)} bytes a topic held`;
  const once = (i) => {
    keep(table.intern(inUse.bytes, inUse.starts[i % 100], inUse.ends[i % 100]).hash);
    return table.intern(bytes, starts[i], ends[i]).hash;
  };
  measure('intern 1,000,000 topics once each, 100 in use between', MILLION, once, note);
  measure('the same again', MILLION, once, note);
}

function benchChanges() {
  const topicCount = 5000;
  const shapes = {
    'no change': null,
    'of other topics': (i) => `site/${i % 100}/other/${i}`,
    'of prefixes, site/n/other/n/#': (i) => `site/${i % 100}/other/${i}/#`,
    'of site/n/+/x, which concerns 1 % of the topics': (i) => `site/${i % 100}/+/x`,
    'of +/x/n, which concerns all': (i) => `+/x/${i}`,
  };
  for (const [shape, filterOf] of Object.entries(shapes)) {
    const tree = new SubscriptionTree();
    const table = new TopicTable();
    const names = Array.from({ length: topicCount }, (_, i) => `site/${i % 100}/device/${i}/state`);
    const { bytes, starts, ends } = wireOf(names);
    const subscribers = names.map((name) => ({ name }));
    for (let i = 0; i < topicCount; i++) tree.add(flat(names[i]), subscribers[i]);
    tree.add('site/#', subscribers[0]);
    const filters = filterOf === null ? [] : Array.from({ length: 1000 }, (_, i) => flat(filterOf(i)));
    let matches = 0;
    const publish = (i) => {
      if (i % 1000 === 0 && filterOf !== null) {
        const filter = filters[(i / 1000) % 1000];
        if (!tree.remove(filter, subscribers[1])) tree.add(filter, subscribers[1]);
      }
      const topic = table.intern(bytes, starts[i % topicCount], ends[i % topicCount]);
      if (topic.route === null || !tree.isCurrent(topic)) {
        topic.route = [];
        tree.match(topic.name, topic.route);
        tree.markCurrent(topic);
        matches++;
      }
      return topic.route.length;
    };
    for (let i = 0; i < 200_000; i++) publish(i);
    matches = 0;
    measure(
      `find the route, 5,000 topics, per 1,000 messages one change ${shape}`,
      4 * MILLION,
      publish,
      () => `${((100 * matches) / (4 * MILLION)).toFixed(2)} % matched anew`,
    );
  }
}

function benchRetained() {
  const names = Array.from({ length: MILLION }, (_, i) => flat(`site/${i % 1000}/device/${i}/state`));
  const messages = names.map(() => ({ bytes: 1 }));
  const order = shuffled(MILLION);
  const retained = new RetainedMessages();
  for (let i = 0; i < 20_000; i++) retained.set(names[i], messages[i]);
  for (let i = 0; i < 20_000; i++) retained.delete(names[i]);
  const before = heapBytes();
  const perTopic = () => ((heapBytes() - before) / MILLION).toFixed(0);
  const set = (i) => (retained.set(names[order[i]], messages[order[i]]) === null ? 1 : 0);
  measure('retain, to 1,000,000 topics', MILLION, set, () => `${perTopic()} bytes a topic`);
  measure('retain again', MILLION, set);
  measure('get', MILLION, (i) => retained.get(names[order[i]]).bytes);
  const into = [];
  const read = (filter) => {
    into.length = 0;
    const cursor = retained.match(filter);
    while (!cursor.done) cursor.read(100, into);
    return into.length;
  };
  measure('find by a topic name as filter', 100_000, (i) => read(names[order[i]]));
  measure('find by site/n/device/n/#', 100_000, (i) => read(`site/${i % 1000}/device/${i}/#`));
  measure('find by site/n/+/n/state', 100_000, (i) => read(`site/${i % 1000}/+/${i}/state`));
  measure('find by site/n/device/+/state, 1,000 found', 1000, (i) => read(`site/${i}/device/+/state`));
  const all = retained.match('#');
  measure('read # in pieces of 100', MILLION / 100, () => {
    into.length = 0;
    return all.read(100, into);
  });
  measure(
    'delete all',
    MILLION,
    (i) => (retained.delete(names[order[i]]) === null ? 1 : 0),
    () => `${perTopic()} bytes a topic left`,
  );
}

function benchDeadlines() {
  const count = 100_000;
  const deadlines = new Deadlines();
  const alarms = Array.from({ length: count }, () => ({
    heapIndex: -1,
    onDue() {
      keep(1);
    },
  }));
  const order = shuffled(count);
  const set = (i) => {
    deadlines.set(alarms[order[i % count]], 60_000 + ((i * 7919) % 90_000));
    return 1;
  };
  measure('set a deadline, to 100,000', count, set);
  measure('move a deadline, of 100,000', MILLION, set);
  measure('keep alive: always to the end', MILLION, (i) => {
    deadlines.set(alarms[order[i % count]], 200_000 + i);
    return 1;
  });
  measure('clear and set one, of 100,000', MILLION, (i) => {
    deadlines.clear(alarms[order[i % count]]);
    return set(i);
  });
  measure(
    'fire, from 100,000',
    count / 100,
    () => deadlines.run(1e9, 100),
    () => '100 a step',
  );
}

function benchInFlight() {
  for (const window of [1, 20, 1000]) {
    const table = new InFlightTable();
    const item = {};
    const packetIds = new Array(window).fill(0);
    for (let i = 0; i < window; i++) packetIds[i] = table.allocate(1, item);
    const step = (i) => {
      table.free(packetIds[i % window]);
      const packetId = table.allocate(1, item);
      packetIds[i % window] = packetId;
      return packetId;
    };
    for (let i = 0; i < 200_000; i++) step(i);
    measure(`free one packet identifier, take one, ${window} in flight`, 5 * MILLION, step, () =>
      window === 1 ? '' : `${table.capacity} slots`,
    );
  }
}

const benches = {
  tree: benchTree,
  table: benchTable,
  changes: benchChanges,
  retained: benchRetained,
  deadlines: benchDeadlines,
  'in-flight': benchInFlight,
};
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);
header();
for (const name of wanted) benches[name]();
checkMeasured();
