import type { PacketType } from '@martlet/protocol';
import {
  ConnectReturnCode,
  connectReturnCodeFor,
  isReasonCodeOf,
  PACKET_TYPES,
  REASON_CODES,
  ReasonCode,
  reasonCodeForConnectReturnCode,
  reasonCodeName,
  reasonCodeText,
} from '@martlet/protocol';
import { expect, test } from 'vitest';

/** The tables of chapter 3, once more and by hand. */
const SPECIFIED: { readonly [Type in PacketType]?: readonly number[] } = {
  connack: [
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99,
    0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
  ],
  puback: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  pubrec: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  pubrel: [0x00, 0x92],
  pubcomp: [0x00, 0x92],
  suback: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  unsuback: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
  disconnect: [
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
    0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ],
  auth: [0x00, 0x18, 0x19],
};

test('each packet has the reason codes that the specification gives it, and no other', () => {
  for (const packet of PACKET_TYPES) {
    if (packet === undefined) continue;
    const allowed = Array.from({ length: 256 }, (_, value) => value).filter((value) =>
      isReasonCodeOf(packet, value),
    );
    expect(allowed, packet).toEqual(SPECIFIED[packet] ?? []);
  }
});

test('the table has a row for each name, in the order of the values', () => {
  expect(REASON_CODES.map((row) => row.name)).toEqual(Object.keys(ReasonCode));
  expect(REASON_CODES.map((row) => row.value)).toEqual(Object.values(ReasonCode));
  const values = REASON_CODES.map((row) => row.value);
  expect(values).toEqual([...values].sort((a, b) => a - b));
});

test('the rows of the table stand in the packets that have their codes, and 0x00 in one row for each packet', () => {
  for (const [packet, values] of Object.entries(SPECIFIED)) {
    const rows = REASON_CODES.filter((row) => row.packets.includes(packet as PacketType));
    expect(rows.map((row) => row.value)).toEqual(values);
  }
  expect(REASON_CODES.filter((row) => row.packets.length === 0)).toEqual([]);
});

test('a reason code has the name by which programs write it', () => {
  expect(reasonCodeName(ReasonCode.NotAuthorized)).toBe('NotAuthorized');
  expect(reasonCodeName(0x00)).toBe('Success');
  expect(reasonCodeName(0x05)).toBeUndefined();
});

test('success has the name that fits the packet', () => {
  expect(reasonCodeText(0)).toBe('Success');
  expect(reasonCodeText(0, 'disconnect')).toBe('Normal disconnection');
  expect(reasonCodeText(0, 'suback')).toBe('Granted QoS 0');
  expect(reasonCodeText(0x87, 'puback')).toBe('Not authorized');
  expect(reasonCodeText(0x05)).toBe('unknown reason code 0x05');
});

test('return codes of 3.1.1 and reason codes of 5.0 translate into each other', () => {
  for (const returnCode of Object.values(ConnectReturnCode)) {
    const reasonCode = reasonCodeForConnectReturnCode(returnCode);
    expect(reasonCode === undefined ? undefined : connectReturnCodeFor(reasonCode)).toBe(returnCode);
  }
  expect(reasonCodeForConnectReturnCode(6)).toBeUndefined();
});

test('a refusal that a 3.1.1 client would understand another way is told it', () => {
  expect(connectReturnCodeFor(ReasonCode.Banned)).toBe(ConnectReturnCode.NotAuthorized);
  expect(connectReturnCodeFor(ReasonCode.ServerBusy)).toBe(ConnectReturnCode.ServerUnavailable);
});

test('[MQTT-3.2.2-6] v3.1.1 where no return code fits, there is none to send', () => {
  const without = [ReasonCode.MalformedPacket, ReasonCode.ProtocolError, ReasonCode.PacketTooLarge];
  expect(without.map(connectReturnCodeFor)).toEqual([undefined, undefined, undefined]);
});
