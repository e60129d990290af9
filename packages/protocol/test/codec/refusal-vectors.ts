/**
 * Bytes that are refused, and why. Each differs from an accepted packet in one rule, so that it would be accepted were
 * that rule forgotten. `accepted` holds bytes that break the rule in a version that does not have it.
 */
import type { DecodeOptions, ProtocolVersion, RemoteErrorCode } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';

type ByVersion = { readonly [Version in ProtocolVersion]?: string };

export interface RefusalVector {
  readonly name: string;
  readonly wire: ByVersion;
  readonly code: RemoteErrorCode;
  readonly reasonCode: ReasonCode;
  readonly from: DecodeOptions['from'];
  readonly accepted: ByVersion;
}

interface RefusalOptions {
  readonly reasonCode?: ReasonCode;
  readonly from?: DecodeOptions['from'];
  readonly accepted?: ByVersion;
}

function malformed(name: string, wire: ByVersion, options: RefusalOptions = {}): RefusalVector {
  return {
    name,
    wire,
    code: 'MALFORMED_PACKET',
    reasonCode: options.reasonCode ?? ReasonCode.MalformedPacket,
    from: options.from,
    accepted: options.accepted ?? {},
  };
}

function forbidden(name: string, wire: ByVersion, options: RefusalOptions = {}): RefusalVector {
  return {
    ...malformed(name, wire, options),
    code: 'PROTOCOL_ERROR',
    reasonCode: options.reasonCode ?? ReasonCode.ProtocolError,
  };
}

function unsupported(name: string, wire: ByVersion): RefusalVector {
  return {
    ...malformed(name, wire),
    code: 'UNSUPPORTED_PROTOCOL_VERSION',
    reasonCode: ReasonCode.UnsupportedProtocolVersion,
  };
}

/** The same bytes in several versions. */
function all(wire: string): ByVersion {
  return { 3: wire, 4: wire, 5: wire };
}

const ILL_FORMED_UTF8 = {
  'a lone continuation byte': '80',
  'an overlong slash': 'c0af',
  'an overlong character of three bytes': 'e080af',
  'a high surrogate': 'eda080',
  'a low surrogate': 'edbfbf',
  'a pair of surrogates of three bytes each': 'eda081edb080',
  'an overlong character of four bytes': 'f0808080',
  'a character above U+10FFFF': 'f4908080',
  'a sequence that ends early': 'e282',
  'a sequence interrupted': 'e24182',
  'a byte that never occurs': 'ff',
} as const;

/** A string's bytes with their length. */
function field(hex: string): string {
  return (hex.length / 2).toString(16).padStart(4, '0') + hex;
}

