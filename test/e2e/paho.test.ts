// Programs as tutorials show them, on Debian's python3-paho-mqtt: nothing in them but the broker's address is ours.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import type { Program } from './program.ts';
import { Programs } from './program.ts';
import { ServedBroker } from './served-broker.ts';

const python = debianTool('python3 with paho.mqtt');

describe.skipIf(python.path === undefined)(`Python programs with paho-mqtt ${python.label}`, () => {
  const programs = new Programs();
  let served: ServedBroker;

  beforeAll(async () => {
    served = await ServedBroker.start();
  });
  afterEach(() => programs.stopAll());
  afterAll(() => served.close());

  /** Starts a program of the directory `python/`. */
  function start(name: string, ...args: readonly (string | number)[]): Program {
    const path = fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
    const env = { ...process.env, PYTHONIOENCODING: 'utf-8' };
    return programs.start(python.path!, ['-u', path, '127.0.0.1', String(served.port), ...args.map(String)], {
      env,
    });
  }

  test('a subscriber to $SYS/# is told about the broker', async () => {
    const subscriber = start('sys_subscriber');
    expect(await subscriber.line(/Connected/)).toBe('Connected with result code 0');
    expect(await subscriber.line(/^\$SYS\/broker\/version /)).toMatch(/ b'.*[Mm]artlet.*'$/);
    expect(await subscriber.line(/^\$SYS\/broker\/uptime /)).toMatch(/ b'\d+ seconds'$/);
    for (const name of [
      'clients/connected',
      'messages/received',
      'subscriptions/count',
      'load/bytes/sent/1min',
    ]) {
      expect(await subscriber.line(new RegExp(`^\\$SYS/broker/${name} `))).toMatch(/ b'[\d.]+'$/);
    }
  });

  test('a temperature reaches its subscriber, from publishers that end at once', async () => {
    const subscribed = served.next(
      'subscribed',
      ({ topicFilter }) => topicFilter === 'home/livingroom/temperature',
    );
    const subscriber = start('temperature_subscriber');
    await subscribed;
    const temperatures = Array.from({ length: 8 }, (_, index) => `22.${index}`);
    const publishers = temperatures.map((temperature) =>
      start('temperature_publisher', `publisher-${temperature}`, temperature),
    );
    for (const temperature of temperatures) {
      const line = await subscriber.line(new RegExp(`: ${temperature} on`));
      expect(line).toBe(`Received message: ${temperature} on topic home/livingroom/temperature`);
    }
    for (const publisher of publishers) expect(await publisher.exit).toMatchObject({ code: 0, stderr: '' });
    subscriber.child.stdin!.end();
    expect(await subscriber.exit).toMatchObject({ code: 0, stderr: '' });
    expect(subscriber.stdout.trimEnd().split('\n')).toHaveLength(temperatures.length);
  });

  test('the program that README.md shows publishes its temperature', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const shown = [...readme.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text!);
    expect(shown).toHaveLength(1);
    const program = shown[0]!.replace('"localhost", 1883', `"127.0.0.1", ${served.port}`);
    const temperature = new Promise((resolve) => {
      const subscription = served.broker.subscribe('home/livingroom/temperature', (message) => {
        subscription.unsubscribe();
        resolve(message.json());
      });
    });
    expect(await programs.run(python.path!, ['-c', program])).toMatchObject({ code: 0, stderr: '' });
    expect(await temperature).toBe(22.5);
  });

  test('a dictionary dumped to JSON arrives as it was, in order', async () => {
    const subscribed = served.next('subscribed', ({ topicFilter }) => topicFilter === 'person');
    const subscriber = start('json_subscriber', 5);
    await subscribed;
    const publisher = start('json_publisher', 5);
    expect(await subscriber.exit).toMatchObject({ code: 0, stdout: 'Küche: [0, 1, 2, 3, 4]\n', stderr: '' });
    expect(await publisher.exit).toMatchObject({ code: 0, stderr: '' });
  });
});
