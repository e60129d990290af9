/**
 * `$SYS/broker/...`: what the broker tells about itself, with the names and formats that Mosquitto gave them, because
 * exporters and dashboards rely on them.
 *
 * Numbers are decimal text. A topic is published, retained, when its text has changed; all of them at the first update.
 * Updates fall on multiples of the interval on the wall clock, so that brokers can be compared.
 *
 * Names have only letters, digits, `_` and `/` in them, but for the one that has a space since long ago: there are
 * exporters that make a metric's name of every topic they see here, and end on any other character.
 */
import type { AuthenticationCounts } from '../ports/authentication-counts.ts';
import { AUTHENTICATION_COUNTERS } from '../ports/authentication-counts.ts';
import type { ListenerRefusal, ListenerRefusalCounts } from '../ports/listener-refusal.ts';
import { LISTENER_REFUSALS } from '../ports/listener-refusal.ts';
import { DROP_REASONS } from './drop-reason.ts';
import { LOAD_PERIODS, LoadAverages } from './load-averages.ts';
import type { Gauges, Metrics } from './metrics.ts';
import type { Outcomes } from './outcomes.ts';

/** Where the numbers come from. */
export interface SysSources {
  /** Of Martlet, such as `0.1.0`. */
  readonly version: string;
  readonly metrics: Metrics;
  readonly outcomes: Outcomes;
  readonly gauges: Gauges;
  authentication(): AuthenticationCounts;
  listenerRefusals(): ListenerRefusalCounts;
  /** Bytes of memory in use; asked once for each update. */
  heapBytes(): number;
}

/** Tells numbers of a part that the core does not know, each by its name below `$SYS/broker/`. */
export type MoreSysTopics = (tell: (name: string, value: number) => void) => void;

/** Publishes a retained message; Mosquitto uses QoS 2 for these. */
export type PublishSysTopic = (topicName: string, text: string) => void;

export interface SysTopicRow {
  /** The names it goes by, the present one first. */
  readonly topicNames: readonly string[];
  /** `maximum`: the highest value that any update has seen. */
  readonly kind: 'counter' | 'gauge' | 'maximum';
  /** One line for people. */
  readonly text: string;
  readonly value: (sources: SysSources, heapBytes: number) => number;
}

const ROOT = '$SYS/broker/';

function row(
  names: string | readonly string[],
  kind: SysTopicRow['kind'],
  text: string,
  value: SysTopicRow['value'],
): SysTopicRow {
  return { topicNames: [names].flat().map((name) => ROOT + name), kind, text, value };
}