const strings: readonly RefusalVector[] = [
  ...Object.entries(ILL_FORMED_UTF8).map(([what, hex]) =>
    malformed(`[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 a string with ${what}`, {
      3: `30 [${field(hex)}]`,
      4: `30 [${field(hex)}]`,
      5: `30 [${field(hex)} []]`,
    }),
  ),
  malformed(
    '[MQTT-1.5.4-2] [MQTT-4.7.3-2] v5 [MQTT-1.5.3-2] [MQTT-4.7.3-2] v3.1.1 a Topic Name with U+0000',
    {
      3: '30 [0003 610062]',
      4: '30 [0003 610062]',
      5: '30 [0003 610062 []]',
    },
  ),
  malformed('[MQTT-4.7.3-2] v5 [MQTT-4.7.3-2] v3.1.1 a Topic Filter with U+0000', {
    3: '82 [0001 0001 00 00]',
    4: '82 [0001 0001 00 00]',
    5: '82 [0001 [] 0001 00 00]',
  }),
  malformed('[MQTT-3.1.3-4] v5 [MQTT-3.1.3-4] v3.1.1 a Client Identifier that is not UTF-8', {
    3: '10 ["MQIsdp" 03 02 003c 0001 ff]',
    4: '10 ["MQTT" 04 02 003c 0001 ff]',
    5: '10 ["MQTT" 05 02 003c [] 0001 ff]',
  }),
  malformed('[MQTT-3.1.3-11] v5 [MQTT-3.1.3-10] v3.1.1 a Will Topic that is not UTF-8', {
    3: '10 ["MQIsdp" 03 06 003c "id" 0001 ff 0000]',
    4: '10 ["MQTT" 04 06 003c "id" 0001 ff 0000]',
    5: '10 ["MQTT" 05 06 003c [] "id" [] 0001 ff 0000]',
  }),
  malformed('[MQTT-3.1.3-12] v5 [MQTT-3.1.3-11] v3.1.1 a User Name that is not UTF-8', {
    3: '10 ["MQIsdp" 03 82 003c "id" 0001 ff]',
    4: '10 ["MQTT" 04 82 003c "id" 0001 ff]',
    5: '10 ["MQTT" 05 82 003c [] "id" 0001 ff]',
  }),
  malformed('[MQTT-3.3.2-1] v5 [MQTT-3.3.2-1] v3.1.1 a Topic Name that is not UTF-8', {
    3: '30 [0001 ff]',
    4: '30 [0001 ff]',
    5: '30 [0001 ff []]',
  }),
  malformed('[MQTT-3.8.3-1] v5 [MQTT-3.8.3-1] v3.1.1 a Topic Filter of SUBSCRIBE that is not UTF-8', {
    3: '82 [0001 0001 ff 00]',
    4: '82 [0001 0001 ff 00]',
    5: '82 [0001 [] 0001 ff 00]',
  }),
  malformed('[MQTT-3.10.3-1] v5 [MQTT-3.10.3-1] v3.1.1 a Topic Filter of UNSUBSCRIBE that is not UTF-8', {
    3: 'a2 [0001 0001 ff]',
    4: 'a2 [0001 0001 ff]',
    5: 'a2 [0001 [] 0001 ff]',
  }),
  malformed('[MQTT-1.5.7-1] v5 a name of a User Property that is not UTF-8', {
    5: '30 ["t" [26 0001 ff "v"]]',
  }),
  malformed('[MQTT-1.5.7-1] v5 a value of a User Property that is not UTF-8', {
    5: '30 ["t" [26 "n" 0001 ff]]',
  }),
  malformed('[MQTT-1.5.7-1] v5 a name of a User Property with U+0000', { 5: '30 ["t" [26 0001 00 "v"]]' }),
  malformed('[MQTT-1.5.7-1] v5 a value of a User Property with U+0000', { 5: '30 ["t" [26 "n" 0001 00]]' }),
  malformed('[MQTT-3.3.2-13] v5 a Response Topic that is not UTF-8', { 5: '30 ["t" [08 0001 ff]]' }),
  malformed('[MQTT-3.3.2-19] v5 a Content Type that is not UTF-8', { 5: '30 ["t" [03 0001 ff]]' }),
  malformed('a Reason String that is not UTF-8', { 5: '40 [0001 00 [1f 0001 ff]]' }),
];

const integers: readonly RefusalVector[] = [
  malformed('[MQTT-1.5.5-1] v5 a Remaining Length of two bytes that one could say', all('c0 80 00')),
  malformed('[MQTT-1.5.5-1] v5 a Property Length of two bytes that one could say', { 5: '30 ["t" 8000]' }),
  malformed('[MQTT-1.5.5-1] v5 a Subscription Identifier of three bytes that two could say', {
    5: '30 ["t" [0b ff ff 00]]',
  }),
  malformed('a Remaining Length of five bytes', all('c0 80 80 80 80 01')),
  malformed('a Property Length of five bytes', { 5: '30 ["t" 80 80 80 80 01]' }),
];

