import {
  connectProtocolVersion,
  encodePacket,
  NO_PROPERTIES,
  ProtocolVersion,
  RemoteError,
  UnsupportedProtocolVersionError,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { decodeWhole } from './decode-whole.ts';
import { hexOf, wire } from './wire-notation.ts';

function versionNamed(notation: string): ProtocolVersion | undefined {
  const bytes = wire(notation);
  return connectProtocolVersion(bytes, 2, bytes.length);
}

function unsupported(notation: string): UnsupportedProtocolVersionError {
  try {
    decodeWhole(wire(notation), ProtocolVersion.V311);
  } catch (error) {
    if (error instanceof UnsupportedProtocolVersionError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the version that a broken CONNECT names', () => {
  test('is known as soon as it is there', () => {
    expect(versionNamed('10 ["MQIsdp" 03]')).toBe(ProtocolVersion.V31);
    expect(versionNamed('10 ["MQTT" 04 ff]')).toBe(ProtocolVersion.V311);
    expect(versionNamed('10 ["MQTT" 84]')).toBe(ProtocolVersion.V311);
    expect(versionNamed('10 ["MQTT" 05 02 003c]')).toBe(ProtocolVersion.V5);
  });

  test('is none when it is cut off or none of ours', () => {
    for (const broken of [
      '10 []',
      '10 [0004 4d51]',
      '10 ["MQTT"]',
      '10 ["MQTT" 06]',
      '10 [0004 ffffffff 04]',
    ]) {
      expect(versionNamed(broken)).toBeUndefined();
    }
  });
});

test('a CONNECT goes by its own version, whatever the connection', () => {
  const flagged = { v31: wire('11 ["MQIsdp" 03 02 003c "id"]'), v5: wire('11 ["MQTT" 05 02 003c [] "id"]') };
  for (const version of Object.values(ProtocolVersion)) {
    expect(decodeWhole(flagged.v31, version)).toMatchObject({ protocolVersion: ProtocolVersion.V31 });
    expect(() => decodeWhole(flagged.v5, version)).toThrow(RemoteError);
  }
});

describe('a CONNECT of an unknown version', () => {
  const connack = {
    type: 'connack',
    sessionPresent: false,
    reasonCode: 0x84,
    properties: NO_PROPERTIES,
  } as const;

  test('[MQTT-3.1.2-2] v3.1.1 below 5 can be answered with return code 1', () => {
    const error = unsupported('10 ["MQTT" 02 02 003c "id"]');
    expect(error).toMatchObject({ protocolName: 'MQTT', protocolLevel: 2, reasonCode: 0x84 });
    expect(error.answerVersion).toBe(ProtocolVersion.V311);
    expect(hexOf(encodePacket({ ...connack, reasonCode: error.reasonCode }, error.answerVersion!))).toBe(
      '20 02 00 01',
    );
  });

  test('[MQTT-3.1.2-2] v5 above 5 can be answered with reason code 0x84', () => {
    const error = unsupported('10 ["MQTT" 06 02 003c [] "id"]');
    expect(error.answerVersion).toBe(ProtocolVersion.V5);
    expect(hexOf(encodePacket(connack, error.answerVersion!))).toBe('20 03 00 84 00');
  });

  test('of 3.1 is answered in its own form', () => {
    expect(unsupported('10 ["MQIsdp" 05 02 003c "id"]').answerVersion).toBe(ProtocolVersion.V311);
    expect(unsupported('10 ["MQTT" 85 02 003c "id"]').answerVersion).toBe(ProtocolVersion.V311);
  });

  test('[MQTT-3.1.2-1] v5 [MQTT-3.1.2-1] v3.1.1 of another protocol gets no answer', () => {
    expect(unsupported('10 ["AMQP" 01 02 003c "id"]').answerVersion).toBeUndefined();
  });

  test('is reported briefly, however long the name', () => {
    const error = unsupported(`10 [0064 ${'41'.repeat(100)} 04]`);
    expect(error.message.length).toBeLessThan(120);
    expect(error).toBeInstanceOf(RemoteError);
  });
});
