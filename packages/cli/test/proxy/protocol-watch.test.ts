// What the proxy finds between the packets of a connection, and what it must not find.

import { readFileSync } from 'node:fs';
import type { Packet, ProtocolVersion } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import type { Direction } from '../../src/proxy/direction.ts';
import { ProtocolWatch } from '../../src/proxy/protocol-watch.ts';
import {
  AUTH,
  answer,
  connack,
  connect,
  DISCONNECT,
  PINGREQ,
  publish,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
} from './packets.ts';

/** A packet of the client or of the server; with `twice`, one that the proxy sends twice. */
type Sent = readonly [by: 'client' | 'server', packet: Packet, how?: 'twice' | undefined];

const client = (packet: Packet, how?: 'twice'): Sent => ['client', packet, how];
const server = (packet: Packet, how?: 'twice'): Sent => ['server', packet, how];

/** The statements that each packet violates, those that violate none left out. */
function violated(...sent: readonly Sent[]): readonly string[] {
  const watch = new ProtocolWatch();
  return sent.flatMap(([by, packet, how]) => {
    const direction: Direction = by === 'client' ? 'toServer' : 'toClient';
    const found = watch.look(packet, direction, packet.type === 'publish' ? 5 + packet.payload.length : 4);
    if (how === 'twice') watch.onTwice(packet, direction);
    return found.map(({ statement }) => `${by} ${packet.type} ${statement}`);
  });
}

/** A connection that is made. */
function begun(version: ProtocolVersion, properties = {}): readonly Sent[] {
  return [client(connect(version)), server(connack(version === 5 ? properties : {}))];
}

const [V4, V5] = [begun(4), begun(5)];