const flags: readonly RefusalVector[] = [
  ...(
    [
      ['10', '["MQTT" 04 02 003c "id"]', '["MQTT" 05 02 003c [] "id"]', '["MQIsdp" 03 02 003c "id"]'],
      ['20', '[00 00]', '[00 00 []]'],
      ['40', '[0001]', '[0001]'],
      ['50', '[0001]', '[0001]'],
      ['70', '[0001]', '[0001]'],
      ['90', '[0001 00]', '[0001 [] 00]'],
      ['b0', '[0001]', '[0001 [] 00]'],
      ['c0', '[]', '[]'],
      ['d0', '[]', '[]'],
    ] as const
  ).flatMap(([first, v311, v5, v31 = v311]) =>
    ['1', '2', '4', '8'].map((bit) =>
      malformed(
        `[MQTT-2.1.3-1] v5 [MQTT-2.2.2-1] [MQTT-2.2.2-2] v3.1.1 flag ${bit} of packet type ${first}`,
        {
          4: `${first[0]}${bit} ${v311}`,
          5: `${first[0]}${bit} ${v5}`,
        },
        { accepted: { 3: `${first[0]}${bit} ${v31}` } },
      ),
    ),
  ),
  ...['0', '1', '3', '6', 'a'].flatMap((wrong) => [
    malformed(
      `[MQTT-3.6.1-1] v5 [MQTT-3.6.1-1] v3.1.1 a PUBREL with flags ${wrong}`,
      {
        4: `6${wrong} [0001]`,
        5: `6${wrong} [0001]`,
      },
      { accepted: { 3: `6${wrong} [0001]` } },
    ),
    malformed(
      `[MQTT-3.8.1-1] v5 [MQTT-3.8.1-1] v3.1.1 a SUBSCRIBE with flags ${wrong}`,
      {
        4: `8${wrong} [0001 "t" 00]`,
        5: `8${wrong} [0001 [] "t" 00]`,
      },
      { accepted: { 3: `8${wrong} [0001 "t" 00]` } },
    ),
    malformed(
      `[MQTT-3.10.1-1] v5 [MQTT-3.10.1-1] v3.1.1 an UNSUBSCRIBE with flags ${wrong}`,
      {
        4: `a${wrong} [0001 "t"]`,
        5: `a${wrong} [0001 [] "t"]`,
      },
      { accepted: { 3: `a${wrong} [0001 "t"]` } },
    ),
  ]),
  ...['1', '2', '4', '8'].flatMap((wrong) => [
    malformed(
      `[MQTT-3.14.1-1] v5 [MQTT-3.14.1-1] v3.1.1 a DISCONNECT with flags ${wrong}`,
      {
        4: `e${wrong} 00`,
        5: `e${wrong} 00`,
      },
      { accepted: { 3: `e${wrong} 00` } },
    ),
    malformed(`[MQTT-3.15.1-1] v5 an AUTH with flags ${wrong}`, { 5: `f${wrong} [00 [15 "M"]]` }),
  ]),
  malformed('packet type 0', all('00 00')),
  malformed('packet type 15 before MQTT 5.0', { 3: 'f0 00', 4: 'f0 00' }, { accepted: { 5: 'f0 00' } }),
];

