// Scenarios that cannot be meant: each is refused with the place of what is wrong.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CommandFailure } from '../../src/command-failure.ts';
import { parseScenario } from '../../src/simulate/scenario-reader.ts';

function refusal(text: string): string {
  try {
    parseScenario(text, 'f.json', {});
  } catch (error) {
    expect(error).toBeInstanceOf(CommandFailure);
    return (error as Error).message;
  }
  throw new Error('expected a refusal, got a scenario');
}

const MESSAGE = { topic: 't', payload: 'x', every: '1s' };

/** With one device that is right but for this. */
function withDevice(more: object): string {
  return JSON.stringify({ devices: [{ name: 'd', messages: [MESSAGE], ...more }] });
}
const withMessage = (more: object): string => withDevice({ messages: [{ ...MESSAGE, ...more }] });
const withValue = (value: unknown): string => withDevice({ values: { v: value } });
const withConnection = (connection: unknown): string => withDevice({ connection });

test.each([
  ['[]', "f.json: the file: expected an object, got '[]'"],
  ['{}', 'f.json: devices: expected a list that is not empty, got nothing'],
  ['{"devices":[]}', "f.json: devices: expected a list that is not empty, got '[]'"],
  ['{"device":[]}', "f.json: the file: expected devices, got 'device'; did you mean devices?"],
  ['{"devices":[1]}', "f.json: devices[0]: expected an object, got '1'"],
])('%j as a file', (text, expected) => {
  expect(refusal(text)).toBe(expected);
});

test.each(['', '{\n  "devices": [,]\n}', '{\n  "devices": [\n'])(
  '%j is no JSON, which is said in one line',
  (text) => {
    expect(refusal(text)).toMatch(/^f\.json: expected JSON: .+$/);
  },
);

describe('a device', () => {
  test.each([
    [withDevice({ name: '' }), "devices[0].name: expected text, got ''"],
    [
      withDevice({ cuont: 3 }),
      "devices[0]: expected name, count, clientId, values, messages, connection, got 'cuont'; did you mean count?",
    ],
    [withDevice({ count: 0 }), "devices[0].count: expected a whole number from 1 to 100000, got '0'"],
    [withDevice({ count: 1.5 }), "devices[0].count: expected a whole number from 1 to 100000, got '1.5'"],
    [withDevice({ messages: [] }), "devices[0].messages: expected a list that is not empty, got '[]'"],
    [withDevice({ clientId: '{{x}}' }), /devices\[0\]\.clientId: template: expected .*, got 'x'/],
    [withDevice({ values: [] }), "devices[0].values: expected an object, got '[]'"],
    [
      JSON.stringify({ devices: [1, 2].map((n) => ({ name: `d${n}`, count: 60_000, messages: [MESSAGE] })) }),
      "devices: expected 1 to 100,000 devices in all, got '120000'",
    ],
  ])('%s', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });
});

describe('a message', () => {
  test.each([
    [withMessage({ topic: 7 }), "devices[0].messages[0].topic: expected text, got '7'"],
    [
      withMessage({ topic: 'a/#' }),
      "devices[0].messages[0].topic: expected the name of a topic, without + and #, got 'a/#'",
    ],
    [withMessage({ topic: '{{nn}}' }), /devices\[0\]\.messages\[0\]\.topic: template: expected .*, got 'nn'/],
    [
      withMessage({ payload: { a: '{{rand 1}}' } }),
      /devices\[0\]\.messages\[0\]\.payload: template: \{\{rand\}\}/,
    ],
    [
      withMessage({ every: undefined }),
      'devices[0].messages[0].every: expected a time such as "500ms", "5s" or "10m", got nothing',
    ],
    [
      withMessage({ every: '0s' }),
      'devices[0].messages[0].every: expected a time such as "500ms", "5s" or "10m", got \'0s\'',
    ],
    [
      withMessage({ jitter: '1y' }),
      'devices[0].messages[0].jitter: expected a time such as "500ms", "5s" or "10m", got \'1y\'',
    ],
    [withMessage({ qos: 3 }), "devices[0].messages[0].qos: expected 0, 1 or 2, got '3'"],
    [withMessage({ retain: 'yes' }), "devices[0].messages[0].retain: expected true or false, got 'yes'"],
    [
      withMessage({ topik: 't' }),
      /devices\[0\]\.messages\[0\]: expected topic, .*, got 'topik'; did you mean topic\?/,
    ],
  ])('%s', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });
});