/** The topics that are one number. Beside them there are `version`, `uptime` and `load/...`. */
export const SYS_TOPICS: readonly SysTopicRow[] = [
  row(
    'clients/total',
    'gauge',
    'Sessions, of connected and of disconnected clients.',
    (s) => s.gauges.sessions,
  ),
  row('clients/maximum', 'maximum', 'The most sessions there have been.', (s) => s.gauges.sessions),
  row(
    ['clients/disconnected', 'clients/inactive'],
    'gauge',
    'Sessions whose client is not connected.',
    (s) => s.gauges.sessions - s.gauges.clientsConnected,
  ),
  row(
    ['clients/connected', 'clients/active'],
    'gauge',
    'Clients that are connected.',
    (s) => s.gauges.clientsConnected,
  ),
  row('clients/expired', 'counter', 'Sessions that have expired.', (s) => s.metrics.sessionsExpired),

  row(
    ['store/messages/count', 'messages/stored'],
    'gauge',
    'Messages kept: retained, queued or in flight, each counted once.',
    (s) => s.gauges.storedMessages,
  ),
  // Ours: a broker that refuses what it cannot keep says so.
  row(
    'store/state',
    'gauge',
    'Whether the store keeps what it is given: 0: it does; 1: its last commit failed; 2: the one under way is silent.',
    (s) => s.gauges.storeState,
  ),
  row('store/messages/bytes', 'gauge', 'Payload bytes of the messages kept.', (s) => s.gauges.storedBytes),
  row('subscriptions/count', 'gauge', 'Subscriptions.', (s) => s.gauges.subscriptions),
  row('shared_subscriptions/count', 'gauge', 'Shared subscriptions.', (s) => s.gauges.sharedSubscriptions),
  row('retained messages/count', 'gauge', 'Retained messages.', (s) => s.gauges.retainedMessages),
  row('heap/current', 'gauge', 'Bytes of memory in use.', (_, heapBytes) => heapBytes),
  row('heap/maximum', 'maximum', 'The most bytes of memory that were in use.', (_, heapBytes) => heapBytes),

  row('messages/received', 'counter', 'Packets of every type received.', (s) => s.metrics.messagesReceived),
  row('messages/sent', 'counter', 'Packets of every type sent.', (s) => s.metrics.messagesSent),
  row('bytes/received', 'counter', 'Bytes received.', (s) => s.metrics.bytesReceived),
  row('bytes/sent', 'counter', 'Bytes sent.', (s) => s.metrics.bytesSent),
  row(
    'publish/bytes/received',
    'counter',
    'Payload bytes of PUBLISH packets received.',
    (s) => s.metrics.publishBytesReceived,
  ),
  row(
    'publish/bytes/sent',
    'counter',
    'Payload bytes of PUBLISH packets sent.',
    (s) => s.metrics.publishBytesSent,
  ),
  row(
    'publish/messages/received',
    'counter',
    'PUBLISH packets received.',
    (s) => s.metrics.publishMessagesReceived,
  ),
  row('publish/messages/sent', 'counter', 'PUBLISH packets sent.', (s) => s.metrics.publishMessagesSent),
  row(
    'publish/messages/dropped',
    'counter',
    'Messages dropped because a limit was reached, once for each recipient.',
    (s) => s.outcomes.droppedByLimits,
  ),
  // Ours: the same by reason, and the reasons that are no limits.
  ...DROP_REASONS.map(({ reason, code, text }) =>
    row(`publish/messages/dropped/${code.replaceAll('-', '_')}`, 'counter', text, (s) =>
      s.outcomes.droppedFor(reason),
    ),
  ),
  // Of Mosquitto 2.1. It also has packet/out/count, but an outbox here holds bytes and does not know of packets.
  row('packet/out/bytes', 'gauge', 'Bytes that wait for slow readers.', (s) => s.gauges.outboxBytes),
  row(
    'connections/socket/count',
    'counter',
    'Network connections accepted.',
    (s) => s.metrics.connectionsOpened,
  ),
  // Ours: who was turned away, and by what.
  ...Object.entries(LISTENER_REFUSALS).map(([refusal, { text }]) =>
    row(
      `listeners/refused/${refusal.replaceAll('-', '_')}`,
      'counter',
      `Connections that listeners closed: ${text}.`,
      (s) => s.listenerRefusals()[refusal as ListenerRefusal],
    ),
  ),
  ...AUTHENTICATION_COUNTERS.map(({ name, text }) =>
    row(
      `authentication/${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      'counter',
      text,
      (s) => s.authentication()[name],
    ),
  ),
  row(
    'rates/refused/connections',
    'counter',
    'Connections closed at once for a rate.',
    (s) => s.metrics.connectionsBeyondRate,
  ),
  row(
    'rates/refused/connects',
    'counter',
    'CONNECT packets refused for a rate.',
    (s) => s.metrics.connectsBeyondRate,
  ),
  row(
    'rates/refused/subscriptions',
    'counter',
    'Topic filters refused for a rate of subscriptions.',
    (s) => s.metrics.subscriptionsBeyondRate,
  ),
];

/** What `load/.../1min` and so on are the averages of, per minute. */
export const SYS_LOADS: readonly {
  readonly name: string;
  readonly value: (sources: SysSources) => number;
}[] = [
  { name: 'messages/received', value: (s) => s.metrics.messagesReceived },
  { name: 'messages/sent', value: (s) => s.metrics.messagesSent },
  { name: 'publish/dropped', value: (s) => s.outcomes.droppedByLimits },
  { name: 'publish/received', value: (s) => s.metrics.publishMessagesReceived },
  { name: 'publish/sent', value: (s) => s.metrics.publishMessagesSent },
  { name: 'bytes/received', value: (s) => s.metrics.bytesReceived },
  { name: 'bytes/sent', value: (s) => s.metrics.bytesSent },
  { name: 'sockets', value: (s) => s.metrics.connectionsOpened },
  { name: 'connections', value: (s) => s.metrics.connectsReceived },
];

export interface SysTopicsOptions {
  /** Seconds; 0: nothing is published. @default 10 */
  readonly sysInterval?: number;
  /** What the topic `version` says; empty: the default. @default `martlet version` and the version */
  readonly versionText?: string;
}

/** A timer may fire this much too early; without this the update would come twice. */
const EARLY_MS = 50;

export class SysTopics {
  readonly #sources: SysSources;
  readonly #versionText: string;
  #intervalMs: number;
  /** By topic name: what was published last. */
  readonly #published = new Map<string, string>();
  readonly #maxima: number[];
  readonly #more: MoreSysTopics[] = [];
  /** Null until the first update. */
  #loads: readonly LoadAverages[] | null = null;
  #startMs = 0;
  #lastMs = 0;
  #nextMs: number;

  constructor(sources: SysSources, options: SysTopicsOptions = {}) {
    this.#sources = sources;
    this.#versionText = options.versionText || `martlet version ${sources.version}`;
    this.#intervalMs = (options.sysInterval ?? 10) * 1000;
    this.#maxima = SYS_TOPICS.map(() => 0);
    this.#nextMs = this.#intervalMs === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  add(more: MoreSysTopics): void {
    this.#more.push(more);
  }

  /** When `update` is to be called again, on the monotonic clock; at once for the first time. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** 0: nothing is published. Another interval begins with an update at once. */
  set intervalMs(intervalMs: number) {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#nextMs = intervalMs === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Publishes what has changed; nothing if it is not time yet. */
  update(nowMs: number, wallMs: number, publish: PublishSysTopic): void {
    if (nowMs < this.#nextMs) return;
    // Less than one interval away, whatever the wall clock did meanwhile.
    const sinceMultipleMs = (wallMs + EARLY_MS) % this.#intervalMs;
    this.#nextMs = nowMs + this.#intervalMs + EARLY_MS - sinceMultipleMs;

    if (this.#loads === null) {
      this.#startMs = nowMs;
      this.#loads = SYS_LOADS.map((load) => new LoadAverages(load.value(this.#sources)));
      publish(`${ROOT}version`, this.#versionText);
    } else if (nowMs > this.#lastMs) {
      const seconds = (nowMs - this.#lastMs) / 1000;
      this.#loads.forEach((load, i) => {
        load.update(SYS_LOADS[i]!.value(this.#sources), seconds);
      });
    }
    this.#lastMs = nowMs;
    this.#publishAll(publish, this.#loads);
  }

  #publishAll(publish: PublishSysTopic, loads: readonly LoadAverages[]): void {
    const uptimeSeconds = Math.floor((this.#lastMs - this.#startMs) / 1000);
    this.#publishChanged(`${ROOT}uptime`, `${uptimeSeconds} seconds`, publish);
    const heapBytes = this.#sources.heapBytes();
    SYS_TOPICS.forEach((topic, i) => {
      let value = topic.value(this.#sources, heapBytes);
      if (topic.kind === 'maximum') {
        value = Math.max(value, this.#maxima[i]!);
        this.#maxima[i] = value;
      }
      for (const topicName of topic.topicNames) this.#publishChanged(topicName, `${value}`, publish);
    });
    for (const more of this.#more)
      more((name, value) => this.#publishChanged(`${ROOT}${name}`, `${value}`, publish));
    loads.forEach((load, i) => {
      LOAD_PERIODS.forEach((period, p) => {
        const topicName = `${ROOT}load/${SYS_LOADS[i]!.name}/${period.name}`;
        this.#publishChanged(topicName, load.average(p).toFixed(2), publish);
      });
    });
  }

  #publishChanged(topicName: string, text: string, publish: PublishSysTopic): void {
    if (this.#published.get(topicName) === text) return;
    this.#published.set(topicName, text);
    publish(topicName, text);
  }
}