const connect: readonly RefusalVector[] = [
  unsupported(
    '[MQTT-3.1.2-1] v5 [MQTT-3.1.2-1] v3.1.1 another Protocol Name',
    all('10 ["MQtt" 04 02 003c "id"]'),
  ),
  unsupported(
    '[MQTT-3.1.2-2] v5 [MQTT-3.1.2-2] v3.1.1 MQTT of level 6',
    all('10 ["MQTT" 06 02 003c [] "id"]'),
  ),
  unsupported('[MQTT-3.1.2-2] v5 [MQTT-3.1.2-2] v3.1.1 MQTT of level 3', all('10 ["MQTT" 03 02 003c "id"]')),
  unsupported('[MQTT-3.1.2-2] v3.1.1 MQIsdp of level 4', all('10 ["MQIsdp" 04 02 003c "id"]')),
  unsupported('MQTT 5.0 with the mark of a bridge', all('10 ["MQTT" 85 02 003c [] "id"]')),
  malformed(
    '[MQTT-3.1.2-3] v5 [MQTT-3.1.2-3] v3.1.1 a CONNECT with the reserved flag',
    {
      4: '10 ["MQTT" 04 03 003c "id"]',
      5: '10 ["MQTT" 05 03 003c [] "id"]',
    },
    { accepted: { 3: '10 ["MQIsdp" 03 03 003c "id"]' } },
  ),
  malformed(
    '[MQTT-3.1.2-11] v5 [MQTT-3.1.2-11] [MQTT-3.1.2-13] v3.1.1 a Will QoS without a will',
    {
      4: '10 ["MQTT" 04 0a 003c "id"]',
      5: '10 ["MQTT" 05 0a 003c [] "id"]',
    },
    { accepted: { 3: '10 ["MQIsdp" 03 0a 003c "id"]' } },
  ),
  malformed(
    '[MQTT-3.1.2-13] v5 [MQTT-3.1.2-11] [MQTT-3.1.2-15] v3.1.1 a Will Retain without a will',
    {
      4: '10 ["MQTT" 04 22 003c "id"]',
      5: '10 ["MQTT" 05 22 003c [] "id"]',
    },
    { accepted: { 3: '10 ["MQIsdp" 03 22 003c "id"]' } },
  ),
  malformed('[MQTT-3.1.2-12] v5 [MQTT-3.1.2-14] v3.1.1 a Will QoS of 3', {
    3: '10 ["MQIsdp" 03 1e 003c "id" "w" 0000]',
    4: '10 ["MQTT" 04 1e 003c "id" "w" 0000]',
    5: '10 ["MQTT" 05 1e 003c [] "id" [] "w" 0000]',
  }),
  malformed(
    '[MQTT-3.1.2-22] v3.1.1 a password without a user name',
    {
      3: '10 ["MQIsdp" 03 42 003c "id" 0001 70]',
      4: '10 ["MQTT" 04 42 003c "id" 0001 70]',
    },
    { accepted: { 5: '10 ["MQTT" 05 42 003c [] "id" 0001 70]' } },
  ),
  malformed('[MQTT-3.1.3-3] v5 [MQTT-3.1.3-3] v3.1.1 a CONNECT without Client Identifier', {
    3: '10 ["MQIsdp" 03 02 003c]',
    4: '10 ["MQTT" 04 02 003c]',
    5: '10 ["MQTT" 05 02 003c []]',
  }),
  malformed('[MQTT-3.1.2-9] v5 [MQTT-3.1.2-9] v3.1.1 a will that is missing', {
    3: '10 ["MQIsdp" 03 06 003c "id"]',
    4: '10 ["MQTT" 04 06 003c "id"]',
    5: '10 ["MQTT" 05 06 003c [] "id"]',
  }),
  malformed('[MQTT-3.1.2-9] v5 [MQTT-3.1.2-9] v3.1.1 a Will Payload that is missing', {
    3: '10 ["MQIsdp" 03 06 003c "id" "w"]',
    4: '10 ["MQTT" 04 06 003c "id" "w"]',
    5: '10 ["MQTT" 05 06 003c [] "id" [] "w"]',
  }),
  malformed(
    '[MQTT-3.1.2-17] v5 [MQTT-3.1.2-19] v3.1.1 a User Name that is missing',
    {
      4: '10 ["MQTT" 04 82 003c "id"]',
      5: '10 ["MQTT" 05 82 003c [] "id"]',
    },
    { accepted: { 3: '10 ["MQIsdp" 03 82 003c "id"]' } },
  ),
  malformed(
    '[MQTT-3.1.2-19] v5 [MQTT-3.1.2-21] v3.1.1 a Password that is missing',
    {
      4: '10 ["MQTT" 04 c2 003c "id" "u"]',
      5: '10 ["MQTT" 05 c2 003c [] "id" "u"]',
    },
    { accepted: { 3: '10 ["MQIsdp" 03 c2 003c "id" "u"]' } },
  ),
  malformed('[MQTT-3.1.2-16] v5 [MQTT-3.1.2-18] v3.1.1 a User Name that no flag announces', {
    3: '10 ["MQIsdp" 03 02 003c "id" "u"]',
    4: '10 ["MQTT" 04 02 003c "id" "u"]',
    5: '10 ["MQTT" 05 02 003c [] "id" "u"]',
  }),
  malformed('[MQTT-3.1.2-18] v5 [MQTT-3.1.2-20] v3.1.1 a Password that no flag announces', {
    3: '10 ["MQIsdp" 03 82 003c "id" "u" 0001 70]',
    4: '10 ["MQTT" 04 82 003c "id" "u" 0001 70]',
    5: '10 ["MQTT" 05 82 003c [] "id" "u" 0001 70]',
  }),
  malformed('[MQTT-3.1.2-11] v3.1.1 a will that no flag announces', {
    3: '10 ["MQIsdp" 03 02 003c "id" "w" 0000]',
    4: '10 ["MQTT" 04 02 003c "id" "w" 0000]',
    5: '10 ["MQTT" 05 02 003c [] "id" [] "w" 0000]',
  }),
  forbidden(
    '[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty Will Topic',
    {
      3: '10 ["MQIsdp" 03 06 003c "id" "" 0000]',
      4: '10 ["MQTT" 04 06 003c "id" "" 0000]',
      5: '10 ["MQTT" 05 06 003c [] "id" [] "" 0000]',
    },
    { reasonCode: ReasonCode.TopicNameInvalid },
  ),
  forbidden(
    '[MQTT-4.7.0-1] v5 [MQTT-4.7.1-1] v3.1.1 a Will Topic with a wildcard',
    {
      3: '10 ["MQIsdp" 03 06 003c "id" "w/+" 0000]',
      4: '10 ["MQTT" 04 06 003c "id" "w/+" 0000]',
      5: '10 ["MQTT" 05 06 003c [] "id" [] "w/+" 0000]',
    },
    { reasonCode: ReasonCode.TopicNameInvalid },
  ),
  forbidden('authentication data without a method in CONNECT', {
    5: '10 ["MQTT" 05 02 003c [16 0000] "id"]',
  }),
  malformed('a Topic Alias in CONNECT', { 5: '10 ["MQTT" 05 02 003c [23 0001] "id"]' }),
  malformed('a Will Delay Interval outside the will', { 5: '10 ["MQTT" 05 02 003c [18 00000001] "id"]' }),
  malformed('a Session Expiry Interval in the will', {
    5: '10 ["MQTT" 05 06 003c [] "id" [11 00000001] "w" 0000]',
  }),
];