describe('what is wrong', () => {
  const CASES: readonly (readonly [string, readonly Sent[], readonly string[]])[] = [
    ['a client that begins otherwise', [client(publish(0))], ['client publish MQTT-3.1.0-1']],
    ['a second CONNECT', [...V5, client(connect(5))], ['client connect MQTT-3.1.0-2']],
    [
      'a server that begins otherwise',
      [client(connect(5)), server(publish(0))],
      ['server publish MQTT-3.2.0-1'],
    ],
    ['a second CONNACK', [...V5, server(connack())], ['server connack MQTT-3.2.0-2']],
    ['a second CONNACK before 5.0', [...V4, server(connack())], ['server connack MQTT-3.2.0-1']],
    [
      'what follows DISCONNECT',
      [...V5, client(DISCONNECT), client(PINGREQ)],
      ['client pingreq MQTT-3.14.4-1'],
    ],
    [
      'what follows DISCONNECT before 5.0',
      [...V4, client(DISCONNECT), client(PINGREQ)],
      ['client pingreq MQTT-3.14.4-2'],
    ],
    [
      'a session that was not wanted',
      [client(connect(5)), server(connack({}, true))],
      ['server connack MQTT-3.2.2-2'],
    ],
    [
      'a session that was not wanted, before 5.0',
      [client(connect(4)), server(connack({}, true))],
      ['server connack MQTT-3.2.2-1'],
    ],
    [
      'a packet that is too long for the client',
      [
        client(connect(5, { properties: { maximumPacketSize: 20 } })),
        server(connack()),
        server(publish(0, 0, { payload: new Uint8Array(15) })),
        server(publish(0, 0, { payload: new Uint8Array(16) })),
      ],
      ['server publish MQTT-3.1.2-24'],
    ],
    [
      'a packet that is too long for the server',
      [...begun(5, { maximumPacketSize: 20 }), client(publish(0, 0, { payload: new Uint8Array(16) }))],
      ['client publish MQTT-3.2.2-15'],
    ],
    [
      'topic aliases of a client',
      [
        ...begun(5, { topicAliasMaximum: 2 }),
        client(publish(0, 0, { properties: { topicAlias: 2 } })),
        client(publish(0, 0, { properties: { topicAlias: 3 } })),
      ],
      ['client publish MQTT-3.2.2-17'],
    ],
    [
      'topic aliases where there are none',
      [
        ...V5,
        client(publish(0, 0, { properties: { topicAlias: 1 } })),
        server(publish(0, 0, { properties: { topicAlias: 1 } })),
      ],
      ['client publish MQTT-3.2.2-18', 'server publish MQTT-3.1.2-27'],
    ],
    [
      'topic aliases of a server',
      [
        client(connect(5, { properties: { topicAliasMaximum: 1 } })),
        server(connack()),
        server(publish(0, 0, { properties: { topicAlias: 2 } })),
      ],
      ['server publish MQTT-3.1.2-26'],
    ],
    [
      'a Subscription Identifier from a client',
      [...V5, client(publish(0, 0, { properties: { subscriptionIdentifiers: [1] } }))],
      ['client publish MQTT-3.3.4-6'],
    ],
    [
      'what the server does not take',
      [...begun(5, { maximumQos: 0, retainAvailable: false }), client(publish(1, 1, { retain: true }))],
      ['client publish MQTT-3.2.2-11', 'client publish MQTT-3.2.2-14'],
    ],
    [
      'a packet identifier in use',
      [...V5, client(publish(1, 1)), client(publish(1, 1)), server(publish(2, 1)), server(publish(2, 1))],
      ['client publish MQTT-2.2.1-3', 'server publish MQTT-2.2.1-4'],
    ],
    [
      'a packet identifier in use before 5.0',
      [...V4, client(publish(1, 1)), client(publish(1, 1)), server(publish(2, 1)), server(publish(2, 1))],
      ['client publish MQTT-2.3.1-2', 'server publish MQTT-2.3.1-4'],
    ],
    [
      'a packet identifier shared by SUBSCRIBE and PUBLISH',
      [...V5, client(subscribe(1)), client(publish(1, 1)), client(unsubscribe(1))],
      ['client publish MQTT-2.2.1-3', 'client unsubscribe MQTT-2.2.1-3'],
    ],
    [
      'more messages than a client takes',
      [
        client(connect(5, { properties: { receiveMaximum: 1 } })),
        server(connack()),
        server(publish(1, 1)),
        server(publish(1, 2)),
      ],
      ['server publish MQTT-3.3.4-9'],
    ],
    [
      'more messages than a server takes',
      [
        ...begun(5, { receiveMaximum: 2 }),
        client(publish(1, 1)),
        client(publish(2, 2)),
        client(publish(2, 3)),
      ],
      ['client publish MQTT-3.3.4-7'],
    ],
    [
      'PUBACK for a message of QoS 2',
      [...V5, client(publish(2, 1)), server(answer('puback', 1))],
      ['server puback MQTT-2.2.1-5'],
    ],
    [
      'answers to nothing',
      [
        ...V5,
        server(answer('puback', 1)),
        server(answer('pubrec', 2)),
        server(answer('pubcomp', 3)),
        client(answer('pubrel', 4)),
      ],
      [
        'server puback MQTT-2.2.1-5',
        'server pubrec MQTT-2.2.1-5',
        'server pubcomp MQTT-2.2.1-5',
        'client pubrel MQTT-2.2.1-5',
      ],
    ],
    ['an answer to nothing before 5.0', [...V4, client(answer('puback', 1))], ['client puback MQTT-2.3.1-6']],
    [
      'PUBREL before PUBREC',
      [...V5, client(publish(2, 1)), client(answer('pubrel', 1))],
      ['client pubrel MQTT-2.2.1-5'],
    ],
    [
      'what MQTT 5.0 sends again on the same connection',
      [
        ...V5,
        client(publish(2, 1)),
        server(answer('pubrec', 1)),
        server(answer('pubrec', 1)),
        server(publish(1, 1)),
        server(publish(1, 1, { dup: true })),
      ],
      ['server pubrec MQTT-4.4.0-1', 'server publish MQTT-4.4.0-1'],
    ],
    [
      'PUBLISH after PUBREL before 5.0',
      [
        ...V4,
        client(publish(2, 1)),
        server(answer('pubrec', 1)),
        client(answer('pubrel', 1)),
        client(publish(2, 1, { dup: true })),
      ],
      ['client publish MQTT-4.3.3-1'],
    ],
    ['a SUBACK without SUBSCRIBE', [...V5, server(suback(1))], ['server suback MQTT-2.2.1-6']],
    ['a SUBACK without SUBSCRIBE before 5.0', [...V4, server(suback(1))], ['server suback MQTT-2.3.1-7']],
    [
      'a SUBACK for UNSUBSCRIBE',
      [...V5, client(unsubscribe(1)), server(suback(1))],
      ['server suback MQTT-2.2.1-6'],
    ],
    [
      'codes missing from SUBACK',
      [...V5, client(subscribe(1, 3)), server(suback(1, 2))],
      ['server suback MQTT-3.8.4-6'],
    ],
    [
      'codes missing from SUBACK before 5.0',
      [...V4, client(subscribe(1, 3)), server(suback(1, 2))],
      ['server suback MQTT-3.8.4-5'],
    ],
    [
      'codes missing from UNSUBACK',
      [...V5, client(unsubscribe(1, 3)), server(unsuback(1, 2))],
      ['server unsuback MQTT-3.11.3-2'],
    ],
    [
      'AUTH without a method',
      [client(connect(5)), server(AUTH), client(AUTH)],
      ['server auth MQTT-4.12.0-6', 'client auth MQTT-4.12.0-7'],
    ],
  ];

  test.each(CASES)('%s', (_name, sent, expected) => {
    expect(violated(...sent)).toEqual(expected);
  });

  test('every statement is one of that version', () => {
    const known = JSON.parse(
      readFileSync(new URL('../../../../docs/conformance/statements.json', import.meta.url), 'utf8'),
    ) as readonly { id: string; version: string }[];
    for (const [name, sent, expected] of CASES) {
      const packet = sent.find(([, each]) => each.type === 'connect')?.[1];
      const version = packet?.type === 'connect' && packet.protocolVersion === 4 ? '3.1.1' : '5.0';
      for (const each of expected) {
        const id = each.split(' ')[2];
        expect(
          known.some((statement) => statement.id === id && statement.version === version),
          `${name}: ${id} in ${version}`,
        ).toBe(true);
      }
    }
  });
});

