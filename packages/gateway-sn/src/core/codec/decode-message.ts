/**
 * Bytes to messages. What makes no sense is no exception but a value: datagrams come from anyone, in any number, and
 * nobody is told (section 6.3 of what is defended against is in docs/guides/mqtt-sn.md).
 */
import { Flag, qosOf, TopicKind, topicKindOf } from './flags.ts';
import { headerBytes, messageBytes } from './frame.ts';
import type { SnMessage, TopicReference } from './message.ts';
import { MessageType } from './message-type.ts';

/** Why bytes are no message. Stable, for metrics. */
export type MalformedReason =
  | 'length-mismatch'
  | 'unknown-type'
  | 'body-too-short'
  | 'body-too-long'
  | 'not-utf8'
  | 'reserved-topic-kind'
  | 'reserved-flags'
  | 'zero-packet-id'
  | 'empty-name'
  | 'nested-forwarder';

export interface Malformed {
  readonly type: 'malformed';
  readonly reason: MalformedReason;
}

export interface DecodeOptions {
  /**
   * PUBLISH of QoS -1 whose topic kind is 0 carries the name's length in place of the identifier, and the name before its
   * data: an extension of the Paho and RSMB gateways.
   * @default false
   */
  readonly longTopics?: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the one message that a datagram is, from `start` to the end of `bytes`.
 * @returns views of `bytes` in the messages that have a payload
 */
export function decodeMessage(
  bytes: Uint8Array,
  start = 0,
  options: DecodeOptions = {},
): SnMessage | Malformed {
  const length = bytes.length - start;
  if (length < 2 || messageBytes(bytes, start) !== length) return malformed('length-mismatch');
  const header = headerBytes(bytes, start);
  if (length < header) return malformed('length-mismatch');
  const type = bytes[start + header - 1]!;
  const read = READERS.get(type);
  if (read === undefined) {
    return malformed(type === MessageType.Forwarder ? 'nested-forwarder' : 'unknown-type');
  }
  const body = bytes.subarray(start + header);
  if (body.length < read.minimum) return malformed('body-too-short');
  if (body.length > read.maximum) return malformed('body-too-long');
  return read.read(body, options);
}

interface Reader {
  readonly minimum: number;
  readonly maximum: number;
  readonly read: (body: Uint8Array, options: DecodeOptions) => SnMessage | Malformed;
}

const ANY = Number.POSITIVE_INFINITY;

function reader(minimum: number, maximum: number, read: Reader['read']): Reader {
  return { minimum, maximum, read };
}

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [
    MessageType.Advertise,
    reader(3, 3, (b) => ({ type: 'advertise', gatewayId: b[0]!, duration: word(b, 1) })),
  ],
  [MessageType.SearchGw, reader(1, 1, (b) => ({ type: 'searchgw', radius: b[0]! }))],
  [
    MessageType.GwInfo,
    reader(1, ANY, (b) => ({ type: 'gwinfo', gatewayId: b[0]!, gatewayAddress: b.slice(1) })),
  ],
  [MessageType.Connect, reader(4, ANY, readConnect)],
  [MessageType.Connack, reader(1, 1, (b) => ({ type: 'connack', returnCode: b[0]! }))],
  [MessageType.WillTopicReq, reader(0, 0, () => ({ type: 'willtopicreq' }))],
  [MessageType.WillTopic, reader(0, ANY, (b) => readWillTopic('willtopic', b))],
  [MessageType.WillMsgReq, reader(0, 0, () => ({ type: 'willmsgreq' }))],
  [MessageType.WillMsg, reader(0, ANY, (b) => ({ type: 'willmsg', payload: b }))],
  [MessageType.Register, reader(4, ANY, readRegister)],
  [
    MessageType.Regack,
    reader(5, 5, (b) => ({ type: 'regack', topicId: word(b, 0), packetId: word(b, 2), returnCode: b[4]! })),
  ],
  [MessageType.Publish, reader(5, ANY, readPublish)],
  [
    MessageType.Puback,
    reader(5, 5, (b) => ({ type: 'puback', topicId: word(b, 0), packetId: word(b, 2), returnCode: b[4]! })),
  ],
  [MessageType.Pubcomp, reader(2, 2, (b) => readExchange('pubcomp', b))],
  [MessageType.Pubrec, reader(2, 2, (b) => readExchange('pubrec', b))],
  [MessageType.Pubrel, reader(2, 2, (b) => readExchange('pubrel', b))],
  [MessageType.Subscribe, reader(4, ANY, readSubscribe)],
  [MessageType.Suback, reader(6, 6, readSuback)],
  [MessageType.Unsubscribe, reader(4, ANY, readUnsubscribe)],
  [MessageType.Unsuback, reader(2, 2, (b) => ({ type: 'unsuback', packetId: word(b, 0) }))],
  [MessageType.Pingreq, reader(0, ANY, readPingreq)],
  [MessageType.Pingresp, reader(0, 0, () => ({ type: 'pingresp' }))],
  [MessageType.Disconnect, reader(0, 2, readDisconnect)],
  [MessageType.WillTopicUpd, reader(0, ANY, (b) => readWillTopic('willtopicupd', b))],
  [MessageType.WillTopicResp, reader(1, 1, (b) => ({ type: 'willtopicresp', returnCode: b[0]! }))],
  [MessageType.WillMsgUpd, reader(0, ANY, (b) => ({ type: 'willmsgupd', payload: b }))],
  [MessageType.WillMsgResp, reader(1, 1, (b) => ({ type: 'willmsgresp', returnCode: b[0]! }))],
]);

