/**
 * SUBSCRIBE (section 3.8) and UNSUBSCRIBE (3.10): Packet Identifier, [Properties], then Topic Filters, each with its
 * Subscription Options in SUBSCRIBE. Before MQTT 5.0 the options are the requested QoS alone. MQTT 3.1 does not define the
 * byte's other bits and allows an empty list. Whether a Topic Filter's wildcards are in place is for the topic rules to say, not for the codec.
 */
import type { Qos, RetainHandling, SubscribePacket, Subscription, UnsubscribePacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { isSharedFilter } from '../topic-filter.ts';
import { ProtocolVersion } from '../version.ts';
import { checkInteger, checkQos } from './check-field.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { readTopicFilter, writeTopicFilter } from './topic-filter-field.ts';

const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const RETAIN_HANDLING_SHIFT = 4;
const RESERVED = 0xc0;
/** Before MQTT 5.0. */
const RESERVED_V3 = 0xfc;

export function decodeSubscribe(reader: PacketReader, version: ProtocolVersion): SubscribePacket {
  const packetId = reader.packetId();
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'subscribe') : NO_PROPERTIES;
  const subscriptions: Subscription[] = [];
  while (reader.remaining > 0) subscriptions.push(decodeSubscription(reader, version));
  if (subscriptions.length === 0 && version !== ProtocolVersion.V31) {
    throw new ProtocolError('expected at least one Topic Filter in SUBSCRIBE'); // [MQTT-3.8.3-2] [MQTT-3.8.3-3] 3.1.1
  }
  return { type: 'subscribe', packetId, subscriptions, properties };
}

function decodeSubscription(reader: PacketReader, version: ProtocolVersion): Subscription {
  const topicFilter = readTopicFilter(reader);
  const options = reader.byte('Subscription Options');
  const qos = options & 3;
  if (version !== ProtocolVersion.V5) {
    if (qos === 3 || ((options & RESERVED_V3) !== 0 && version === ProtocolVersion.V311)) {
      throw new MalformedPacketError(`expected a Requested QoS of 0, 1 or 2, got ${options}`); // [MQTT-3.8.3-4] 3.1.1
    }
    return { topicFilter, qos: qos as Qos, noLocal: false, retainAsPublished: false, retainHandling: 0 };
  }
  if ((options & RESERVED) !== 0) {
    throw new MalformedPacketError('expected 0 as reserved Subscription Options'); // [MQTT-3.8.3-5]
  }
  if (qos === 3)
    throw new ProtocolError('expected a Maximum QoS of 0, 1 or 2 in the Subscription Options, got 3');
  const retainHandling = (options >> RETAIN_HANDLING_SHIFT) & 3;
  if (retainHandling === 3) throw new ProtocolError('expected a Retain Handling of 0, 1 or 2, got 3');
  const noLocal = (options & NO_LOCAL) !== 0;
  if (noLocal && isSharedFilter(topicFilter)) {
    throw new ProtocolError('expected No Local 0 for a Shared Subscription, got 1'); // [MQTT-3.8.3-4]
  }
  return {
    topicFilter,
    qos: qos as Qos,
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

export function decodeUnsubscribe(reader: PacketReader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = reader.packetId();
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'unsubscribe') : NO_PROPERTIES;
  const topicFilters: string[] = [];
  while (reader.remaining > 0) topicFilters.push(readTopicFilter(reader));
  if (topicFilters.length === 0 && version !== ProtocolVersion.V31) {
    throw new ProtocolError('expected at least one Topic Filter in UNSUBSCRIBE'); // [MQTT-3.10.3-2] [MQTT-3.10.3-2] 3.1.1
  }
  return { type: 'unsubscribe', packetId, topicFilters, properties };
}

export function writeSubscribe(
  writer: PacketWriter,
  packet: SubscribePacket | UnsubscribePacket,
  version: ProtocolVersion,
): void {
  const { type, packetId, properties } = packet;
  const entries: readonly (Subscription | string)[] =
    type === 'subscribe' ? packet.subscriptions : packet.topicFilters;
  if (entries.length === 0 && version !== ProtocolVersion.V31) {
    // [MQTT-3.8.3-2] [MQTT-3.8.3-3] 3.1.1 [MQTT-3.10.3-2] [MQTT-3.10.3-2] 3.1.1
    throw new RangeError(`expected at least one topic filter in ${type}`);
  }
  writer.packetId(packetId);
  if (version === ProtocolVersion.V5) writeProperties(writer, type, properties);
  for (const each of entries) {
    if (typeof each === 'string') writeTopicFilter(writer, each);
    else writeSubscription(writer, each, version);
  }
}

function writeSubscription(writer: PacketWriter, subscription: Subscription, version: ProtocolVersion): void {
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } = subscription;
  writeTopicFilter(writer, topicFilter);
  checkQos(qos, 'qos of a subscription');
  checkInteger(retainHandling, 0, 2, 'retainHandling');
  const isV5 = version === ProtocolVersion.V5;
  if (isV5 && noLocal && isSharedFilter(topicFilter)) {
    throw new RangeError('expected noLocal false for a shared subscription'); // [MQTT-3.8.3-4]
  }
  const options =
    (noLocal ? NO_LOCAL : 0) |
    (retainAsPublished ? RETAIN_AS_PUBLISHED : 0) |
    (retainHandling << RETAIN_HANDLING_SHIFT);
  writer.byte(isV5 ? qos | options : qos);
}
