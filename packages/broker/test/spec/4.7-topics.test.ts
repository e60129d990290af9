import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { bytesOf, World } from '../world/world.ts';

const VERSIONS = [ProtocolVersion.V31, ProtocolVersion.V311, ProtocolVersion.V5] as const;

/** Topic names that a message is published to, and which of them each filter brings. */
const NAMES = [
  'sport',
  'sport/',
  'sport/tennis',
  'sport/tennis/player1',
  'sport/tennis/player1/ranking',
  '/sport',
  '/',
  '//',
  'SPORT',
  'sport tennis',
  '$own',
  '$own/sport',
  '$own/sport/tennis',
] as const;

describe.each(VERSIONS)('a topic filter in version %i', (protocolVersion) => {
  function received(topicFilter: string): string[] {
    const world = new World();
    const client = world.connect({ protocolVersion });
    const publisher = world.connect();
    client.subscribe(topicFilter);
    for (const topicName of NAMES) publisher.publish(topicName, 'x');
    return client.takePublishes().map((packet) => packet.topicName);
  }

  it.each([
    ['sport', ['sport']],
    ['sport/#', ['sport', 'sport/', 'sport/tennis', 'sport/tennis/player1', 'sport/tennis/player1/ranking']],
    ['sport/+', ['sport/', 'sport/tennis']],
    ['sport/+/player1', ['sport/tennis/player1']],
    ['sport/tennis/+/#', ['sport/tennis/player1', 'sport/tennis/player1/ranking']],
    ['+', ['sport', 'SPORT', 'sport tennis']],
    ['+/+', ['sport/', 'sport/tennis', '/sport', '/']],
    ['/+', ['/sport', '/']],
    ['+/', ['sport/', '/']],
    ['/', ['/']],
    ['//', ['//']],
    ['+/+/+', ['sport/tennis/player1', '//']],
  ])(
    '[MQTT-4.7.1-1] [MQTT-4.7.1-2] v5 [MQTT-4.7.1-2] [MQTT-4.7.1-3] v3.1.1 %s brings what matches it level by level, empty levels too',
    (topicFilter, expected) => {
      expect(received(topicFilter)).toEqual(expected);
    },
  );

  it.each([
    ['#', NAMES.filter((name) => !name.startsWith('$'))],
    ['+/sport', ['/sport']],
    ['+/sport/#', ['/sport']],
    ['$own/#', ['$own', '$own/sport', '$own/sport/tennis']],
    ['$own/+', ['$own/sport']],
  ])(
    '[MQTT-4.7.2-1] v5 v3.1.1 %s brings topics that begin with $ only if it begins with it too',
    (topicFilter, expected) => {
      expect(received(topicFilter)).toEqual(expected);
    },
  );

  it('[MQTT-4.7.3-4] v5 v3.1.1 is compared character by character: composed and decomposed are two, and so are cases', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    const publisher = world.connect();
    client.subscribe([{ topicFilter: 'caf\u00e9' }, { topicFilter: '\ufeffa' }, { topicFilter: 'K' }]);
    for (const topicName of ['cafe\u0301', 'caf\u00e9', 'Caf\u00e9', 'a', '\ufeffa', '\u212a', 'k', 'K']) {
      publisher.publish(topicName, 'x');
    }
    expect(client.takePublishes().map((packet) => packet.topicName)).toEqual(['caf\u00e9', '\ufeffa', 'K']);
  });

  it('[MQTT-4.7.3-3] v5 v3.1.1 may have 65,535 bytes, and so may a topic name', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    const longest = `${'€'.repeat(21_844)}abc`;
    expect(bytesOf(longest)).toHaveLength(65_535);
    client.subscribe(longest);
    client.publish(longest, 'x');
    expect(client.takePublishes().map((packet) => packet.topicName === longest)).toEqual([true]);
  });

  it('[MQTT-4.7.3-2] v5 v3.1.1 with U+0000 ends the connection', () => {
    const client = new World().connect({ protocolVersion });
    const properties = protocolVersion === ProtocolVersion.V5 ? [0] : [];
    client.sendBytes(Uint8Array.of(0x82, 8 + properties.length, 0, 1, ...properties, 0, 3, 0x61, 0, 0x62, 0));
    expect(client.closed).toBe(true);
  });
});

