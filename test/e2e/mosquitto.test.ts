// Mosquitto's command-line clients, in every version of the protocol that they speak.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import type { Exit, Program } from './program.ts';
import { Programs } from './program.ts';
import { ServedBroker } from './served-broker.ts';

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const rr = debianTool('mosquitto_rr');

const VERSIONS = ['mqttv31', 'mqttv311', 'mqttv5'] as const;
const QOS = [0, 1, 2] as const;

describe.skipIf(pub.path === undefined || sub.path === undefined)(`Mosquitto's clients ${pub.label}`, () => {
  const programs = new Programs();
  let served: ServedBroker;

  beforeAll(async () => {
    served = await ServedBroker.start();
  });
  afterEach(() => programs.stopAll());
  afterAll(() => served.close());

  const place = (): readonly string[] => ['-h', '127.0.0.1', '-p', String(served.port)];

  async function publish(...args: string[]): Promise<void> {
    expect(await programs.run(pub.path!, [...place(), ...args])).toMatchObject({ code: 0, stderr: '' });
  }

  /** Publishes each line as a message, in order. */
  async function publishLines(lines: readonly string[], ...args: string[]): Promise<void> {
    const program = programs.start(pub.path!, [...place(), '-l', ...args]);
    program.child.stdin!.end(lines.map((line) => `${line}\n`).join(''));
    expect(await program.exit).toMatchObject({ code: 0, stderr: '' });
  }

  /** Starts a subscriber; fulfils when its subscription holds. */
  async function subscribe(topicFilter: string, ...args: string[]): Promise<Program> {
    const subscribed = served.next('subscribed', (event) => event.topicFilter === topicFilter);
    const program = programs.start(sub.path!, [...place(), '-t', topicFilter, ...args]);
    await subscribed;
    return program;
  }

  async function linesOf(subscriber: Program | Promise<Exit>): Promise<readonly string[]> {
    const exit = await ('exit' in subscriber ? subscriber.exit : subscriber);
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    return exit.stdout.trimEnd().split('\n');
  }

  test('each version publishes to each, at every QoS', async () => {
    const pairs = VERSIONS.flatMap((version) => QOS.map((qos) => ({ version, qos })));
    const subscribers = await Promise.all(
      VERSIONS.map((version) =>
        subscribe(
          `pairs/${version}/+/+`,
          '-V',
          version,
          '-q',
          '2',
          '-F',
          '%t %q %p',
          '-C',
          String(pairs.length),
        ),
      ),
    );
    await Promise.all(
      pairs.map(async ({ version, qos }) => {
        for (const to of VERSIONS) {
          const topicName = `pairs/${to}/${version}/${qos}`;
          await publish('-V', version, '-q', String(qos), '-t', topicName, '-m', `to ${to}`);
        }
      }),
    );
    for (const [index, subscriber] of subscribers.entries()) {
      const to = VERSIONS[index]!;
      const expected = pairs.map(({ version, qos }) => `pairs/${to}/${version}/${qos} ${qos} to ${to}`);
      expect([...(await linesOf(subscriber))].sort()).toEqual(expected.sort());
    }
  });

  test('a subscription at less than the QoS of the message lowers it', async () => {
    const subscribers = await Promise.all(
      QOS.map((qos) => subscribe(`lower/${qos}/+`, '-q', String(qos), '-F', '%q', '-C', '1')),
    );
    for (const qos of QOS) await publish('-q', '2', '-t', `lower/${qos}/t`, '-m', 'x');
    expect(await Promise.all(subscribers.map(linesOf))).toEqual([['0'], ['1'], ['2']]);
  });

  test.each(QOS)('a thousand messages at QoS %d arrive once each and in order', async (qos) => {
    const numbers = Array.from({ length: 1000 }, (_, index) => String(index));
    const subscriber = await subscribe(`many/${qos}`, '-V', 'mqttv5', '-q', String(qos), '-C', '1000');
    await publishLines(numbers, '-V', 'mqttv5', '-q', String(qos), '-t', `many/${qos}`);
    expect(await linesOf(subscriber)).toEqual(numbers);
  });

  test('the properties of MQTT 5 arrive with the message, user properties in order', async () => {
    const subscriber = await subscribe(
      'properties',
      '-V',
      'mqttv5',
      '-q',
      '1',
      '-F',
      '%C|%R|%D|%F|%P|%E|%p',
      '-C',
      '1',
    );
    await publish(
      ...['-V', 'mqttv5', '-q', '1', '-t', 'properties', '-m', 'payload'],
      ...['-D', 'publish', 'content-type', 'text/plain'],
      ...['-D', 'publish', 'response-topic', 'answers/1'],
      ...['-D', 'publish', 'correlation-data', 'abc'],
      ...['-D', 'publish', 'payload-format-indicator', '1'],
      ...['-D', 'publish', 'message-expiry-interval', '3600'],
      ...['-D', 'publish', 'user-property', 'b', '1'],
      ...['-D', 'publish', 'user-property', 'a', '2'],
    );
    expect(await linesOf(subscriber)).toEqual(['text/plain|answers/1|abc|1|b:1 a:2|3600|payload']);
  });

  test.each(VERSIONS)(
    'a retained message comes to a later %s subscriber, until it is cleared',
    async (version) => {
      const topicName = `retained/${version}`;
      await publish('-V', version, '-r', '-q', '1', '-t', topicName, '-m', 'old');
      await publish('-V', version, '-r', '-q', '1', '-t', topicName, '-m', 'new');
      const later = await subscribe('retained/+', '-V', version, '-F', '%r %p', '-C', '1');
      expect(await linesOf(later)).toEqual(['1 new']);
      await publish('-V', version, '-r', '-q', '1', '-t', topicName, '-n');
      const afterwards = await subscribe('retained/+', '-V', version, '-F', '%r %p', '-C', '1');
      await publish('-V', version, '-q', '1', '-t', topicName, '-m', 'live');
      expect(await linesOf(afterwards)).toEqual(['0 live']);
    },
  );

  test.each(VERSIONS)(
    'the will of a %s client is sent when it is killed, and not when it says goodbye',
    async (version) => {
      const topicName = `wills/${version}`;
      const watcher = await subscribe(topicName, '-q', '2', '-F', '%q %p', '-C', '2');
      const will = (payload: string) => [
        '--will-topic',
        topicName,
        '--will-payload',
        payload,
        '--will-qos',
        '2',
      ];
      const polite = await subscribe(`polite/${version}`, '-V', version, '-C', '1', ...will('never sent'));
      await publish('-t', `polite/${version}`, '-m', 'go');
      await linesOf(polite);
      const killed = await subscribe(`killed/${version}`, '-V', version, ...will('gone'));
      killed.signal('SIGKILL');
      await watcher.line(/gone/);
      await publish('-q', '0', '-t', topicName, '-m', 'end');
      expect(await linesOf(watcher)).toEqual(['2 gone', '0 end']);
    },
  );

  test.each(VERSIONS)(
    'what came while a %s client with a session was away waits for it, in order',
    async (version) => {
      const topicName = `sessions/${version}`;
      const session = ['-V', version, '-c', '-i', `durable-${version}`, '-q', '2', '-F', '%q %p'];
      if (version === 'mqttv5') session.push('-x', '300');
      const first = await subscribe(topicName, ...session, '-C', '1');
      await publish('-t', topicName, '-q', '1', '-m', 'first');
      expect(await linesOf(first)).toEqual(['1 first']);
      for (const text of ['a', 'b', 'c']) await publish('-t', topicName, '-q', '2', '-m', text);
      const resumed = served.next('clientConnected', ({ clientId }) => clientId === `durable-${version}`);
      const again = await subscribe(topicName, ...session, '-C', '3');
      expect((await resumed)[0]).toMatchObject({ sessionPresent: true });
      expect(await linesOf(again)).toEqual(['2 a', '2 b', '2 c']);
    },
  );

  test('a shared subscription gives each message to one of its members', async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => `number ${index}`);
    const members = await Promise.all(
      VERSIONS.map((version) => subscribe('$share/group/shared/+', '-V', version, '-q', '1')),
    );
    const arrived = Promise.all(
      numbers.map((text) =>
        Promise.race(members.map((member) => member.line(new RegExp(`^${text}$`)).catch(() => never()))),
      ),
    );
    await publishLines(numbers, '-q', '1', '-t', 'shared/t');
    await arrived;
    const shares = members.map((member) => member.stdout.trimEnd().split('\n'));
    expect(shares.flat().sort()).toEqual([...numbers].sort());
    for (const share of shares) expect(share.length).toBeGreaterThan(5);
  });

  test('a payload of 1 MiB and an empty one arrive as they are', async () => {
    const big = 'x'.repeat(1024 * 1024);
    const subscriber = await subscribe('sizes', '-V', 'mqttv5', '-q', '1', '-F', '%l', '-C', '2');
    const program = programs.start(pub.path!, [...place(), '-V', 'mqttv5', '-q', '1', '-t', 'sizes', '-s']);
    program.child.stdin!.end(big);
    expect((await program.exit).code).toBe(0);
    await publish('-q', '1', '-t', 'sizes', '-n');
    expect(await linesOf(subscriber)).toEqual([String(big.length), '0']);
  });

  test.skipIf(rr.path === undefined)(
    "a request gets the answer of an application in the broker's process",
    async () => {
      const subscription = served.broker.subscribe('requests', (request) => {
        const { responseTopic, correlationData } = request.properties;
        const properties = correlationData === undefined ? {} : { correlationData };
        void served.broker.publish(responseTopic!, `${request.text()} pong`, { qos: 1, properties });
      });
      const args = ['-V', 'mqttv5', '-q', '1', '-t', 'requests', '-e', 'answers', '-m', 'ping'];
      expect(await programs.run(rr.path!, [...place(), ...args])).toMatchObject({
        code: 0,
        stdout: 'ping pong\n',
      });
      subscription.unsubscribe();
    },
  );

  test.each([
    ['mqttv311', '128'],
    ['mqttv5', '143'],
  ])(
    'a shared subscription without a filter is refused by SUBACK: %s gets %s',
    async (version, reasonCode) => {
      const refused = await programs.run(sub.path!, [...place(), '-d', '-V', version, '-t', '$share/group']);
      expect(refused.stdout).toContain(`Subscribed (mid: 1): ${reasonCode}\n`);
    },
  );
});

/** The end of a member says nothing about who gets a message. */
function never(): Promise<never> {
  return new Promise(() => {});
}
