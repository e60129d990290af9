import { DeliveryState } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../../../src/stores/disk/bytes/byte-sink.ts';
import { RecordError } from '../../../../src/stores/disk/records/record-error.ts';
import { RecordOp } from '../../../../src/stores/disk/records/record-op.ts';
import { RecordWriter } from '../../../../src/stores/disk/records/record-writer.ts';
import type { ShownRecord } from './shown-records.ts';
import { RECORD_NAMES, showAll, shownRecords } from './shown-records.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Hexadecimal bytes, and texts in quotes, as bytes. */
function bytes(text: string): Uint8Array {
  const parts = text.match(/'[^']*'|[0-9a-f]{2}/g) ?? [];
  return Buffer.concat(
    parts.map((part) => (part.startsWith("'") ? Buffer.from(part.slice(1, -1)) : Buffer.from(part, 'hex'))),
  );
}

function written(...records: ShownRecord[]): Uint8Array {
  const sink = new ByteSink(1);
  showAll(records, new RecordWriter(sink));
  return sink.bytes;
}

/** Written out by hand from `docs/store-format.md`. */
const VECTORS: readonly (readonly [title: string, record: ShownRecord, bytes: string])[] = [
  [
    'a session of a connected client without a will',
    [
      'session',
      1,
      { clientId: 'a', sessionExpiryInterval: 0, disconnectedAtWallMs: undefined, will: undefined },
    ],
    "01 02 01'a' 00 00",
  ],
  [
    'a session that has been left, with a will that expires',
    [
      'session',
      70,
      {
        clientId: 'tür',
        sessionExpiryInterval: 0xffff_ffff,
        disconnectedAtWallMs: 1_700_000_000_000,
        will: {
          topicName: 'gone',
          payload: bytes("'x'00"),
          qos: 1,
          retain: true,
          properties: bytes('01 01'),
          messageExpiryInterval: 300,
          willDelayInterval: 5,
        },
      },
    ],
    "01 8c01 04't'c3bc'r' ffffffff0f 03 81 a0 ab fe f9 62 04'gone' 02'x'00 0d 02 0101 ac02 05",
  ],
  [
    'a session that was left before 1970, with a plain will',
    [
      'session',
      0,
      {
        clientId: '',
        sessionExpiryInterval: 1,
        disconnectedAtWallMs: -1,
        will: {
          topicName: 'w',
          payload: bytes(''),
          qos: 2,
          retain: false,
          properties: bytes(''),
          messageExpiryInterval: undefined,
          willDelayInterval: 0,
        },
      },
    ],
    "01 00 00 01 03 02 01'w' 00 02 00 00",
  ],
  ['a session that is gone', ['sessionGone', 3], '02 06'],
  [
    'a subscription with all options',
    [
      'subscription',
      2,
      {
        topicFilter: 'a/#',
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        retainHandling: 2,
        subscriptionIdentifier: 268_435_455,
      },
    ],
    "03 04 03'a/#' 2e ffffff7f",
  ],
  [
    'a plain subscription',
    [
      'subscription',
      2,
      {
        topicFilter: '+',
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        subscriptionIdentifier: 0,
      },
    ],
    "03 04 01'+' 00 00",
  ],
  ['a subscription that is gone', ['subscriptionGone', 2, 'a/#'], "04 04 03'a/#'"],
  ['a received packet identifier', ['received', 2, 65_535], '05 04 ffff03'],
  ['a released packet identifier', ['receivedGone', 2, 1], '06 04 01'],
  [
    'a shared group',
    ['share', 4, { kind: 'share', shareName: 'g', topicFilter: 'a/+' }],
    "07 08 01'g' 03'a/+'",
  ],
  ['a queue that is gone', ['queueGone', 4], '08 08'],
  [
    'a message that never expires',
    ['message', 1, 0, 130, 0x12345678, 64, 240, 1, false, NEVER],
    '10 02 00 8201 78563412 40 f001 01 00',
  ],
  [
    'a retained message that expires',
    ['message', 2 ** 48 - 1, 300, 5, 0xffff_ffff, 0, 2 ** 32, 2, true, 63],
    '10 feffffffffff7f ac02 05 ffffffff 00 8080808010 06 7f',
  ],
  ['another expiry', ['expiry', 1, 64], '11 02 8101'],
  ['no expiry any more', ['expiry', 1, NEVER], '11 02 00'],
  ['a clock that was put forward', ['clockMoved', 3_600_000], '15 80bab703'],
  ['a clock that was put back', ['clockMoved', -1], '15 01'],
  ['the clock', ['clock', 64], '16 8101'],
  ['a plain push', ['push', 1, 0, 1, 1, false, [], null], '12 02 00 02 01'],
  [
    'a push with everything',
    ['push', 1, -1, 2, 2, true, [1, 300], { kind: 'share', shareName: 'g', topicFilter: 'b' }],
    "12 02 01 04 1e 02 01 ac02 01'g' 01'b'",
  ],
  ['a push in front', ['push', 1, -2_147_483_648, 2, 0, false, [], null], '12 02 ffffffff0f 04 00'],
  [
    'an entry that was sent',
    ['sent', 1, 3, 70, 65_535, DeliveryState.AwaitingPubrec],
    '13 02 06 8601 ffff03 02',
  ],
  ['an entry whose state changed', ['sent', 1, 3, 3, 9, DeliveryState.AwaitingPubcomp], '13 02 06 00 09 03'],
  ['an entry that is over', ['done', 1, 64], '14 02 8001'],
  ['a retained message', ['retained', 1, 'a/b'], "18 02 03'a/b'"],
  ['nothing retained any more', ['retainedGone', 'a/b'], "19 03'a/b'"],
];