const connack: readonly RefusalVector[] = [
  malformed('[MQTT-3.2.2-1] v5 reserved flags of CONNACK', { 4: '20 [02 00]', 5: '20 [80 00 []]' }),
  forbidden('[MQTT-3.2.2-6] v5 [MQTT-3.2.2-4] v3.1.1 Session Present in a CONNACK that refuses', {
    4: '20 [01 05]',
    5: '20 [01 87 []]',
  }),
  malformed('[MQTT-3.2.2-8] v5 a reason code that CONNACK does not have', { 5: '20 [00 8e []]' }),
  malformed('a reserved return code', { 3: '20 [00 06]', 4: '20 [00 06]' }),
  malformed('a CONNACK that accepts without Property Length', { 5: '20 [00 00]' }),
  malformed('a CONNACK of 3.1.1 with properties', { 3: '20 [00 00 []]', 4: '20 [00 00 []]' }),
  malformed('a CONNACK without return code', { 3: '20 [00]', 4: '20 [00]' }),
];

const publish: readonly RefusalVector[] = [
  malformed('[MQTT-3.3.1-4] v5 [MQTT-3.3.1-4] v3.1.1 a PUBLISH of QoS 3', {
    3: '36 ["t" 0001]',
    4: '36 ["t" 0001]',
    5: '36 ["t" 0001 []]',
  }),
  malformed(
    '[MQTT-3.3.1-2] v5 [MQTT-3.3.1-2] v3.1.1 DUP with QoS 0',
    { 4: '38 ["t"]', 5: '38 ["t" []]' },
    {
      accepted: { 3: '38 ["t"]' },
    },
  ),
  forbidden('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-1] v3.1.1 packet identifier 0 of a PUBLISH', {
    3: '32 ["t" 0000]',
    4: '32 ["t" 0000]',
    5: '32 ["t" 0000 []]',
  }),
  ...['+', '#', 'a/+/b', 'a/#', 'a+', '#b'].map((topicName) =>
    forbidden(
      `[MQTT-3.3.2-2] [MQTT-4.7.0-1] v5 [MQTT-3.3.2-2] [MQTT-4.7.1-1] v3.1.1 a PUBLISH to ${topicName}`,
      { 3: `30 ["${topicName}"]`, 4: `30 ["${topicName}"]`, 5: `30 ["${topicName}" []]` },
      { reasonCode: ReasonCode.TopicNameInvalid },
    ),
  ),
  forbidden(
    '[MQTT-3.3.2-2] v5 a PUBLISH to a wildcard with a Topic Alias',
    { 5: '30 ["a/#" [23 0001]]' },
    {
      reasonCode: ReasonCode.TopicNameInvalid,
    },
  ),
  forbidden(
    '[MQTT-4.7.3-1] v3.1.1 a PUBLISH to an empty Topic Name',
    { 3: '30 [""]', 4: '30 [""]' },
    {
      reasonCode: ReasonCode.TopicNameInvalid,
    },
  ),
  forbidden(
    '[MQTT-4.7.3-1] v5 a PUBLISH to an empty Topic Name without Topic Alias',
    { 5: '30 ["" []]' },
    {
      accepted: { 5: '30 ["" [23 0001]]' },
    },
  ),
  forbidden(
    '[MQTT-3.3.2-8] v5 Topic Alias 0',
    { 5: '30 ["t" [23 0000]]' },
    {
      reasonCode: ReasonCode.TopicAliasInvalid,
    },
  ),
  ...['+', 'a/#'].map((topicName) =>
    forbidden(`[MQTT-3.3.2-14] v5 Response Topic ${topicName}`, { 5: `30 ["t" [08 "${topicName}"]]` }),
  ),
  forbidden('[MQTT-4.7.3-1] v5 an empty Response Topic', { 5: '30 ["t" [08 ""]]' }),
  forbidden('Subscription Identifier 0 in PUBLISH', { 5: '30 ["t" [0b 00]]' }),
  forbidden(
    '[MQTT-3.3.4-6] v5 a Subscription Identifier in a PUBLISH from a client',
    { 5: '30 ["t" [0b 01]]' },
    {
      from: 'client',
    },
  ),
  forbidden('Payload Format Indicator 2', { 5: '30 ["t" [01 02]]' }),
  malformed('a property of PUBLISH that is cut off', { 5: '30 ["t" [02 0000]]' }),
  malformed('a Property Length that goes beyond the packet', { 5: '30 ["t" 05 0101]' }),
  malformed('a PUBLISH of QoS 1 without packet identifier', { 3: '32 ["t"]', 4: '32 ["t"]', 5: '32 ["t"]' }),
  malformed('[MQTT-2.2.2-1] v5 a PUBLISH without Property Length', { 5: '30 ["t"]' }),
];

