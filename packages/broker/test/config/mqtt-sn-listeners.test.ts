// Listeners for MQTT-SN in the configuration: names, defaults, contradictions, places, and what a reload makes of changes.

import { MQTT_SN_LIMITS } from '@martlet/protocol/mqtt-sn';
import { describe, expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config/load-configuration.ts';
import { addressText, listenError } from '../../src/listeners/listener.ts';
import { listenerFates } from '../../src/server/listeners/listener-fates.ts';
import { isInTheWay } from '../../src/server/listeners/listener-place.ts';
import { errorLines, FILE, parsed } from './parsed.ts';

const one = (mqttSn: string, more = '') =>
  `listeners: [{ protocol: mqtt-sn, mqttSn: ${mqttSn}${more === '' ? '' : `, ${more}`} }]`;

test('A listener for MQTT-SN listens on UDP 1883 of this machine, by a name of its own', () => {
  const [udp, serial] = parsed(
    'listeners: [{ protocol: mqtt-sn }, { protocol: mqtt-sn, mqttSn: { serial: { device: /dev/ttyUSB0 } } }]',
  ).listeners;
  expect(udp).toMatchObject({ name: 'sn:1883', host: '127.0.0.1', port: 1883 });
  expect(udp!.mqttSn).toMatchObject({ discovery: false, unconnected: null, forwarders: [], serial: null });
  expect(serial!.name).toBe('sn:/dev/ttyUSB0');
});

test('Every limit of the gateway is a key, with its default', () => {
  const [{ mqttSn } = undefined!] = parsed(one('{}')).listeners;
  const defaults = Object.entries(MQTT_SN_LIMITS).map(([name, row]) => [name, row.default]);
  expect(mqttSn.limits).toEqual(Object.fromEntries(defaults));
});

test('Times of limits may have their units, and the tolerance a fraction', () => {
  const [{ mqttSn } = undefined!] = parsed(one('{ limits: { retryMs: 15s, tolerance: 1.25 } }')).listeners;
  expect(mqttSn.limits).toMatchObject({ retryMs: 15_000, tolerance: 1.25 });
});

test('A group makes the gateway be found, unless that is denied', () => {
  const [{ mqttSn } = undefined!] = parsed(one('{ group: 225.1.1.1 }')).listeners;
  expect(mqttSn.discovery).toBe(true);
  const [{ mqttSn: hidden } = undefined!] = parsed(one('{ group: 225.1.1.1, discovery: false }')).listeners;
  expect(hidden.discovery).toBe(false);
});

test('It may have the port that a listener on TCP has, and no other one on UDP', () => {
  expect(errorLines('listeners: [{ port: 1883 }, { protocol: mqtt-sn, port: 1883 }]')).toEqual([]);
  expect(errorLines('listeners: [{ protocol: mqtt-sn }, { name: b, protocol: mqtt-sn }]')).toEqual([
    expect.stringMatching(/listeners\[1\]\.port: expected another one than listeners\[0\] has/),
  ]);
});

describe('What contradicts itself is told:', () => {
  test.each([
    [
      one('{}', 'tls: { certificates: [{ certificateFile: a, keyFile: b }] }'),
      /tls: .*DTLS is not spoken here/,
    ],
    [one('{}', 'path: /run/x'), /path: expected none with protocol mqtt-sn/],
    [one('{}', 'usernameFrom: psk'), /usernameFrom: expected none with protocol mqtt-sn/],
    [
      one('{}', 'host: broker.example'),
      /host: expected an address with protocol mqtt-sn, .* got 'broker.example'/,
    ],
    [one('{ group: 192.0.2.1 }'), /group: expected an address of multicast, .* got '192.0.2.1'/],
    [one('{ groupInterface: 192.0.2.1 }'), /groupInterface: expected it with group, got none/],
    [one('{ group: 225.1.1.1, serial: { device: /dev/x } }'), /group: expected none with serial/],
    [one('{ forwarders: 10.0.0.0/8, serial: { device: /dev/x } }'), /forwarders: expected none with serial/],
    [
      one('{ predefinedTopics: [{ topicId: 1, topicName: a }, { topicId: 1, topicName: b }] }'),
      /predefinedTopics\[1\]\.topicId: expected another number than a has, got 1 again/,
    ],
    [one('{ predefinedTopics: [{ topicId: 65535, topicName: a }] }'), /expected .*1 to 65534.*, got 65535/],
    [one('{ unconnected: {} }'), /unconnected\.networks: must be given/],
    [one('{ wakeFrom: samehost }'), /did you mean same-host\?/],
    [one('{ predefinedTopic: [] }'), /unknown key; did you mean predefinedTopics\?/],
  ])('%s', (yaml, line) => {
    expect(errorLines(yaml)[0]).toMatch(line);
  });
});

describe('That its clients have no passwords is noticed', () => {
  const notices = (yaml: string) => parseConfiguration(yaml, FILE).notices.map(({ code }) => code);
  const passwords = 'authentication: { methods: [{ type: passwordFile, file: p }] }';

  test('where passwords are asked for', () => {
    expect(notices(`${one('{}')}\n${passwords}`)).toContain('no-passwords');
  });

  test('where those without a name may come in, and they are given names', () => {
    const mixed = 'authentication: { anonymous: true, methods: [{ type: passwordFile, file: p }] }';
    expect(notices(`${one('{ users: [{ username: u }] }')}\n${mixed}`)).toContain('no-passwords');
    expect(notices(`${one('{}')}\n${mixed}`)).not.toContain('no-passwords');
  });

  test('and not where the listener lets them in', () => {
    const yaml = `${one('{ users: [{ username: u }] }', 'authentication: { anonymous: true }')}\n${passwords}`;
    expect(notices(yaml)).not.toContain('no-passwords');
  });
});

test('A serial line may end in a radio: nobody is let in by it unless that is said', () => {
  expect(parsed(one('{}')).authentication.anonymous).toBe(true);
  expect(parsed(one('{ serial: { device: /dev/x } }')).authentication.anonymous).toBe(false);
});

describe('A reload', () => {
  const fateOf = (before: string, after: string) =>
    listenerFates(parsed(one(before)).listeners, parsed(one(after)).listeners).map(({ fate }) => fate);

  test.each([
    ['{}', '{}', 'kept'],
    ['{}', '{ predefinedTopics: [{ topicId: 1, topicName: a }] }', 'updated'],
    ['{}', '{ limits: { retryMs: 5s } }', 'updated'],
    ['{}', '{ unconnected: { networks: 10.0.0.0/8 } }', 'updated'],
    ['{}', '{ unconnected: { networks: 10.0.0.0/8, longTopics: true } }', 'reopened'],
    ['{}', '{ group: 225.1.1.1 }', 'reopened'],
    ['{}', '{ forwarders: 10.0.0.0/8 }', 'reopened'],
    ['{}', '{ limits: { advertiseMs: 20m } }', 'reopened'],
  ])('from %s to %s leaves the listener %s', (before, after, fate) => {
    expect(fateOf(before, after)).toEqual([fate]);
  });

  test('opens a listener on UDP beside the one on TCP of the same port, and a serial line at its device', () => {
    const [tcp, udp, serial, other] = parsed(
      `listeners:
        - { port: 1883 }
        - { protocol: mqtt-sn }
        - { protocol: mqtt-sn, mqttSn: { serial: { device: /dev/a } } }
        - { protocol: mqtt-sn, mqttSn: { serial: { device: /dev/b } } }`,
    ).listeners;
    expect(isInTheWay(tcp!, udp!)).toBe(false);
    expect(isInTheWay(udp!, udp!)).toBe(true);
    expect(isInTheWay(udp!, serial!)).toBe(false);
    expect(isInTheWay(serial!, other!)).toBe(false);
  });
});

test('Places of datagrams and serial lines read like others, and a UDP port is told as one', () => {
  expect(addressText({ kind: 'udp', host: '::', port: 1883 })).toBe('[::]:1883');
  expect(addressText({ kind: 'serial', path: '/dev/ttyUSB0' })).toBe('/dev/ttyUSB0');
  const taken = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' });
  const { message } = listenError(taken, { kind: 'udp', host: '127.0.0.1', port: 1883 }, 'another port');
  expect(message).toMatch(/^UDP port 1883 is already in use/);
});
