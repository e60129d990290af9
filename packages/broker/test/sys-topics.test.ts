import { beforeEach, describe, expect, test } from 'vitest';
import { AUTHENTICATION_COUNTERS, NOTHING_AUTHENTICATED } from '../src/core/ports/authentication-counts.ts';
import { LISTENER_REFUSALS, noListenerRefusals } from '../src/core/ports/listener-refusal.ts';
import { DropReason } from '../src/core/telling/drop-reason.ts';
import { LOAD_PERIODS, LoadAverages } from '../src/core/telling/load-averages.ts';
import type { Gauges } from '../src/core/telling/metrics.ts';
import { Metrics } from '../src/core/telling/metrics.ts';
import { Outcomes } from '../src/core/telling/outcomes.ts';
import type { SysSources } from '../src/core/telling/sys-topics.ts';
import { SYS_TOPICS, SysTopics } from '../src/core/telling/sys-topics.ts';

/** What a subscriber to `$SYS/#` of Mosquitto 2.0.11 (Debian's) is sent, under `$SYS/broker/`. */
const MOSQUITTO_2_0_11 = [
  'bytes/received',
  'bytes/sent',
  'clients/active',
  'clients/connected',
  'clients/disconnected',
  'clients/expired',
  'clients/inactive',
  'clients/maximum',
  'clients/total',
  'heap/current',
  'heap/maximum',
  ...[
    'bytes/received',
    'bytes/sent',
    'connections',
    'messages/received',
    'messages/sent',
    'publish/dropped',
    'publish/received',
    'publish/sent',
    'sockets',
  ].flatMap((name) => ['1min', '5min', '15min'].map((period) => `load/${name}/${period}`)),
  'messages/received',
  'messages/sent',
  'messages/stored',
  'publish/bytes/received',
  'publish/bytes/sent',
  'publish/messages/dropped',
  'publish/messages/received',
  'publish/messages/sent',
  'retained messages/count',
  'shared_subscriptions/count',
  'store/messages/bytes',
  'store/messages/count',
  'subscriptions/count',
  'uptime',
  'version',
].map((name) => `$SYS/broker/${name}`);

const START_MS = 5_000_000;
/** Not a multiple of ten seconds: three seconds after one. */
const START_WALL_MS = 1_700_000_003_000;

class Rig {
  readonly metrics = new Metrics();
  readonly outcomes = new Outcomes();
  readonly gauges: { -readonly [Name in keyof Gauges]: Gauges[Name] } = {
    connections: 0,
    clientsConnected: 0,
    sessions: 0,
    subscriptions: 0,
    sharedSubscriptions: 0,
    retainedMessages: 0,
    internedTopics: 0,
    retainedBytes: 0,
    storedMessages: 0,
    storedBytes: 0,
    outboxBytes: 0,
    storeState: 0,
  };
  readonly authentication = { ...NOTHING_AUTHENTICATED };
  readonly listenerRefusals = noListenerRefusals();
  heap = 30_000_000;
  heapAsked = 0;
  nowMs = START_MS;
  wallMs = START_WALL_MS;
  readonly topics: SysTopics;

  constructor(sysInterval?: number) {
    const sources: SysSources = {
      version: '0.1.0',
      metrics: this.metrics,
      outcomes: this.outcomes,
      gauges: this.gauges,
      authentication: () => this.authentication,
      listenerRefusals: () => this.listenerRefusals,
      heapBytes: () => {
        this.heapAsked++;
        return this.heap;
      },
    };
    this.topics = new SysTopics(sources, sysInterval === undefined ? {} : { sysInterval });
  }

  /** What an update publishes at this moment, in order. */
  update(): [topicName: string, text: string][] {
    const published: [string, string][] = [];
    this.topics.update(this.nowMs, this.wallMs, (topicName, text) => published.push([topicName, text]));
    return published;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.wallMs += ms;
  }

  /** Lets time pass until the next update, and makes it. */
  next(): Record<string, string> {
    this.advance(this.topics.nextMs - this.nowMs);
    return Object.fromEntries(this.update());
  }
}

