// Lives of devices in a time of the test's: what they do and when, the same for the same seed.

import { describe, expect, test } from 'vitest';
import type { DeviceLife } from '../../src/simulate/device-life.ts';
import { livesFor } from '../../src/simulate/lives-for.ts';
import { SCENARIO_EXAMPLES } from '../../src/simulate/scenario-examples.ts';
import { parseScenario } from '../../src/simulate/scenario-reader.ts';

function lives(devices: unknown, seed = 1, beginWithinMs = 0): readonly DeviceLife[] {
  const scenario = parseScenario(JSON.stringify({ devices }), 'test.json', {});
  const beganWallMs = Date.UTC(2026, 0, 2);
  return livesFor(scenario, { seed, beginWithinMs, beganWallMs, name: 'test.json' });
}

/** Everything until then, as lines. */
function until(life: DeviceLife, endMs: number): readonly string[] {
  const lines: string[] = [];
  while (life.nextMs <= endMs) {
    const atMs = Math.round(life.nextMs);
    const step = life.step();
    const text =
      step.kind === 'publish'
        ? `${step.message.topicName} ${step.message.payload}`
        : step.kind === 'leave' && step.breaks
          ? 'break'
          : step.kind;
    lines.push(`${atMs} ${text}`);
  }
  return lines;
}

const MESSAGE = { topic: 'x', payload: '{{i}}', every: '1s' };

