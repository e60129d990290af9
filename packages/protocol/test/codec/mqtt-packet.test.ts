/** The codec against the npm package `mqtt-packet`, both ways. */
import type { Packet } from '@martlet/protocol';
import { encodePacket, ProtocolVersion, RemoteError } from '@martlet/protocol';
import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { packetArbitraries } from './arbitraries.ts';
import { decodeWhole } from './decode-whole.ts';
import type { Form } from './mqtt-packet-form.ts';
import { comparable, DEVIATIONS, formOf, leveled } from './mqtt-packet-form.ts';
import { wire } from './wire-notation.ts';

function parse(bytes: Uint8Array, version: ProtocolVersion): Form {
  const parser = mqttPacket.parser({ protocolVersion: version });
  const parsed: mqttPacket.Packet[] = [];
  parser.on('packet', (packet) => parsed.push(packet));
  parser.on('error', (error) => {
    throw error;
  });
  const left = parser.parse(Buffer.from(bytes));
  expect({ packets: parsed.length, left }).toEqual({ packets: 1, left: 0 });
  return comparable(parsed[0]!);
}

function generate(form: Form, version: ProtocolVersion): Uint8Array {
  const bytes = mqttPacket.generate(form as unknown as mqttPacket.Packet, { protocolVersion: version });
  return new Uint8Array(bytes);
}

function deviates(when: 'parsing' | 'generating', packet: Packet, version: ProtocolVersion): boolean {
  return DEVIATIONS.some((each) => each.when === when && each.concerns(packet, version));
}

for (const version of Object.values(ProtocolVersion)) {
  describe(`protocol level ${version}`, () => {
    for (const [type, arbitrary] of Object.entries(packetArbitraries(version))) {
      test(`they read of our ${type} what we wrote`, () => {
        fc.assert(
          fc.property(arbitrary, (packet) => {
            fc.pre(!deviates('parsing', packet, version));
            expect(parse(encodePacket(packet, version), version)).toEqual(formOf(packet, version));
          }),
          { numRuns: 300 },
        );
      });

      test(`we read of their ${type} what they wrote`, () => {
        fc.assert(
          fc.property(arbitrary, (packet) => {
            fc.pre(!deviates('generating', packet, version));
            const theirs = generate(formOf(packet, version), version);
            expect(leveled(decodeWhole(theirs, version))).toEqual(leveled(packet));
          }),
          { numRuns: 300 },
        );
      });
    }
  });
}

describe('what they accept and we refuse', () => {
  const rows: readonly (readonly [string, ProtocolVersion, string])[] = [
    ['[MQTT-1.5.4-1] v5 a Topic Name that is not UTF-8', 5, '30 [0001 ff []]'],
    ['[MQTT-1.5.3-2] v3.1.1 a Topic Name with U+0000', 4, '30 [0001 00]'],
    ['[MQTT-1.5.5-1] v5 a Remaining Length that is longer than it needs to be', 5, 'c0 80 00'],
    ['[MQTT-2.3.1-1] v3.1.1 packet identifier 0', 4, '40 [0000]'],
    ['[MQTT-3.1.2-12] v5 Will QoS 3', 5, '10 ["MQTT" 05 1e 003c [] "id" [] "w" 0000]'],
    ['[MQTT-3.1.2-22] v3.1.1 a password without a user name', 4, '10 ["MQTT" 04 42 003c "id" 0001 70]'],
    [
      '[MQTT-3.1.2-2] v3.1.1 a level that does not go with the Protocol Name',
      4,
      '10 ["MQTT" 03 02 003c "id"]',
    ],
    ['[MQTT-3.2.2-8] v5 a reason code that CONNACK does not have', 5, '20 [00 8e []]'],
    ['[MQTT-3.3.1-2] v3.1.1 DUP with QoS 0', 4, '38 ["t"]'],
    ['[MQTT-3.3.2-2] v5 a PUBLISH to a wildcard', 5, '30 ["a/#" []]'],
    ['[MQTT-3.3.2-8] v5 Topic Alias 0', 5, '30 ["t" [23 0000]]'],
    ['[MQTT-3.8.3-3] v3.1.1 a SUBSCRIBE without Topic Filter', 4, '82 [0001]'],
    ['[MQTT-3.8.3-4] v5 No Local for a Shared Subscription', 5, '82 [0001 [] "$share/g/t" 04]'],
    ['[MQTT-3.10.3-2] v5 an UNSUBSCRIBE without Topic Filter', 5, 'a2 [0001 []]'],
    ['a property twice', 5, '30 ["t" [02 00000001 02 00000002]]'],
    ['a property in the wrong packet', 5, '30 ["t" [21 0001]]'],
    ['bytes behind the packet', 4, 'c0 [00]'],
  ];
  test.each(rows)('%s', (_name, version, notation) => {
    const bytes = wire(notation);
    expect(() => parse(bytes, version)).not.toThrow();
    expect(() => decodeWhole(bytes, version)).toThrow(RemoteError);
  });
});
