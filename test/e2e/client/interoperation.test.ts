// Our client and other people's exchange messages through either server.

import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { debianTool } from '../../debian-tools.ts';
import { nextMessages } from '../../mqtt-js.ts';
import { Programs } from '../program.ts';
import { Clients, seen, take, VERSIONS } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';

const QOS = [0, 1, 2] as const;
const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const python = debianTool('python3 with paho.mqtt');
/** As Mosquitto's programs name the versions. */
const NAMES = { 5: 'mqttv5', 4: 'mqttv311', 3: 'mqttv31' } as const;

const clients = new Clients();
const programs = new Programs();

afterEach(async () => {
  await programs.stopAll();
  await clients.closeAll();
});

describeEachServer((_tested, running) => {
  const place = (): readonly string[] => ['-h', '127.0.0.1', '-p', String(running().port)];
  const url = (): string => running().url('mqtt');

  describe.each(VERSIONS)('$name', ({ protocolVersion }) => {
    test('MQTT.js gets what the client sends, and the client what MQTT.js sends', async () => {
      const topic = `interoperation/mqtt-js/${protocolVersion}`;
      const client = await clients.connect(url(), { protocolVersion });
      const other = await connectAsync(url(), {
        reconnectPeriod: 0,
        protocolVersion,
        ...(protocolVersion === 3 ? { protocolId: 'MQIsdp' } : {}),
      });
      const subscription = await client.subscribe(`${topic}/to-us/+`);
      await other.subscribeAsync(`${topic}/to-them/+`, { qos: 2 });
      const received = nextMessages(other, QOS.length);
      for (const qos of QOS) await other.publishAsync(`${topic}/to-us/${qos}`, `at ${qos}`, { qos });
      for (const qos of QOS) await client.publish(`${topic}/to-them/${qos}`, `at ${qos}`, { qos });
      expect((await take(subscription, QOS.length)).map(seen)).toEqual(
        QOS.map((qos) => `${topic}/to-us/${qos} ${qos} at ${qos}`),
      );
      expect((await received).map(({ topic: name, qos, payload }) => `${name} ${qos} ${payload}`)).toEqual(
        QOS.map((qos) => `${topic}/to-them/${qos} ${qos} at ${qos}`),
      );
      await other.endAsync(true);
    });

    test.skipIf(pub.path === undefined)(`the client gets what mosquitto_pub sends ${pub.label}`, async () => {
      const topic = `interoperation/pub/${protocolVersion}`;
      const client = await clients.connect(url());
      const subscription = await client.subscribe(`${topic}/+`);
      for (const qos of QOS) {
        const message = ['-t', `${topic}/${qos}`, '-m', `at ${qos}`, '-q', String(qos)];
        const exit = await programs.run(pub.path!, [...place(), '-V', NAMES[protocolVersion], ...message]);
        expect(exit).toMatchObject({ code: 0, stderr: '' });
      }
      expect((await take(subscription, QOS.length)).map(seen)).toEqual(
        QOS.map((qos) => `${topic}/${qos} ${qos} at ${qos}`),
      );
    });

    test.skipIf(sub.path === undefined)(`mosquitto_sub gets what the client sends ${sub.label}`, async () => {
      const topic = `interoperation/sub/${protocolVersion}`;
      const client = await clients.connect(url(), { protocolVersion });
      const watched = [
        '-V',
        NAMES[protocolVersion],
        '-t',
        `${topic}/+`,
        '-q',
        '2',
        '-F',
        '%t %q %p',
        '-C',
        '4',
      ];
      const program = programs.start(sub.path!, [...place(), ...watched]);
      // It has subscribed when it gets this one, retained or not.
      await client.publish(`${topic}/there`, 'hello', { qos: 1, retain: true });
      await program.line(/hello/);
      for (const qos of QOS) await client.publish(`${topic}/${qos}`, `at ${qos}`, { qos });
      const exit = await program.exit;
      expect(exit.stdout.trimEnd().split('\n')).toEqual([
        `${topic}/there 1 hello`,
        ...QOS.map((qos) => `${topic}/${qos} ${qos} at ${qos}`),
      ]);
      await client.publish(`${topic}/there`, '', { qos: 1, retain: true });
    });
  });

  describe.skipIf(python.path === undefined)(`paho-mqtt ${python.label}`, () => {
    const start = (name: string, ...args: readonly string[]) => {
      const path = fileURLToPath(new URL(`../python/${name}.py`, import.meta.url));
      return programs.start(python.path!, ['-u', path, '127.0.0.1', String(running().port), ...args]);
    };

    test('the client gets what paho sends', async () => {
      const client = await clients.connect(url());
      const subscription = await client.subscribe('interoperation/from-paho/+');
      const publisher = start('qos_publisher', 'interoperation/from-paho');
      expect((await take(subscription, QOS.length)).map(seen)).toEqual(
        QOS.map((qos) => `interoperation/from-paho/${qos} ${qos} paho at ${qos}`),
      );
      expect(await publisher.exit).toMatchObject({ code: 0, stderr: '' });
    });

    test('paho gets what the client sends', async () => {
      const client = await clients.connect(url());
      const subscriber = start('qos_subscriber', 'interoperation/to-paho', '3');
      await subscriber.line(/subscribed/);
      for (const qos of QOS) await client.publish(`interoperation/to-paho/${qos}`, `at ${qos}`, { qos });
      const exit = await subscriber.exit;
      expect(exit).toMatchObject({ code: 0, stderr: '' });
      expect(exit.stdout.trimEnd().split('\n').slice(1)).toEqual(
        QOS.map((qos) => `interoperation/to-paho/${qos} ${qos} at ${qos}`),
      );
    });
  });
});