describe('A record is the bytes of docs/store-format.md:', () => {
  test.each(VECTORS)('%s', (_title, record, text) => {
    const expected = bytes(text);
    expect(Buffer.from(written(record)).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
    expect(shownRecords(expected)).toEqual([record]);
  });

  test('every kind of record has a vector', () => {
    const named = new Set(VECTORS.map(([, [name]]) => name));
    expect([...named].sort()).toEqual([...RECORD_NAMES].sort());
    const ops = new Set(VECTORS.map(([, , text]) => bytes(text)[0]!));
    expect([...ops].sort()).toEqual(Object.values(RecordOp).sort());
  });

  test('identifiers are distances from the one before in the same batch', () => {
    const records: ShownRecord[] = [
      ['push', 100, 1, 5000, 0, false, [], null],
      ['push', 101, 1, 5000, 0, false, [], null],
      ['done', 99, 1],
      ['expiry', 4999, 0],
    ];
    expect(Buffer.from(written(...records)).toString('hex')).toBe(
      Buffer.from(bytes('12 c801 02 904e 00  12 02 02 00 00  14 03 02  11 01 01')).toString('hex'),
    );
    expect(shownRecords(written(...records))).toEqual(records);
  });

  test('a new batch begins from 0 again', () => {
    const first = new ByteSink();
    const second = new ByteSink();
    const writer = new RecordWriter(first);
    writer.done(7, 1);
    writer.begin(second);
    writer.done(7, 2);
    expect(shownRecords(first.bytes)).toEqual([['done', 7, 1]]);
    expect(shownRecords(second.bytes)).toEqual([['done', 7, 2]]);
  });
});

const id = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }));
const key = fc.oneof(fc.integer({ min: -70, max: 70 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const text = fc.string({ unit: 'binary', maxLength: 40 });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const packetId = fc.integer({ min: 0, max: 65_535 });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const binary = fc.uint8Array({ maxLength: 200 });
const time = fc.oneof(
  fc.constant(NEVER),
  fc.integer({ min: -4e15, max: 4e15 }),
  fc.integer({ min: -70, max: 70 }),
);
const state = fc.constantFrom(...Object.values(DeliveryState));
const share = fc.record({ kind: fc.constant('share' as const), shareName: text, topicFilter: text });
const is = <T extends string>(name: T) => fc.constant(name);
const will = fc.record({
  topicName: text,
  payload: binary,
  qos,
  retain: fc.boolean(),
  properties: binary,
  messageExpiryInterval: fc.option(u32, { nil: undefined }),
  willDelayInterval: u32,
});
const session = fc.record({
  clientId: text,
  sessionExpiryInterval: u32,
  disconnectedAtWallMs: fc.option(time, { nil: undefined }),
  will: fc.option(will, { nil: undefined }),
});
const subscription = fc.record({
  topicFilter: text,
  qos,
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom(0 as const, 1 as const, 2 as const),
  subscriptionIdentifier: fc.integer({ min: 0, max: 268_435_455 }),
});
const identifiers = fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 5 });
const size = fc.integer({ min: 0, max: 2 ** 40 });

const record: fc.Arbitrary<ShownRecord> = fc.oneof(
  fc.tuple(is('session'), id, session),
  fc.tuple(is('sessionGone'), id),
  fc.tuple(is('subscription'), id, subscription),
  fc.tuple(is('subscriptionGone'), id, text),
  fc.tuple(is('received'), id, packetId),
  fc.tuple(is('receivedGone'), id, packetId),
  fc.tuple(is('share'), id, share),
  fc.tuple(is('queueGone'), id),
  fc.tuple(is('message'), id, u32, u32, u32, u32, size, qos, fc.boolean(), time),
  fc.tuple(is('expiry'), id, time),
  fc.tuple(is('clockMoved'), fc.integer({ min: -4e15, max: 4e15 })),
  fc.tuple(is('clock'), time),
  fc.tuple(is('push'), id, key, id, qos, fc.boolean(), identifiers, fc.option(share, { nil: null })),
  fc.tuple(is('sent'), id, key, key, packetId, state),
  fc.tuple(is('done'), id, key),
  fc.tuple(is('retained'), id, text),
  fc.tuple(is('retainedGone'), text),
);

describe('Records', () => {
  test('come back as they were written, whatever stands before and behind them', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        expect(shownRecords(written(...records))).toEqual(records);
      }),
    );
  });

  test('are written in whole milliseconds, and no time is too far away', () => {
    const times = [0.4, -0.6, 1e300, -1e300].map((each): ShownRecord => ['expiry', 1, each]);
    expect(shownRecords(written(...times)).map(([, , ms]) => ms)).toEqual([0, -1, 4e15, -4e15]);
  });

  test('are recognised when they are cut, and those before the cut are shown', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), (records, cutAt) => {
        const lengths = records.map((_, i) => written(...records.slice(0, i + 1)).length);
        const meta = written(...records);
        const cut = cutAt % meta.length;
        const whole = lengths.filter((length) => length <= cut).length;
        if (lengths[whole - 1] === cut || cut === 0) {
          expect(shownRecords(meta.subarray(0, cut))).toEqual(records.slice(0, whole));
        } else {
          let caught: unknown;
          try {
            shownRecords(meta.subarray(0, cut));
          } catch (error) {
            caught = error;
          }
          expect(caught).toBeInstanceOf(RecordError);
          expect((caught as RecordError).offset).toBe(lengths[whole - 1] ?? 0);
        }
      }),
    );
  });

  const known = new Set<number>(Object.values(RecordOp));
  test.each(Array.from({ length: 256 }, (_, op) => op).filter((op) => !known.has(op)))(
    'with the unknown first byte %i are refused',
    (op) => {
      const meta = Buffer.concat([written(['done', 1, 1]), Buffer.from([op, 0, 0, 0, 0, 0, 0, 0])]);
      expect(() => shownRecords(meta)).toThrow(`record at byte 3 of the meta area: expected a record`);
    },
  );

  test.each([
    ['a QoS of 3 in a push', '12 02 00 02 03'],
    ['unknown flags in a push', '12 02 00 02 20'],
    ['a QoS of 3 in a message', '10 02 00 00 00000000 00 00 03 00'],
    ['unknown flags in a message', '10 02 00 00 00000000 00 00 08 00'],
    ['unknown flags in a session', '01 02 00 00 04'],
    ['unknown flags in a will', '01 02 00 00 02 00 00 10 00 00'],
    ['a QoS of 3 in a will', '01 02 00 00 02 00 00 03 00 00'],
    ['a retain handling of 3', '03 02 00 30 00'],
    ['a QoS of 3 in a subscription', '03 02 00 03 00'],
    ['an unknown state', '13 02 00 00 01 05'],
    ['a packet identifier above 65,535', '05 02 808004'],
    ['a negative owner', '14 01 00'],
    ['a negative message', '11 01 00'],
    ['a varint that is too long', '08 ffffffffffffffff01'],
    ['a varint of 2^53', '08 8080808080808010'],
    ['a text that is longer than the rest', "19 05'abc'"],
  ])('with %s are refused', (_title, hex) => {
    expect(() => shownRecords(bytes(hex))).toThrow(RecordError);
  });

  test('never take longer or throw anything else, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (meta) => {
        try {
          shownRecords(meta);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a reference to a message costs at most twelve bytes in a store of a billion messages', () => {
    const fanOut = Array.from(
      { length: 100 },
      (_, i): ShownRecord => ['push', 1_000_000 + i * 1000, 1_000_000, 1e9, 1, false, [], null],
    );
    const fanIn = Array.from(
      { length: 100 },
      (_, i): ShownRecord => ['push', 1_000_000, 1_000_000 + i, 1e9 + i, 1, false, [], null],
    );
    expect(written(...fanOut).length / 100).toBeLessThanOrEqual(9);
    expect(written(...fanIn).length / 100).toBeLessThanOrEqual(8);
  });
});