describe('what is right', () => {
  test.each([3, 4, 5] as const)('a long session of MQTT version %i with every kind of packet', (version) => {
    const sent: Sent[] = [...begun(version)];
    for (let id = 1; id <= 200; id++) {
      sent.push(client(publish(1, id)), client(publish(2, id + 1000)), client(subscribe(id + 2000)));
      sent.push(server(publish(1, id)), server(publish(2, id + 1000)));
      sent.push(server(suback(id + 2000)), client(answer('puback', id)), client(answer('pubrec', id + 1000)));
      sent.push(server(answer('puback', id)), server(answer('pubrec', id + 1000)));
      sent.push(server(answer('pubrel', id + 1000)), client(answer('pubrel', id + 1000)));
      sent.push(client(answer('pubcomp', id + 1000)), server(answer('pubcomp', id + 1000)));
      sent.push(client(unsubscribe(id + 3000, 2)), server(unsuback(id + 3000, version === 5 ? 2 : 0)));
      sent.push(client(PINGREQ), server({ type: 'pingresp' }), client(publish(0)), server(publish(0)));
      // The same identifiers once more, now that they are free.
      sent.push(client(publish(2, id)), server(answer('pubrec', id)), client(answer('pubrel', id)));
      sent.push(server(answer('pubcomp', id)));
    }
    expect(violated(...sent, client(DISCONNECT))).toEqual([]);
  });

  test('MQTT 3.1.1 sends again on the same connection, while answers are under way', () => {
    const dup = { dup: true };
    expect(
      violated(
        ...V4,
        // PUBREC has passed when PUBLISH comes again; each is answered.
        ...[client(publish(2, 1)), server(answer('pubrec', 1)), client(publish(2, 1, dup))],
        ...[client(answer('pubrel', 1)), server(answer('pubrec', 1)), client(answer('pubrel', 1))],
        ...[server(answer('pubcomp', 1)), server(answer('pubcomp', 1))],
        // QoS 1, with both answers at the end.
        ...[server(publish(1, 2)), server(publish(1, 2, dup)), client(answer('puback', 2))],
        client(answer('puback', 2)),
        // PUBREL again.
        ...[server(publish(2, 3)), client(answer('pubrec', 3)), server(answer('pubrel', 3))],
        ...[server(answer('pubrel', 3)), client(answer('pubcomp', 3)), client(answer('pubcomp', 3))],
      ),
    ).toEqual([]);
  });

  test.each([4, 5] as const)('a session that goes on from an earlier connection, version %i', (version) => {
    expect(
      violated(
        client(connect(version, { cleanStart: false })),
        server(connack({}, true)),
        ...[client(publish(1, 7, { dup: true })), client(answer('pubrel', 8)), server(answer('pubcomp', 8))],
        ...[server(answer('pubrel', 9)), client(answer('pubcomp', 9)), server(answer('puback', 7))],
        ...[server(publish(2, 5, { dup: true })), client(answer('pubrec', 5)), server(answer('pubrel', 5))],
        ...[client(answer('pubcomp', 5)), server(answer('pubrec', 77))],
      ),
    ).toEqual([]);
  });

  test('what an earlier connection left lets one more message be sent when it ends', () => {
    const [older, newer] = [client(answer('pubrel', 9)), client(publish(1, 1))];
    const start = [
      client(connect(5, { cleanStart: false })),
      server(connack({ receiveMaximum: 1 }, true)),
      older,
      newer,
    ];
    expect(violated(...start, client(publish(1, 2)))).toEqual(['client publish MQTT-3.3.4-7']);
    expect(violated(...start, server(answer('pubcomp', 9)), client(publish(1, 2)))).toEqual([]);
  });

  test('a session that the server no longer has is a new one', () => {
    expect(
      violated(client(connect(5, { cleanStart: false })), server(connack()), server(answer('puback', 1))),
    ).toEqual(['server puback MQTT-2.2.1-5']);
  });

  test('a client that does not wait for CONNACK knows nothing of what it says', () => {
    expect(
      violated(
        client(connect(5)),
        client(publish(1, 1)),
        server(connack({ receiveMaximum: 1, maximumQos: 0, retainAvailable: false, maximumPacketSize: 5 })),
        client(publish(1, 2, { retain: true, payload: new Uint8Array(9) })),
      ),
    ).toEqual([]);
  });

  test('what the proxy sends twice is answered twice', () => {
    expect(
      violated(
        ...V5,
        ...[client(publish(1, 1), 'twice'), server(answer('puback', 1)), server(answer('puback', 1))],
        ...[client(publish(2, 2), 'twice'), server(answer('pubrec', 2)), server(answer('pubrec', 2))],
        ...[client(answer('pubrel', 2)), client(answer('pubrel', 2)), server(answer('pubcomp', 2))],
        server(answer('pubcomp', 2)),
        ...[client(publish(2, 3)), server(answer('pubrec', 3), 'twice'), client(answer('pubrel', 3))],
        ...[client(answer('pubrel', 3)), server(answer('pubcomp', 3)), server(answer('pubcomp', 3))],
        ...[client(publish(2, 4)), server(answer('pubrec', 4)), client(answer('pubrel', 4), 'twice')],
        ...[server(answer('pubcomp', 4)), server(answer('pubcomp', 4))],
        ...[client(subscribe(5), 'twice'), server(suback(5)), server(suback(5))],
        ...[client(unsubscribe(6), 'twice'), server(unsuback(6)), server(unsuback(6))],
      ),
    ).toEqual([]);
  });

  test('a message that is refused, and answers that say they know of none', () => {
    expect(
      violated(
        ...begun(5, { receiveMaximum: 1 }),
        ...[client(publish(2, 1)), server(answer('pubrec', 1, 0x87)), client(publish(2, 1))],
        ...[server(answer('pubrec', 1)), client(answer('pubrel', 1)), server(answer('pubcomp', 1))],
        server(answer('pubcomp', 2, 0x92)),
        client(answer('pubrel', 3, 0x92)),
      ),
    ).toEqual([]);
  });
});