describe('$SYS topics', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });

  test('have every name that Mosquitto 2.0.11 has, and ours beside them', () => {
    const names = rig.update().map(([topicName]) => topicName);
    expect(new Set(names).size).toBe(names.length);
    expect(MOSQUITTO_2_0_11.filter((name) => !names.includes(name))).toEqual([]);
    const ours = names.filter((name) => !MOSQUITTO_2_0_11.includes(name));
    const families =
      /^\$SYS\/broker\/(publish\/messages\/dropped|listeners\/refused|authentication|rates\/refused)\//;
    expect(ours.filter((name) => !families.test(name))).toEqual([
      '$SYS/broker/store/state',
      '$SYS/broker/packet/out/bytes',
      '$SYS/broker/connections/socket/count',
    ]);
    expect(ours).toContain('$SYS/broker/publish/messages/dropped/outbox_full');
  });

  test('tell who was turned away: by a listener, in authentication, for a rate', () => {
    const before = rig.next();
    for (const refusal of Object.keys(LISTENER_REFUSALS))
      expect(before[`$SYS/broker/listeners/refused/${refusal.replaceAll('-', '_')}`]).toBe('0');
    const authentication = Object.keys(before).filter((name) => name.includes('/authentication/'));
    expect(authentication).toHaveLength(AUTHENTICATION_COUNTERS.length);
    rig.listenerRefusals['proxy-not-trusted'] = 3;
    Object.assign(rig.authentication, { bannedRefused: 4 });
    rig.metrics.connectsBeyondRate = 5;
    rig.metrics.subscriptionsBeyondRate = 6;
    rig.metrics.connectionsBeyondRate = 7;
    expect(rig.next()).toMatchObject({
      '$SYS/broker/listeners/refused/proxy_not_trusted': '3',
      '$SYS/broker/authentication/banned_refused': '4',
      '$SYS/broker/rates/refused/connects': '5',
      '$SYS/broker/rates/refused/subscriptions': '6',
      '$SYS/broker/rates/refused/connections': '7',
    });
  });

  test('make names of metrics once their slashes and the one space are replaced', () => {
    const made = rig.update().map(([name]) => name.replace('$SYS/', '').replace(/[/ ]/g, '_'));
    for (const name of made) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(new Set(made).size).toBe(made.length);
  });

  test('are all published by the first update, in Mosquitto’s formats', () => {
    rig.gauges.retainedMessages = 2;
    rig.metrics.bytesReceived = 12_345_678_901;
    const first = Object.fromEntries(rig.update());
    expect(first).toMatchObject({
      '$SYS/broker/version': 'martlet version 0.1.0',
      '$SYS/broker/uptime': '0 seconds',
      '$SYS/broker/clients/total': '0',
      '$SYS/broker/clients/maximum': '0',
      '$SYS/broker/retained messages/count': '2',
      '$SYS/broker/bytes/received': '12345678901',
      '$SYS/broker/heap/current': '30000000',
      '$SYS/broker/heap/maximum': '30000000',
      '$SYS/broker/load/bytes/received/1min': '0.00',
      '$SYS/broker/load/connections/15min': '0.00',
    });
    for (const [topicName, text] of Object.entries(first)) {
      if (topicName === '$SYS/broker/version' || topicName === '$SYS/broker/uptime') continue;
      expect(text, topicName).toMatch(topicName.includes('/load/') ? /^\d+\.\d\d$/ : /^\d+$/);
    }
  });

  test('are published again only when they have changed', () => {
    rig.update();
    expect(rig.next()).toEqual({ '$SYS/broker/uptime': '7 seconds' });
    rig.gauges.subscriptions = 3;
    expect(rig.next()).toEqual({
      '$SYS/broker/uptime': '17 seconds',
      '$SYS/broker/subscriptions/count': '3',
    });
    expect(rig.next()).toEqual({ '$SYS/broker/uptime': '27 seconds' });
    rig.gauges.subscriptions = 0;
    expect(rig.next()).toEqual({
      '$SYS/broker/uptime': '37 seconds',
      '$SYS/broker/subscriptions/count': '0',
    });
  });

  test('read each number from its place', () => {
    rig.update();
    Object.assign(rig.gauges, {
      connections: 1,
      clientsConnected: 2,
      sessions: 5,
      subscriptions: 6,
      sharedSubscriptions: 7,
      retainedMessages: 8,
      internedTopics: 12,
      retainedBytes: 9,
      storedMessages: 10,
      storedBytes: 11,
      outboxBytes: 12,
      storeState: 1,
    } satisfies Gauges);
    Object.assign(rig.metrics, {
      sessionsExpired: 20,
      messagesReceived: 21,
      messagesSent: 22,
      bytesReceived: 23,
      bytesSent: 24,
      publishBytesReceived: 25,
      publishBytesSent: 26,
      publishMessagesReceived: 27,
      publishMessagesSent: 28,
      connectionsOpened: 29,
    });
    rig.outcomes.dropped(DropReason.OutboxFull, 'c', 't', 30);
    rig.outcomes.dropped(DropReason.NoMatchingSubscribers, 'c', 't', 31);
    const next = rig.next();
    const numbers = Object.entries(next).filter(([name]) => !name.includes('/load/'));
    expect(
      Object.fromEntries(numbers.map(([name, text]) => [name.replace('$SYS/broker/', ''), text])),
    ).toEqual({
      uptime: '7 seconds',
      'clients/total': '5',
      'clients/maximum': '5',
      'clients/disconnected': '3',
      'clients/inactive': '3',
      'clients/connected': '2',
      'clients/active': '2',
      'clients/expired': '20',
      'store/messages/count': '10',
      'messages/stored': '10',
      'store/messages/bytes': '11',
      'subscriptions/count': '6',
      'shared_subscriptions/count': '7',
      'retained messages/count': '8',
      'messages/received': '21',
      'messages/sent': '22',
      'bytes/received': '23',
      'bytes/sent': '24',
      'publish/bytes/received': '25',
      'publish/bytes/sent': '26',
      'publish/messages/received': '27',
      'publish/messages/sent': '28',
      'publish/messages/dropped': '30',
      'publish/messages/dropped/outbox_full': '30',
      'publish/messages/dropped/no_matching_subscribers': '31',
      'store/state': '1',
      'packet/out/bytes': '12',
      'connections/socket/count': '29',
    });
  });

  test('keep the highest number of sessions and bytes', () => {
    rig.gauges.sessions = 5;
    rig.update();
    rig.gauges.sessions = 3;
    rig.heap = 20_000_000;
    expect(rig.next()).toEqual({
      '$SYS/broker/uptime': '7 seconds',
      '$SYS/broker/clients/total': '3',
      '$SYS/broker/clients/disconnected': '3',
      '$SYS/broker/clients/inactive': '3',
      '$SYS/broker/heap/current': '20000000',
    });
    rig.gauges.sessions = 6;
    expect(rig.next()['$SYS/broker/clients/maximum']).toBe('6');
    expect(rig.heapAsked).toBe(3);
  });

  describe('are updated', () => {
    test('at once, then on multiples of the interval on the wall clock', () => {
      expect(rig.topics.nextMs).toBeLessThanOrEqual(rig.nowMs);
      rig.update();
      expect(rig.topics.nextMs).toBe(START_MS + 7_000);
      rig.next();
      expect(rig.wallMs % 10_000).toBe(0);
      expect(rig.topics.nextMs).toBe(START_MS + 17_000);
    });

    test('not before their time', () => {
      rig.update();
      rig.advance(6_999);
      rig.gauges.sessions = 1;
      expect(rig.update()).toEqual([]);
      rig.advance(1);
      expect(rig.update()).not.toEqual([]);
    });

    test('on the multiple after the next when an update was late, and once when a timer was early', () => {
      rig.update();
      rig.advance(29_500);
      rig.update();
      expect(rig.topics.nextMs - rig.nowMs).toBe(7_500);
      rig.advance(7_500);
      rig.wallMs -= 20;
      rig.update();
      expect(rig.topics.nextMs - rig.nowMs).toBe(10_020);
    });

    test('within one interval, whatever the wall clock does', () => {
      rig.update();
      for (const jumpMs of [-3_600_000, 86_400_000 * 365, -1, 4_321]) {
        rig.advance(rig.topics.nextMs - rig.nowMs);
        rig.wallMs += jumpMs;
        rig.update();
        const waitMs = rig.topics.nextMs - rig.nowMs;
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(10_050);
      }
    });

    test('at the interval that was asked for, or never', () => {
      const each = new Rig(1);
      each.update();
      expect(each.topics.nextMs).toBe(START_MS + 1_000);
      const never = new Rig(0);
      expect(never.topics.nextMs).toBe(Number.POSITIVE_INFINITY);
      expect(never.update()).toEqual([]);
    });
  });

  test('tell the load per minute', () => {
    rig.metrics.messagesReceived = 1_000_000;
    rig.update();
    rig.next();
    // 600 a minute from here on.
    rig.metrics.messagesReceived += 100;
    const load = (next: Record<string, string>): (string | undefined)[] =>
      LOAD_PERIODS.map((period) => next[`$SYS/broker/load/messages/received/${period.name}`]);
    expect(load(rig.next())).toEqual(['92.11', '19.67', '6.63']);
    rig.metrics.messagesReceived += 100;
    expect(load(rig.next())).toEqual(['170.08', '38.70', '13.19']);
    // And nothing any more.
    expect(load(rig.next())).toEqual(['143.97', '37.43', '13.04']);
  });

  test('are told of in one line each', () => {
    for (const topic of SYS_TOPICS) expect(topic.text).toMatch(/^[A-Z][^\n]+\.$/);
  });
});

describe('load averages', () => {
  test('come to the rate that lasts, the short one first', () => {
    const load = new LoadAverages(0);
    let counter = 0;
    for (let i = 0; i < 60; i++) load.update((counter += 50), 1);
    const [one, five, fifteen] = [load.average(0), load.average(1), load.average(2)];
    expect(one).toBeCloseTo(3000 * (1 - Math.exp(-1)), 6);
    expect(five).toBeCloseTo(3000 * (1 - Math.exp(-0.2)), 6);
    expect(fifteen).toBeCloseTo(3000 * (1 - Math.exp(-1 / 15)), 6);
  });

  test('are the same for one long step as for many short ones at the same rate', () => {
    const [short, long] = [new LoadAverages(0), new LoadAverages(0)];
    for (let i = 1; i <= 30; i++) short.update(i * 10, 1);
    long.update(300, 30);
    for (const period of [0, 1, 2]) expect(short.average(period)).toBeCloseTo(long.average(period), 9);
  });
});