const acknowledgements: readonly RefusalVector[] = [
  ...(['40', '50', '62', '70'] as const).flatMap((first) => [
    forbidden(`packet identifier 0 of packet type ${first}`, all(`${first} [0000]`)),
    malformed(`packet type ${first} without packet identifier`, all(`${first} [00]`)),
    malformed(`packet type ${first} with a payload`, {
      3: `${first} [0001 00]`,
      4: `${first} [0001 00]`,
      5: `${first} [0001 00 [] 00]`,
    }),
    malformed(`a property of CONNECT in packet type ${first}`, { 5: `${first} [0001 00 [21 0001]]` }),
  ]),
  malformed('[MQTT-3.4.2-1] v5 a reason code that PUBACK does not have', { 5: '40 [0001 92]' }),
  malformed('[MQTT-3.5.2-1] v5 a reason code that PUBREC does not have', { 5: '50 [0001 92]' }),
  malformed('[MQTT-3.6.2-1] v5 a reason code that PUBREL does not have', { 5: '62 [0001 80]' }),
  malformed('[MQTT-3.7.2-1] v5 a reason code that PUBCOMP does not have', { 5: '70 [0001 80]' }),
];

const subscribe: readonly RefusalVector[] = [
  forbidden(
    '[MQTT-3.8.3-2] v5 [MQTT-3.8.3-3] v3.1.1 a SUBSCRIBE without Topic Filter',
    {
      4: '82 [0001]',
      5: '82 [0001 []]',
    },
    { accepted: { 3: '82 [0001]' } },
  ),
  forbidden('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-1] v3.1.1 packet identifier 0 of a SUBSCRIBE', {
    3: '82 [0000 "t" 00]',
    4: '82 [0000 "t" 00]',
    5: '82 [0000 [] "t" 00]',
  }),
  malformed('[MQTT-3.8.3-4] v3.1.1 a requested QoS of 3', { 3: '82 [0001 "t" 03]', 4: '82 [0001 "t" 03]' }),
  forbidden('a Maximum QoS of 3 in SUBSCRIBE', { 5: '82 [0001 [] "t" 03]' }),
  ...['04', '08', '10', '20', '40', '80'].map((option) =>
    malformed(
      `[MQTT-3.8.3-4] v3.1.1 reserved bit ${option} of the requested QoS`,
      { 4: `82 [0001 "t" ${option}]` },
      {
        accepted: { 3: `82 [0001 "t" ${option}]` },
      },
    ),
  ),
  malformed('[MQTT-3.8.3-5] v5 reserved bit 40 of the Subscription Options', { 5: '82 [0001 [] "t" 40]' }),
  malformed('[MQTT-3.8.3-5] v5 reserved bit 80 of the Subscription Options', { 5: '82 [0001 [] "t" 80]' }),
  forbidden('Retain Handling 3', { 5: '82 [0001 [] "t" 30]' }),
  forbidden(
    '[MQTT-3.8.3-4] v5 No Local for a Shared Subscription',
    { 5: '82 [0001 [] "$share/g/t" 04]' },
    {
      accepted: { 5: '82 [0001 [] "t" 04]' },
    },
  ),
  malformed('[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty Topic Filter in SUBSCRIBE', {
    3: '82 [0001 "" 00]',
    4: '82 [0001 "" 00]',
    5: '82 [0001 [] "" 00]',
  }),
  malformed('a Topic Filter without options', {
    3: '82 [0001 "t"]',
    4: '82 [0001 "t"]',
    5: '82 [0001 [] "t"]',
  }),
  forbidden('Subscription Identifier 0 in SUBSCRIBE', { 5: '82 [0001 [0b 00] "t" 00]' }),
  forbidden(
    'a Subscription Identifier twice in SUBSCRIBE',
    { 5: '82 [0001 [0b 01 0b 02] "t" 00]' },
    {
      accepted: { 5: '30 ["t" [0b 01 0b 02]]' },
    },
  ),
  malformed('[MQTT-3.9.3-2] v5 a reason code that SUBACK does not have', { 5: '90 [0001 [] 03]' }),
  malformed(
    '[MQTT-3.9.3-2] v3.1.1 a return code that SUBACK does not have',
    {
      3: '90 [0001 87]',
      4: '90 [0001 87]',
    },
    { accepted: { 5: '90 [0001 [] 87]' } },
  ),
  forbidden('packet identifier 0 of a SUBACK', {
    3: '90 [0000 00]',
    4: '90 [0000 00]',
    5: '90 [0000 [] 00]',
  }),
];