describe('a topic name', () => {
  it.each([
    [ProtocolVersion.V311, undefined],
    [ProtocolVersion.V5, ReasonCode.TopicNameInvalid],
  ] as const)(
    '[MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1 with a wildcard ends the connection in version %i',
    (protocolVersion, reasonCode) => {
      for (const topicName of ['#', '+', 'a/#', 'a/+/b', 'a#', 'a+b']) {
        const world = new World();
        const watching = world.connect();
        watching.subscribe('#');
        const client = world.connect({ protocolVersion });
        const properties = protocolVersion === ProtocolVersion.V5 ? [0] : [];
        const body = [0, topicName.length, ...bytesOf(topicName), ...properties];
        client.sendBytes(Uint8Array.of(0x30, body.length, ...body));
        expect(client.closed).toBe(true);
        const told = client.take().map((packet) => packet.type === 'disconnect' && packet.reasonCode);
        expect(told).toEqual(reasonCode === undefined ? [] : [reasonCode]);
        expect(watching.take()).toEqual([]);
      }
    },
  );

  it('of as many levels as there may be is routed, and one of more ends the connection with 0x90', () => {
    const world = new World({ limits: { topicLevels: 3 } });
    const client = world.connect();
    client.subscribe('#');
    client.publish('a/b/c', 'x');
    client.publish('//', 'y');
    expect(client.takeTexts()).toEqual(['x', 'y']);
    client.publish('a/b/c/d', 'x');
    expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.TopicNameInvalid);
  });

  it('of as many bytes as there may be is routed, and one of more ends the connection with 0x90', () => {
    const world = new World({ limits: { topicBytes: 4 } });
    const client = world.connect();
    client.subscribe('#');
    client.publish('€a', 'x');
    expect(client.takeTexts()).toEqual(['x']);
    client.publish('€ab', 'x');
    expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.TopicNameInvalid);
  });
});

describe('$SYS', () => {
  it('[MQTT-4.7.2-1] v5 v3.1.1 is the broker’s own: what a client publishes there is refused and goes nowhere', () => {
    const world = new World();
    const watching = world.connect();
    watching.subscribe('$SYS/#', 2);
    const client = world.connect();
    client.publish('$SYS/broker/uptime', 'x', { retain: true });
    client.publish('$SYS/broker/uptime', 'x', { qos: 1, retain: true });
    expect(client.takeOne('puback').reasonCode).toBe(ReasonCode.NotAuthorized);
    client.publish('$SYS/broker/uptime', 'x', { qos: 2 });
    expect(client.takeOne('pubrec').reasonCode).toBe(ReasonCode.NotAuthorized);
    const old = world.connect({ protocolVersion: ProtocolVersion.V311 });
    old.publish('$SYS/broker/uptime', 'x', { qos: 1 });
    expect(old.takeOne('puback').packetId).toBe(1);
    expect(watching.take()).toEqual([]);
    expect(world.core.retaining.messages.count).toBe(0);
    expect(world.dropped('not-authorized')).toBe(4);
  });

  it.each(VERSIONS)('cannot be the topic of a will in version %i', (protocolVersion) => {
    const world = new World();
    const client = world.connecting({
      protocolVersion,
      will: { topicName: '$SYS/a', payload: bytesOf('x'), qos: 0, retain: false, properties: {} },
    });
    expect(client.closed).toBe(true);
    const told = client.take().map((packet) => packet.type === 'connack' && packet.reasonCode);
    if (protocolVersion === ProtocolVersion.V5) expect(told).toEqual([ReasonCode.TopicNameInvalid]);
    else expect(told).not.toContain(ReasonCode.Success);
  });
});
