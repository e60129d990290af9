// MQTT-SN as a listener of a server: configured, given rights, told of, and reloaded like the others.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@martlet/broker/config';
import { checkConfiguration, startServer } from '@martlet/broker/server';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { publishUnconnected } from '../../src/client/publish-unconnected.ts';
import { connectSn } from '../../src/client/sn-client.ts';
import { streamChannel } from '../../src/client/stream-channel.ts';
import { RawFraming } from '../../src/links/framing/raw-framing.ts';
import { SlipFraming } from '../../src/links/framing/slip-framing.ts';
import { serialDevice } from '../../src/links/serial-device.ts';
import { mqttSnOpener } from '../../src/server/mqtt-sn-opener.ts';
import { hasPython, PtyPair } from '../links/pty-pair.ts';
import { ACCEPTED, NOT_SUPPORTED, ServedSensors } from './served-sensors.ts';

let served: ServedSensors;
beforeEach(() => {
  served = new ServedSensors();
});
afterEach(() => served.end());

const IN_MEMORY = 'store: { directory: false }\n';
const listener = (mqttSn = '{}', more = ''): string =>
  `listeners: [{ name: sensors, protocol: mqtt-sn, port: 0, mqttSn: ${mqttSn}${more} }]\n`;

/** PUBLISH of QoS 1 to a predefined topic, payload `on`. */
const publish = (topicId: number): string => `090c21${topicId.toString(16).padStart(4, '0')}00016f6e`;
const puback = (topicId: number, returnCode: number): string =>
  `070d${topicId.toString(16).padStart(4, '0')}00010${returnCode}`;

test('a device is a client of the broker by the name of its listener, with the user name that the configuration gives it', async () => {
  const server = await served.start(
    IN_MEMORY + listener('{ users: [{ clientId: "dev-*", username: "device %c" }] }'),
  );
  expect(await served.device(server).connect('dev-1')).toBe(ACCEPTED);
  expect(await served.device(server).connect('other')).toBe(ACCEPTED);
  const clients = server.broker.clients.map(({ clientId, username, origin }) => [
    clientId,
    username,
    origin.listener,
  ]);
  expect(clients).toEqual([
    ['dev-1', 'device dev-1', 'sensors'],
    ['other', undefined, 'sensors'],
  ]);
  expect(server.listeners[0]?.connections).toBe(2);
});

test('the user name of an address counts only for those who come from there', async () => {
  const users = '[{ networks: [192.0.2.0/24], username: far }, { networks: 127.0.0.1, username: near }]';
  const server = await served.start(IN_MEMORY + listener(`{ users: ${users} }`));
  await served.device(server).connect('dev');
  expect(server.broker.clients[0]?.username).toBe('near');
});

test('rights of the broker hold: what a user may not publish is refused with "not supported"', async () => {
  const mqttSn =
    '{ predefinedTopics: [{ topicId: 1, topicName: own/a }, { topicId: 2, topicName: others/a }], users: [{ username: sensor }] }';
  const rules = 'authorization: { rules: [{ allow: publish, topics: own/#, who: { users: sensor } }] }\n';
  const server = await served.start(IN_MEMORY + listener(mqttSn) + rules);
  const device = served.device(server);
  await device.connect('dev');
  expect(await device.ask(publish(1))).toBe(puback(1, 0));
  expect(await device.ask(publish(2))).toBe(puback(2, 3));
});

test('where clients need a password devices do not get in, unless their listener lets them', async () => {
  writeFileSync(join(served.directory, 'users'), '');
  const passwords = 'authentication: { methods: [{ type: passwordFile, file: users }] }\n';
  const strict = await served.start(IN_MEMORY + listener() + passwords);
  expect(await served.device(strict).connect('dev')).toBe(NOT_SUPPORTED);
  expect(served.lines).toContainEqual(expect.stringMatching(/MQTT-SN has no passwords/));
  const open = await served.start(
    IN_MEMORY +
      listener('{ users: [{ username: sensor }] }', ', authentication: { anonymous: true }') +
      passwords,
  );
  expect(await served.device(open).connect('dev')).toBe(ACCEPTED);
  expect(open.broker.clients[0]?.username).toBe('sensor');
});

test('only the client identifiers that are listed may connect', async () => {
  const server = await served.start(IN_MEMORY + listener('{ clientIds: "dev-*" }'));
  expect(await served.device(server).connect('dev-1')).toBe(ACCEPTED);
  expect(await served.device(server).connect('admin')).toBe(NOT_SUPPORTED);
});