const unsubscribe: readonly RefusalVector[] = [
  forbidden(
    '[MQTT-3.10.3-2] v5 [MQTT-3.10.3-2] v3.1.1 an UNSUBSCRIBE without Topic Filter',
    {
      4: 'a2 [0001]',
      5: 'a2 [0001 []]',
    },
    { accepted: { 3: 'a2 [0001]' } },
  ),
  forbidden('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-1] v3.1.1 packet identifier 0 of an UNSUBSCRIBE', {
    3: 'a2 [0000 "t"]',
    4: 'a2 [0000 "t"]',
    5: 'a2 [0000 [] "t"]',
  }),
  malformed('[MQTT-4.7.3-1] v5 [MQTT-4.7.3-1] v3.1.1 an empty Topic Filter in UNSUBSCRIBE', {
    3: 'a2 [0001 ""]',
    4: 'a2 [0001 ""]',
    5: 'a2 [0001 [] ""]',
  }),
  malformed('[MQTT-3.11.3-2] v5 a reason code that UNSUBACK does not have', { 5: 'b0 [0001 [] 01]' }),
  malformed('an UNSUBACK of 3.1.1 with reason codes', { 3: 'b0 [0001 00]', 4: 'b0 [0001 00]' }),
  forbidden('packet identifier 0 of an UNSUBACK', { 3: 'b0 [0000]', 4: 'b0 [0000]', 5: 'b0 [0000 [] 00]' }),
];