function readConnect(body: Uint8Array): SnMessage | Malformed {
  const flags = body[0]!;
  const clientId = text(body, 4);
  if (clientId === null) return malformed('not-utf8');
  return {
    type: 'connect',
    will: (flags & Flag.Will) !== 0,
    cleanSession: (flags & Flag.CleanSession) !== 0,
    protocolId: body[1]!,
    duration: word(body, 2),
    clientId,
  };
}

/** Without a body it deletes the will. */
function readWillTopic(type: 'willtopic' | 'willtopicupd', body: Uint8Array): SnMessage | Malformed {
  if (body.length === 0) return { type, will: null };
  const flags = body[0]!;
  const qos = qosOf(flags);
  const topicName = text(body, 1);
  if (qos === -1) return malformed('reserved-flags');
  if (topicName === null) return malformed('not-utf8');
  if (topicName === '') return { type, will: null };
  return { type, will: { topicName, qos, retain: (flags & Flag.Retain) !== 0 } };
}

function readRegister(body: Uint8Array): SnMessage | Malformed {
  const topicName = text(body, 4);
  if (topicName === null) return malformed('not-utf8');
  return { type: 'register', topicId: word(body, 0), packetId: word(body, 2), topicName };
}

function readPublish(body: Uint8Array, { longTopics = false }: DecodeOptions): SnMessage | Malformed {
  const flags = body[0]!;
  const qos = qosOf(flags);
  const packetId = word(body, 3);
  if (qos > 0 && packetId === 0) return malformed('zero-packet-id');
  let payloadAt = 5;
  let topic: TopicReference | Malformed;
  if (longTopics && qos === -1 && topicKindOf(flags) === TopicKind.Normal) {
    payloadAt += word(body, 1);
    if (payloadAt > body.length) return malformed('body-too-short');
    topic = nameReference(body.subarray(5, payloadAt));
  } else topic = idReference(flags, body, 1);
  if ('type' in topic) return topic;
  return {
    type: 'publish',
    dup: (flags & Flag.Dup) !== 0,
    qos,
    retain: (flags & Flag.Retain) !== 0,
    topic,
    packetId,
    payload: body.subarray(payloadAt),
  };
}

/** Of a QoS 2 message, which has a packet identifier. */
function readExchange(type: 'pubrec' | 'pubrel' | 'pubcomp', body: Uint8Array): SnMessage | Malformed {
  const packetId = word(body, 0);
  return packetId === 0 ? malformed('zero-packet-id') : { type, packetId };
}

function readSubscribe(body: Uint8Array): SnMessage | Malformed {
  const flags = body[0]!;
  const qos = qosOf(flags);
  if (qos === -1) return malformed('reserved-flags');
  const packetId = word(body, 1);
  if (packetId === 0) return malformed('zero-packet-id');
  const topic = nameOrIdReference(flags, body);
  if ('type' in topic) return topic;
  return { type: 'subscribe', dup: (flags & Flag.Dup) !== 0, qos, packetId, topic };
}

function readUnsubscribe(body: Uint8Array): SnMessage | Malformed {
  const packetId = word(body, 1);
  if (packetId === 0) return malformed('zero-packet-id');
  const topic = nameOrIdReference(body[0]!, body);
  return 'type' in topic ? topic : { type: 'unsubscribe', packetId, topic };
}

function readSuback(body: Uint8Array): SnMessage | Malformed {
  const qos = qosOf(body[0]!);
  if (qos === -1) return malformed('reserved-flags');
  return { type: 'suback', qos, topicId: word(body, 1), packetId: word(body, 3), returnCode: body[5]! };
}

function readPingreq(body: Uint8Array): SnMessage | Malformed {
  if (body.length === 0) return { type: 'pingreq', clientId: undefined };
  const clientId = text(body, 0);
  return clientId === null ? malformed('not-utf8') : { type: 'pingreq', clientId };
}

function readDisconnect(body: Uint8Array): SnMessage | Malformed {
  if (body.length === 1) return malformed('body-too-short');
  return { type: 'disconnect', duration: body.length === 0 ? undefined : word(body, 0) };
}

/** In SUBSCRIBE and UNSUBSCRIBE, kind 0 is a name. */
function nameOrIdReference(flags: number, body: Uint8Array): TopicReference | Malformed {
  if (topicKindOf(flags) === TopicKind.Normal) return nameReference(body.subarray(3));
  if (body.length < 5) return malformed('body-too-short');
  if (body.length > 5) return malformed('body-too-long');
  return idReference(flags, body, 3);
}

function nameReference(bytes: Uint8Array): TopicReference | Malformed {
  const topicName = text(bytes, 0);
  if (topicName === null) return malformed('not-utf8');
  return topicName === '' ? malformed('empty-name') : { kind: 'name', topicName };
}

function idReference(flags: number, body: Uint8Array, at: number): TopicReference | Malformed {
  switch (topicKindOf(flags)) {
    case TopicKind.Normal:
      return { kind: 'normal', topicId: word(body, at) };
    case TopicKind.Predefined:
      return { kind: 'predefined', topicId: word(body, at) };
    case TopicKind.Short: {
      const topicName = text(body.subarray(at, at + 2), 0);
      return topicName === null ? malformed('not-utf8') : { kind: 'short', topicName };
    }
    default:
      return malformed('reserved-topic-kind');
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function text(bytes: Uint8Array, at: number): string | null {
  try {
    return utf8.decode(bytes.subarray(at));
  } catch {
    return null;
  }
}

function malformed(reason: MalformedReason): Malformed {
  return { type: 'malformed', reason };
}
