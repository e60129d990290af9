import type { PropertyContext, PropertyRow } from '@martlet/protocol';
import {
  MalformedPacketError,
  PROPERTIES,
  ProtocolError,
  ProtocolVersion,
  propertyById,
  propertyByName,
  ReasonCode,
  RemoteError,
} from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { decodeWhole } from './decode-whole.ts';
import { wire } from './wire-notation.ts';

/** The table of section 2.2.2.2, once more and by hand: identifier, and where it may stand. */
const SPECIFIED: Readonly<Record<string, string>> = {
  '01': 'publish will',
  '02': 'publish will',
  '03': 'publish will',
  '08': 'publish will',
  '09': 'publish will',
  '0b': 'publish subscribe',
  '11': 'connect connack disconnect',
  '12': 'connack',
  '13': 'connack',
  '15': 'connect connack auth',
  '16': 'connect connack auth',
  '17': 'connect',
  '18': 'will',
  '19': 'connect',
  '1a': 'connack',
  '1c': 'connack disconnect',
  '1f': 'connack puback pubrec pubrel pubcomp suback unsuback disconnect auth',
  '21': 'connect connack',
  '22': 'connect connack',
  '23': 'publish',
  '24': 'connack',
  '25': 'connack',
  '26': 'connect connack publish will puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback disconnect auth',
  '27': 'connect connack',
  '28': 'connack',
  '29': 'connack',
  '2a': 'connack',
};

/** A packet of each kind around the properties in the middle. */
const PACKET_AROUND: { readonly [Context in PropertyContext]: readonly [string, string] } = {
  connect: ['10 ["MQTT" 05 02 003c [', '] "id"]'],
  will: ['10 ["MQTT" 05 06 003c [] "id" [', '] "w" 0000]'],
  connack: ['20 [00 00 [', ']]'],
  publish: ['30 ["t" [', ']]'],
  puback: ['40 [0001 00 [', ']]'],
  pubrec: ['50 [0001 00 [', ']]'],
  pubrel: ['62 [0001 00 [', ']]'],
  pubcomp: ['70 [0001 00 [', ']]'],
  subscribe: ['82 [0001 [', '] "t" 00]'],
  suback: ['90 [0001 [', '] 00]'],
  unsubscribe: ['a2 [0001 [', '] "t"]'],
  unsuback: ['b0 [0001 [', '] 00]'],
  disconnect: ['e0 [00 [', ']]'],
  auth: ['f0 [00 [', ']]'],
};

const CONTEXTS = Object.keys(PACKET_AROUND) as PropertyContext[];

/** Where the property may stand. */
function contextsOf(row: PropertyRow): readonly PropertyContext[] {
  return CONTEXTS.filter((context) => propertyByName(context, row.name) === row);
}

/** A value that the property may have, as bytes. */
const VALUE_OF: { readonly [Type in PropertyRow['type']]: string } = {
  boolean: '01',
  bit: '01',
  twoByteInteger: '0001',
  fourByteInteger: '00000001',
  variableByteInteger: '01',
  binary: '0001 00',
  string: '"s"',
  stringPair: '"n" "v"',
};

const ZERO_OF: { readonly [Type in PropertyRow['type']]?: string } = {
  twoByteInteger: '0000',
  fourByteInteger: '00000000',
  variableByteInteger: '00',
};

/** Authentication Data needs its method beside it. */
function withCompany(row: PropertyRow, notation: string): string {
  return row.name === 'authenticationData' ? `15 "M" ${notation}` : notation;
}

function idOf(row: PropertyRow): string {
  return row.id.toString(16).padStart(2, '0');
}

function decodeIn(context: PropertyContext, properties: string): unknown {
  const [before, after] = PACKET_AROUND[context];
  return decodeWhole(wire(`${before}${properties}${after}`), ProtocolVersion.V5);
}

function refusalIn(context: PropertyContext, properties: string): RemoteError {
  try {
    decodeIn(context, properties);
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new Error(`accepted in ${context}: ${properties}`);
}

test('the table says of each property where it may stand, as the specification does', () => {
  const said: Record<string, string> = {};
  for (const row of PROPERTIES) {
    said[idOf(row)] = [...new Set([...(said[idOf(row)]?.split(' ') ?? []), ...contextsOf(row)])]
      .sort()
      .join(' ');
  }
  const specified = Object.entries(SPECIFIED).map(([id, contexts]) => [
    id,
    contexts.split(' ').sort().join(' '),
  ]);
  expect(said).toEqual(Object.fromEntries(specified));
});

test('identifier and name lead to the same row, and only where it may stand', () => {
  for (const context of CONTEXTS) {
    for (const row of PROPERTIES) {
      const byId = propertyById(context, row.id);
      if (contextsOf(row).includes(context)) expect(byId).toBe(row);
      else expect([undefined, row.id]).toContain(byId?.id);
      expect(byId).not.toBe(contextsOf(row).includes(context) ? undefined : row);
    }
  }
});

for (const context of CONTEXTS) {
  describe(`properties of ${context}`, () => {
    for (const row of PROPERTIES) {
      const property = `${idOf(row)} ${VALUE_OF[row.type]}`;
      if (contextsOf(row).includes(context)) {
        test(`${row.name} is accepted`, () => {
          const decoded = decodeIn(context, withCompany(row, property));
          expect(JSON.stringify(decoded)).toContain(`"${row.name}":`);
        });
        test(`${row.name} ${row.repeats ? 'may' : 'must not'} stand twice`, () => {
          const twice = withCompany(row, `${property} ${property}`);
          if (row.repeats) return void decodeIn(context, twice);
          const error = refusalIn(context, twice);
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error.reasonCode).toBe(ReasonCode.ProtocolError);
        });
        const zero = ZERO_OF[row.type];
        if (zero !== undefined) {
          test(`${row.name} ${row.zeroRefusal === undefined ? 'may' : 'must not'} be 0`, () => {
            if (row.zeroRefusal === undefined) return void decodeIn(context, `${idOf(row)} ${zero}`);
            expect(refusalIn(context, `${idOf(row)} ${zero}`).reasonCode).toBe(row.zeroRefusal);
          });
        }
        if (row.type === 'boolean' || row.type === 'bit') {
          test(`${row.name} is 0 or 1`, () => {
            decodeIn(context, `${idOf(row)} 00`);
            expect(refusalIn(context, `${idOf(row)} 02`).reasonCode).toBe(ReasonCode.ProtocolError);
          });
        }
      } else if (propertyById(context, row.id) === undefined) {
        test(`${row.name} is refused`, () => {
          expect(refusalIn(context, property)).toBeInstanceOf(MalformedPacketError);
        });
      }
    }

    test('an unknown property is refused', () => {
      for (const unknown of ['00', '04 00', '2b 01', '7f 01', '80 01 01']) {
        expect(refusalIn(context, unknown)).toBeInstanceOf(MalformedPacketError);
      }
    });
  });
}

test('the values that 0 is refused for are the ones that the specification says', () => {
  const refused = PROPERTIES.filter((row) => row.zeroRefusal !== undefined).map((row) => [
    row.name,
    row.zeroRefusal,
  ]);
  expect(Object.fromEntries(refused)).toEqual({
    subscriptionIdentifiers: ReasonCode.ProtocolError,
    subscriptionIdentifier: ReasonCode.ProtocolError,
    receiveMaximum: ReasonCode.ProtocolError,
    topicAlias: ReasonCode.TopicAliasInvalid,
    maximumPacketSize: ReasonCode.ProtocolError,
  });
});