describe('one device', () => {
  test('connects, and says its message once in its interval, without end', () => {
    const [life] = lives([{ name: 'd', messages: [MESSAGE] }]);
    const lines = until(life!, 10_000);
    expect(lines[0]).toBe('0 connect');
    expect(lines.slice(1).map((line) => line.split(' ')[2])).toEqual(
      Array.from({ length: 10 }, (_, i) => String(i)),
    );
    const times = lines.slice(1).map((line) => Number.parseInt(line, 10));
    expect(times.every((ms) => ms % 1000 === times[0]! % 1000)).toBe(true);
    expect(life!.nextMs).toBeLessThan(11_000);
  });

  test('jitter makes intervals uneven within its bounds', () => {
    const [life] = lives([{ name: 'd', messages: [{ ...MESSAGE, jitter: '0.4s' }] }]);
    const times = until(life!, 200_000)
      .slice(1)
      .map((line) => Number.parseInt(line, 10));
    const gaps = times.slice(1).map((ms, i) => ms - times[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(599);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1401);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(600);
  });

  test('comes and goes; what was due while it was away is said once when it is back', () => {
    const connection = { onlineFor: '2s', offlineFor: '10s' };
    const [life] = lives([{ name: 'd', messages: [{ ...MESSAGE, every: '1500ms' }], connection }]);
    const lines = until(life!, 26_000);
    const kinds = lines.map((line) => line.replace(/^(\d+) x \d+/, 'x'));
    expect(kinds).toEqual([
      '0 connect',
      'x',
      ...(kinds[2] === 'x' ? ['x'] : []),
      '2000 leave',
      '12000 connect',
      'x',
      'x',
      '14000 leave',
      '24000 connect',
      'x',
      'x',
      '26000 leave',
    ]);
    expect(lines.filter((line) => /^(12000|24000) x/.test(line))).toHaveLength(2);
  });

  test('breaks its connection where its scenario says so', () => {
    const connection = { onlineFor: '1s', offlineFor: 0, breaks: true };
    const [life] = lives([{ name: 'd', messages: [{ ...MESSAGE, every: '1h' }], connection }]);
    expect(until(life!, 1001)).toEqual(['0 connect', '1000 break', '1001 connect']);
  });

  test('a value that stands in a message twice is the same', () => {
    const values = { v: { kind: 'counter' } };
    const [life] = lives([
      { name: 'd', values, messages: [{ topic: 'a/{{v}}', payload: ['{{v}}', '{{v}}'], every: 1 }] },
    ]);
    const lines = until(life!, 2500).map((line) => line.replace(/^\d+ /, ''));
    expect(lines.slice(0, 3)).toEqual(['connect', 'a/0 [0,0]', 'a/1 [1,1]']);
  });

  test('its client identifier and its will have its number', () => {
    const will = { topic: 'w/{{n}}', payload: { lost: '{{name}}' }, qos: 1, retain: true };
    const two = lives([{ name: 'd', count: 2, messages: [MESSAGE], connection: { will } }]);
    expect(two.map(({ clientId }) => clientId)).toEqual(['d-1', 'd-2']);
    expect(two[1]!.will).toEqual({ topicName: 'w/2', payload: '{"lost":"d"}', qos: 1, retain: true });
  });
});

describe('a seed', () => {
  const DEVICES = [
    {
      name: 'd',
      count: 2,
      values: {
        t: { kind: 'drift', start: 20, step: 1, min: 15, max: 25, noise: 0.1, digits: 2 },
        s: { kind: 'choice', of: ['on', 'off'] },
      },
      messages: [
        { topic: 't/{{n}}', payload: { t: '{{t}}', at: '{{now iso}}' }, every: '2s', jitter: '0.5s' },
        { topic: 's/{{n}}', payload: '{{s}} {{rand 0 9}} {{uuid}}', every: '3s' },
      ],
      connection: { onlineFor: '4s', offlineFor: '1s', jitter: '0.5s' },
    },
  ];

  test('gives the same lives again, whenever they are looked at', () => {
    const [once, again] = [lives(DEVICES, 7, 1000), lives(DEVICES, 7, 1000)];
    const lines = until(once[0]!, 20_000);
    const pieces = Array.from({ length: 200 }, (_, i) => until(again[0]!, (i + 1) * 100)).flat();
    expect(pieces).toEqual(lines);
    expect(lines.length).toBeGreaterThan(15);
  });

  test('gives others for another seed, and for another device', () => {
    const [seven, eight] = [lives(DEVICES, 7, 1000), lives(DEVICES, 8, 1000)];
    const first = until(seven[0]!, 10_000);
    expect(until(eight[0]!, 10_000)).not.toEqual(first);
    expect(until(seven[1]!, 10_000).map((line) => line.replaceAll('/2', '/1'))).not.toEqual(first);
  });

  test('is the same tomorrow', () => {
    expect(until(lives(DEVICES, 7, 1000)[0]!, 6000)).toMatchInlineSnapshot(`
      [
        "902 connect",
        "1182 t/1 {"t":19.92,"at":"2026-01-02T00:00:01.182Z"}",
        "2618 s/1 on 6 8eec1429-d986-4e19-a66f-7ad21d617bc1",
        "3331 t/1 {"t":19.13,"at":"2026-01-02T00:00:03.331Z"}",
        "4942 leave",
      ]
    `);
  });

  test('one more kind of device behind changes nothing for those before', () => {
    const more = [...DEVICES, { name: 'e', messages: [MESSAGE] }];
    expect(until(lives(more, 7)[1]!, 9000)).toEqual(until(lives(DEVICES, 7)[1]!, 9000));
  });
});

test('the examples are scenarios whose payloads are what they look like', () => {
  for (const [name, example] of Object.entries(SCENARIO_EXAMPLES)) {
    const all = livesFor(parseScenario(JSON.stringify(example), name, {}), {
      seed: 3,
      beginWithinMs: 1000,
      beganWallMs: 0,
      name,
    });
    for (const life of all)
      for (const line of until(life, 120_000)) {
        const payload = /^\d+ \S+ (\{.*)$/.exec(line)?.[1];
        if (payload !== undefined) expect(JSON.parse(payload)).toBeTypeOf('object');
      }
  }
});

test('client identifiers that are not of one device alone are refused', () => {
  expect(() => lives([{ name: 'd', count: 2, clientId: 'same', messages: [MESSAGE] }])).toThrow(
    "test.json: devices[0].clientId: expected one of its own for each device, as with {{n}}, got 'same' again",
  );
});