const rest: readonly RefusalVector[] = [
  malformed('a PINGREQ with a body', all('c0 [00]')),
  malformed('a PINGRESP with a body', all('d0 [00]')),
  malformed(
    'a DISCONNECT of 3.1.1 with a body',
    { 3: 'e0 [00]', 4: 'e0 [00]' },
    { accepted: { 5: 'e0 [00]' } },
  ),
  malformed('[MQTT-3.14.2-1] v5 a reason code that DISCONNECT does not have', { 5: 'e0 [01]' }),
  forbidden(
    '[MQTT-3.14.2-2] v5 a Session Expiry Interval in a DISCONNECT from the server',
    {
      5: 'e0 [00 [11 00000001]]',
    },
    { from: 'server' },
  ),
  malformed('a DISCONNECT with a payload', { 5: 'e0 [00 [] 00]' }),
  malformed('[MQTT-3.15.2-1] v5 a reason code that AUTH does not have', { 5: 'f0 [87 []]' }),
  forbidden('authentication data without a method in AUTH', { 5: 'f0 [18 [16 0000]]' }),
  malformed('an AUTH with a reason code and no Property Length', { 5: 'f0 [18]' }),
  ...(['10 ["MQTT" 04 02 003c "id"]', '82 [0001 "t" 00]', 'a2 [0001 "t"]', 'c0 00'] as const).map((packet) =>
    forbidden(`packet type ${packet.slice(0, 2)} from a server`, { 4: packet }, { from: 'server' }),
  ),
  ...(['20 [00 00]', '90 [0001 00]', 'b0 [0001]', 'd0 00'] as const).map((packet) =>
    forbidden(`packet type ${packet.slice(0, 2)} from a client`, { 4: packet }, { from: 'client' }),
  ),
];

export const REFUSAL_VECTORS: readonly RefusalVector[] = [
  ...strings,
  ...integers,
  ...flags,
  ...connect,
  ...connack,
  ...publish,
  ...acknowledgements,
  ...subscribe,
  ...unsubscribe,
  ...rest,
];