test('QoS -1 publishes through one client with rights of its own, whose identifier nobody else may have', async () => {
  const mqttSn =
    '{ predefinedTopics: [{ topicId: 1, topicName: lamp }], unconnected: { networks: 127.0.0.0/8, clientId: lamps, username: lamp-user } }';
  const server = await served.start(IN_MEMORY + listener(mqttSn));
  const published = new Promise<string>((resolve) => {
    server.broker.subscribe('lamp', (message) => resolve(message.text()));
  });
  const device = served.device(server);
  device.send('090c61000100006f6e');
  expect(await published).toBe('on');
  expect(server.broker.clients.map(({ clientId, username }) => [clientId, username])).toEqual([
    ['lamps', 'lamp-user'],
  ]);
  expect(await device.connect('lamps')).toBe(NOT_SUPPORTED);
});

test('a reload changes topics, user names and limits while devices stay connected', async () => {
  const server = await served.start(
    IN_MEMORY + listener('{ predefinedTopics: [{ topicId: 1, topicName: a }] }'),
  );
  const device = served.device(server);
  await device.connect('dev');
  const report = await server.reload(
    served.parsed(
      IN_MEMORY +
        listener(
          '{ predefinedTopics: [{ topicId: 2, topicName: b }], users: [{ username: u }], limits: { clients: 1 } }',
        ),
    ),
  );
  expect(report.listeners).toMatchObject([{ name: 'sensors', fate: 'updated' }]);
  expect(report.disconnectedCount).toBe(0);
  expect(await device.ask(publish(1))).toBe(puback(1, 2));
  expect(await device.ask(publish(2))).toBe(puback(2, 0));
  expect(await served.device(server).connect('one-more')).toBe('030501');
  await device.connect('dev', { cleanSession: false });
  expect(server.broker.clients[0]?.username).toBe('u');
});

test('a plan tells what would become of the listener, and changes nothing', async () => {
  const server = await served.start(IN_MEMORY + listener());
  const device = served.device(server);
  await device.connect('dev');
  const report = await server.plan(served.parsed(IN_MEMORY + listener('{ maximumMessageBytes: 60 }')));
  expect(report).toMatchObject({ dryRun: true, listeners: [{ fate: 'reopened', connections: 1 }] });
  expect(report.changes).toContainEqual(
    expect.objectContaining({ key: 'listeners.sensors.mqttSn.maximumMessageBytes', before: 1200, after: 60 }),
  );
  expect(await device.ask('0216')).toBe('0217');
});

test('a reload closes a listener that is gone, tells its devices, and opens one at the same port later', async () => {
  const other = 'listeners: [{ name: main, port: 0 }]\n';
  const server = await served.start(IN_MEMORY + listener());
  const device = served.device(server);
  await device.connect('dev');
  const goodbye = device.next();
  await server.reload(served.parsed(IN_MEMORY + other));
  expect(await goodbye).toBe('0218');
  expect(server.broker.clients).toEqual([]);
  const report = await server.reload(served.parsed(IN_MEMORY + listener()));
  expect(report.listeners[0]).toMatchObject({ name: 'sensors', fate: 'opened' });
  expect(await served.device(server).connect('dev')).toBe(ACCEPTED);
});

test('topics of a file are known, and known anew when the file changes', async () => {
  const file = join(served.directory, 'topics');
  writeFileSync(file, '# all\n*, room/light, 7\ndev, room/own, 8\n');
  const server = await served.start(IN_MEMORY + listener('{ predefinedTopicsFile: topics }'));
  const device = served.device(server);
  await device.connect('dev');
  expect(await device.ask(publish(7))).toBe(puback(7, 0));
  expect(await device.ask(publish(8))).toBe(puback(8, 0));
  writeFileSync(file, '*,room/light,9\n');
  await server.reload();
  expect(await device.ask(publish(9))).toBe(puback(9, 0));
  const other = served.device(server);
  await other.connect('other');
  expect(await other.ask(publish(7))).toBe(puback(7, 2));
});

test('a file with lines that are none keeps the server from starting, and is told by line', async () => {
  writeFileSync(join(served.directory, 'topics'), '*,a/b,1\n*,c/#,2\nx\n*,d,1\n');
  const loaded = served.parsed(IN_MEMORY + listener('{ predefinedTopicsFile: topics }'));
  const problems = await checkConfiguration(loaded, { 'mqtt-sn': mqttSnOpener() });
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ line, text }) => [line, text])).toEqual([
    [2, expect.stringMatching(/^the topic "c\/#" /)],
    [3, expect.stringMatching(/^expected client id or \*, topic name, identifier/)],
    [4, 'expected another identifier than a/b has, got 1 again'],
  ]);
  await expect(startServer(loaded, { openers: { 'mqtt-sn': mqttSnOpener() } })).rejects.toThrow(
    ConfigurationError,
  );
});

test('a file that contradicts the configuration is refused', async () => {
  writeFileSync(join(served.directory, 'topics'), '*,other,1\n');
  const mqttSn = '{ predefinedTopicsFile: topics, predefinedTopics: [{ topicId: 1, topicName: one }] }';
  await expect(served.start(IN_MEMORY + listener(mqttSn))).rejects.toThrow(
    /topics: expected for 1 the topic one, as in mqttSn.predefinedTopics, got other/,
  );
});