describe('a value', () => {
  test.each([
    [withValue(1), "devices[0].values.v: expected an object, got '1'"],
    [
      withValue({ kind: 'sine' }),
      "devices[0].values.v.kind: expected drift, wave, counter, uniform or choice, got 'sine'",
    ],
    [
      withValue({ kind: 'drift', min: 1, max: 2 }),
      /devices\[0\]\.values\.v\.step: expected a number from .*, got nothing/,
    ],
    [
      withValue({ kind: 'drift', step: 1, min: 2, max: 1 }),
      "devices[0].values.v: expected min up to max, got '2 and 1'",
    ],
    [
      withValue({ kind: 'uniform', min: 2, max: 1 }),
      "devices[0].values.v: expected min up to max, got '2 and 1'",
    ],
    [withValue({ kind: 'wave', mean: 1, amplitude: 1 }), /devices\[0\]\.values\.v\.period: expected a time/],
    [
      withValue({ kind: 'choice', of: [] }),
      "devices[0].values.v.of: expected a list that is not empty, got '[]'",
    ],
    [withValue({ kind: 'choice', of: [1] }), "devices[0].values.v.of[0]: expected text, got '1'"],
    [
      withValue({ kind: 'counter', digits: 11 }),
      "devices[0].values.v.digits: expected a whole number from 0 to 10, got '11'",
    ],
    [withValue({ kind: 'counter', noise: -1 }), /devices\[0\]\.values\.v\.noise: expected a number from 0/],
    [
      withValue({ kind: 'counter', max: 1 }),
      /devices\[0\]\.values\.v: expected kind, noise, digits, start, step, got 'max'/,
    ],
  ])('%s', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });
});

describe('a connection', () => {
  test.each([
    [
      withConnection({ keepalive: 3 }),
      /devices\[0\]\.connection: .*, got 'keepalive'; did you mean keepAlive\?/,
    ],
    [
      withConnection({ keepAlive: 70_000 }),
      "devices[0].connection.keepAlive: expected a whole number from 0 to 65535, got '70000'",
    ],
    [withConnection({ onlineFor: 0 }), /devices\[0\]\.connection\.onlineFor: expected a time/],
    [withConnection({ breaks: 1 }), "devices[0].connection.breaks: expected true or false, got '1'"],
    [
      withConnection({ will: { payload: 'x' } }),
      'devices[0].connection.will.topic: expected text, got nothing',
    ],
    [
      withConnection({ will: { topic: 'a/+' } }),
      /devices\[0\]\.connection\.will\.topic: expected the name of a topic/,
    ],
    [
      withConnection({ sessionExpiryInterval: -1 }),
      /devices\[0\]\.connection\.sessionExpiryInterval: expected a whole number/,
    ],
    [
      withConnection({ offlineFor: '5s' }),
      'devices[0].connection: expected onlineFor with offlineFor, got none',
    ],
  ])('%s', (text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });
});

test('what is left out has a value that is usual', () => {
  const { devices } = parseScenario(withDevice({ values: { v: { kind: 'counter' } } }), 'f.json', {});
  expect(devices).toHaveLength(1);
  expect(devices[0]).toMatchObject({
    name: 'd',
    count: 1,
    values: { v: { kind: 'counter', start: 0, step: 1, noise: 0, digits: 0 } },
    messages: [{ everyMs: 1000, jitterMs: 0, qos: 0, retain: false }],
    connection: {
      keepAlive: 60,
      sessionExpiryInterval: 0,
      onlineForMs: undefined,
      offlineForMs: 5000,
      jitterMs: 0,
      breaks: false,
      will: undefined,
    },
  });
});

test('the scenario in the guide is one', () => {
  const guide = new URL('../../../../docs/guides/command-line.md', import.meta.url);
  const section = readFileSync(guide, 'utf8').split('\n## Simulated devices\n')[1]!;
  const text = /```json\n([^`]+)```/.exec(section)![1]!;
  const { devices } = parseScenario(text, 'guide', {});
  expect(devices.map(({ name, count }) => `${count} ${name}`)).toEqual(['5 thermometer']);
});
