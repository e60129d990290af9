import type { DecodeOptions, RemoteError } from '@martlet/protocol';
import {
  MalformedPacketError,
  ProtocolError,
  ProtocolVersion,
  UnsupportedProtocolVersionError,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { decodeWhole } from './decode-whole.ts';
import { REFUSAL_VECTORS } from './refusal-vectors.ts';
import { wire } from './wire-notation.ts';

const CLASS_OF = {
  MALFORMED_PACKET: MalformedPacketError,
  PROTOCOL_ERROR: ProtocolError,
  UNSUPPORTED_PROTOCOL_VERSION: UnsupportedProtocolVersionError,
} as const;

function refusalOf(bytes: Uint8Array, version: ProtocolVersion, options?: DecodeOptions): RemoteError {
  try {
    decodeWhole(bytes, version, options);
  } catch (error) {
    return error as RemoteError;
  }
  throw new Error('the bytes were accepted');
}

for (const version of Object.values(ProtocolVersion)) {
  describe(`refused at protocol level ${version}`, () => {
    for (const { name, wire: notations, code, reasonCode, from } of REFUSAL_VECTORS) {
      const notation = notations[version];
      if (notation === undefined) continue;
      test(name, () => {
        const error = refusalOf(wire(notation), version, from === undefined ? undefined : { from });
        expect(error).toBeInstanceOf(CLASS_OF[code]);
        expect({ code: error.code, reasonCode: error.reasonCode }).toEqual({ code, reasonCode });
        expect(error.message).not.toBe('');
      });
      if (from !== undefined) {
        test(`accepted when the other side may have sent it: ${name}`, () => {
          expect(() => decodeWhole(wire(notation), version)).not.toThrow();
          expect(() =>
            decodeWhole(wire(notation), version, { from: from === 'client' ? 'server' : 'client' }),
          ).not.toThrow();
        });
      }
    }
  });
}

describe('accepted by the version that does not have the rule', () => {
  for (const version of Object.values(ProtocolVersion)) {
    for (const { name, accepted } of REFUSAL_VECTORS) {
      const notation = accepted[version];
      if (notation === undefined) continue;
      test(`protocol level ${version}: ${name}`, () => void decodeWhole(wire(notation), version));
    }
  }
});