test('a port that is taken is told in one line, with the place that asked for it', async () => {
  const first = await served.start(IN_MEMORY + listener());
  const { address } = first.listeners[0]!;
  const port = address.kind === 'udp' ? address.port : 0;
  const second = `listeners:\n  - { protocol: mqtt-sn, port: ${port} }\n`;
  await expect(served.start(IN_MEMORY + second)).rejects.toThrow(
    new RegExp(
      `martlet.yaml:5:5: listeners\\[0\\]: UDP port ${port} is already in use: .* or use another port$`,
    ),
  );
});

test('a serial line that is not there is told with its name', async () => {
  const none = join(served.directory, 'ttyNone');
  await expect(served.start(IN_MEMORY + listener(`{ serial: { device: ${none} } }`))).rejects.toThrow(none);
});

test('a server without an opener says who has one', async () => {
  const loaded = served.parsed(IN_MEMORY + listener());
  await expect(startServer(loaded)).rejects.toThrow(
    /this program does not speak mqtt-sn; martlet start does/,
  );
});

test('what a client knew of topics outlives the broker', async () => {
  mkdirSync(join(served.directory, 'data'));
  const yaml = `store: { directory: data }\n${listener()}`;
  const before = await served.start(yaml);
  const device = served.device(before);
  await device.connect('dev', { cleanSession: false });
  const regack = await device.ask(`0a0a00000001${Buffer.from('room').toString('hex')}`);
  const topicId = regack.slice(4, 8);
  expect(regack).toBe(`070b${topicId}000100`);
  await before.close();
  const after = await served.start(yaml);
  const again = served.device(after);
  await again.connect('dev', { cleanSession: false });
  expect(await again.ask(`090c20${topicId}00026f6e`)).toBe(`070d${topicId}000200`);
});

test('numbers of all listeners together are told in $SYS', async () => {
  const two =
    'listeners: [{ name: sensors, protocol: mqtt-sn, port: 0 }, { name: more, protocol: mqtt-sn, port: 0 }]\nbehaviour: { sysInterval: 1 }\n';
  const server = await served.start(IN_MEMORY + two);
  const told = new Promise<void>((resolve) => {
    server.broker.subscribe('$SYS/broker/mqttsn/clients/active', (message) => {
      if (message.text() === '2') resolve();
    });
  });
  await served.device(server).connect('one');
  await served.device(server, 'more').connect('two');
  await told;
  expect(server.broker.retainedMessages('$SYS/broker/mqttsn/connects/received')).toHaveLength(1);
});

test.skipIf(!hasPython).each([
  ['is taken where all networks may send it', '[0.0.0.0/0, "::/0"]', ['a/b']],
  ['is taken where all of one kind may', '0.0.0.0/0', ['a/b']],
  ['is not taken where only some may', '192.0.2.0/24', []],
])('QoS -1 of a serial line, which has no address, %s', async (_, networks, topics) => {
  const pair = await PtyPair.open();
  onTestFinished(() => pair.close());
  const [near, far] = pair.paths;
  const mqttSn = `{ serial: { device: ${near} }, predefinedTopics: [{ topicId: 1, topicName: a/b }], unconnected: { networks: ${networks} } }`;
  const server = await served.start(IN_MEMORY + listener(mqttSn, ', authentication: { anonymous: true }'));
  const seen: string[] = [];
  server.broker.subscribe('a/b', ({ topicName }) => void seen.push(topicName));
  const channel = streamChannel(serialDevice({ path: far }), new RawFraming());
  await publishUnconnected({ channel }, { topic: { predefined: 1 }, payload: new Uint8Array(1) });
  // What is answered came later on the same line.
  const client = await connectSn({
    clientId: 'dev',
    channel: streamChannel(serialDevice({ path: far }), new RawFraming()),
  });
  await client.publish('other', 'x', { qos: 1 });
  await client.disconnect();
  expect(seen).toEqual(topics);
});

test.skipIf(!hasPython)('a serial line is a listener, and one that is gone is told', async () => {
  const pair = await PtyPair.open();
  const [near, far] = pair.paths;
  const server = await served.start(
    IN_MEMORY +
      listener(`{ serial: { device: ${near}, framing: slip } }`, ', authentication: { anonymous: true }'),
  );
  expect(server.listeners[0]?.address).toEqual({ kind: 'serial', path: near });
  const client = await connectSn({
    clientId: 'dev',
    channel: streamChannel(serialDevice({ path: far }), new SlipFraming()),
  });
  await client.publish('a/b', 'over the line', { qos: 1 });
  expect(server.broker.clients.map(({ peer }) => peer)).toEqual([near]);
  await client.disconnect();
  const told = served.line(/listener-failed: sensors: /);
  await pair.close();
  await told;
  expect(server.listeners[0]?.connections).toBe(0);
});
