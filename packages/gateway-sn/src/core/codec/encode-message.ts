/** Messages to bytes. */
import { Flag, qosFlags, TopicKind } from './flags.ts';
import { newMessage } from './frame.ts';
import type { SnMessage, TopicId, TopicReference, WillTopic } from './message.ts';
import { MessageType } from './message-type.ts';

const encoder = new TextEncoder();

const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

const TYPES: Readonly<Record<SnMessage['type'], number>> = {
  advertise: MessageType.Advertise,
  searchgw: MessageType.SearchGw,
  gwinfo: MessageType.GwInfo,
  connect: MessageType.Connect,
  connack: MessageType.Connack,
  willtopicreq: MessageType.WillTopicReq,
  willtopic: MessageType.WillTopic,
  willmsgreq: MessageType.WillMsgReq,
  willmsg: MessageType.WillMsg,
  register: MessageType.Register,
  regack: MessageType.Regack,
  publish: MessageType.Publish,
  puback: MessageType.Puback,
  pubcomp: MessageType.Pubcomp,
  pubrec: MessageType.Pubrec,
  pubrel: MessageType.Pubrel,
  subscribe: MessageType.Subscribe,
  suback: MessageType.Suback,
  unsubscribe: MessageType.Unsubscribe,
  unsuback: MessageType.Unsuback,
  pingreq: MessageType.Pingreq,
  pingresp: MessageType.Pingresp,
  disconnect: MessageType.Disconnect,
  willtopicupd: MessageType.WillTopicUpd,
  willtopicresp: MessageType.WillTopicResp,
  willmsgupd: MessageType.WillMsgUpd,
  willmsgresp: MessageType.WillMsgResp,
};

/**
 * The whole message, length and type included, in memory of its own.
 * @throws {RangeError} for one that would be longer than 65,535 bytes, or a short topic name that is not of two bytes
 */
export function encodeMessage(message: SnMessage): Uint8Array {
  switch (message.type) {
    case 'advertise':
      return fixed(message, [message.gatewayId, message.duration >> 8, message.duration & 0xff]);
    case 'searchgw':
      return fixed(message, [message.radius]);
    case 'gwinfo':
      return fixed(message, [message.gatewayId], message.gatewayAddress);
    case 'connect': {
      const flags = (message.will ? Flag.Will : 0) | (message.cleanSession ? Flag.CleanSession : 0);
      const { protocolId, duration, clientId } = message;
      return fixed(message, [flags, protocolId, duration >> 8, duration & 0xff], encoder.encode(clientId));
    }
    case 'connack':
    case 'willtopicresp':
    case 'willmsgresp':
      return fixed(message, [message.returnCode]);
    case 'willtopicreq':
    case 'willmsgreq':
    case 'pingresp':
      return fixed(message, []);
    case 'willtopic':
    case 'willtopicupd':
      return message.will === null ? fixed(message, []) : willTopic(message, message.will);
    case 'willmsg':
    case 'willmsgupd':
      return fixed(message, [], message.payload);
    case 'register':
      return fixed(
        message,
        [...word(message.topicId), ...word(message.packetId)],
        encoder.encode(message.topicName),
      );
    case 'regack':
    case 'puback':
      return fixed(message, [...word(message.topicId), ...word(message.packetId), message.returnCode]);
    case 'publish':
      return publish(message);
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
    case 'unsuback':
      return fixed(message, word(message.packetId));
    case 'subscribe':
    case 'unsubscribe': {
      const options = message.type === 'subscribe' ? (message.dup ? Flag.Dup : 0) | qosFlags(message.qos) : 0;
      const { kind, bytes } = topicField(message.topic);
      return fixed(message, [options | kind, ...word(message.packetId)], bytes);
    }
    case 'suback': {
      const { qos, topicId, packetId, returnCode } = message;
      return fixed(message, [qosFlags(qos), ...word(topicId), ...word(packetId), returnCode]);
    }
    case 'pingreq':
      return fixed(message, [], message.clientId === undefined ? NO_BYTES : encoder.encode(message.clientId));
    case 'disconnect':
      return fixed(message, message.duration === undefined ? [] : word(message.duration));
  }
}

/** The two octets of a short topic name as an identifier, as PUBACK and SUBACK carry it. */
export function shortTopicId(topicName: string): TopicId {
  const bytes = encoder.encode(topicName);
  if (bytes.length !== 2) {
    throw new RangeError(`expected a short topic name of two bytes, got "${topicName}"`);
  }
  return (bytes[0]! << 8) | bytes[1]!;
}

function willTopic(message: SnMessage, { topicName, qos, retain }: WillTopic): Uint8Array {
  return fixed(message, [qosFlags(qos) | (retain ? Flag.Retain : 0)], encoder.encode(topicName));
}

function publish(message: SnMessage & { readonly type: 'publish' }): Uint8Array {
  const { dup, qos, retain, topic, packetId, payload } = message;
  const flags = (dup ? Flag.Dup : 0) | qosFlags(qos) | (retain ? Flag.Retain : 0);
  if (topic.kind !== 'name') {
    const { kind, bytes } = topicField(topic);
    return fixed(message, [flags | kind, ...bytes, ...word(packetId)], payload);
  }
  const name = encoder.encode(topic.topicName);
  return fixed(message, [flags, ...word(name.length), ...word(packetId)], name, payload);
}

function topicField(topic: TopicReference): { readonly kind: number; readonly bytes: Uint8Array } {
  switch (topic.kind) {
    case 'normal':
      return { kind: TopicKind.Normal, bytes: Uint8Array.from(word(topic.topicId)) };
    case 'predefined':
      return { kind: TopicKind.Predefined, bytes: Uint8Array.from(word(topic.topicId)) };
    case 'short':
      return { kind: TopicKind.Short, bytes: Uint8Array.from(word(shortTopicId(topic.topicName))) };
    case 'name':
      return { kind: TopicKind.Normal, bytes: encoder.encode(topic.topicName) };
  }
}

function word(value: number): readonly [number, number] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function fixed(
  { type }: SnMessage,
  octets: readonly number[],
  rest: Uint8Array = NO_BYTES,
  last: Uint8Array = NO_BYTES,
): Uint8Array {
  const { bytes, body } = newMessage(TYPES[type], octets.length + rest.length + last.length);
  bytes.set(octets, body);
  bytes.set(rest, body + octets.length);
  bytes.set(last, body + octets.length + rest.length);
  return bytes;
}
