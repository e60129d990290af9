/**
 * Writes PUBLISH into the outbox of one connection: in its version, with its topic aliases, within what the server takes,
 * and in one pass for what is sent most often, a message without properties.
 */
import type { PublishProperties, ReasonCode } from '@martlet/protocol';
import {
  encodePublishProperties,
  NO_PROPERTIES,
  ProtocolVersion,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@martlet/protocol';
import type { Outbox } from '../connection/outbox.ts';
import { BY_REFERENCE_BYTES } from '../connection/outbox.ts';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import type { OutgoingAliases } from '../connection/topic-aliases.ts';
import { tooLarge, unsupported } from '../connection/unsupported.ts';
import type { ClientError } from '../ports/client-error.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { TopicNames } from './topic-names.ts';

const PUBLISH = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;
const TOPIC_ALIAS = 0x23;
/** What a Topic Alias adds to the properties, in bytes. */
const ALIAS_BYTES = 3;
/** The longest packet there is, by the format of its length. */
const MAXIMUM_PACKET_BYTES = 268_435_460;
/** What PUBLISH has at most beside its topic name and its payload, in bytes, where it has no properties of its own. */
const FRAME_BYTES = 1 + 4 + 2 + 2 + 1 + ALIAS_BYTES;

/** What it writes to. */
export interface PublishConnection {
  readonly outbox: Outbox;
  /** The transport asks us to hold back. */
  readonly isCongested: boolean;
  sendAcknowledgement(type: 'pubrel', packetId: number, reasonCode: ReasonCode): void;
}

export class PublishWriter {
  /** Written and not yet handed to the transport, in order. */
  readonly written: OutgoingMessage[];
  readonly connection: PublishConnection;
  readonly server: ServerCapabilities;
  readonly #outbox: Outbox;
  readonly #aliases: OutgoingAliases | null;
  readonly #nowMs: () => number;
  readonly #isV5: boolean;
  readonly #maximumPacketSize: number;
  readonly #names: TopicNames;

  /** @param aliases null where none are given */
  constructor(
    connection: PublishConnection,
    server: ServerCapabilities,
    aliases: OutgoingAliases | null,
    nowMs: () => number,
    names: TopicNames,
  ) {
    this.written = [];
    this.connection = connection;
    this.server = server;
    this.#outbox = connection.outbox;
    this.#aliases = aliases;
    this.#nowMs = nowMs;
    this.#isV5 = server.protocolVersion === ProtocolVersion.V5;
    this.#maximumPacketSize = Math.min(server.maximumPacketSize, MAXIMUM_PACKET_BYTES);
    this.#names = names;
  }

  /** Why the server does not take a message; null when it does. */
  refusal(message: OutgoingMessage): ClientError | null {
    const { maximumQos, retainAvailable } = this.server;
    if (message.qos > maximumQos) return unsupported(`QoS ${message.qos}`); // [MQTT-3.2.2-11]
    if (message.retain && !retainAvailable) return unsupported('retained messages'); // [MQTT-3.2.2-14]
    const most = this.#maximumPacketSize;
    const { topicName, payload } = message;
    // In UTF-8 a character takes three bytes at most for each unit of the string: most messages need no measuring.
    if (message.properties === NO_PROPERTIES && 3 * topicName.length + payload.length + FRAME_BYTES <= most)
      return null;
    const bytes = this.#packetBytes(message);
    if (bytes <= most) return null; // [MQTT-3.2.2-15]
    return tooLarge(most, bytes);
  }

  /** Of PUBLISH with its whole topic name: what the server takes must not depend on the aliases that it knows. */
  #packetBytes({ topicName, payload, qos, properties }: OutgoingMessage): number {
    const remaining =
      2 +
      this.#names.bytesOf(topicName).length +
      (qos === 0 ? 0 : 2) +
      (this.#isV5 ? encodePublishProperties(properties).length : 0) +
      payload.length;
    return 1 + variableByteIntegerLength(remaining) + remaining;
  }

  sendPubrel(packetId: number, reasonCode: ReasonCode): void {
    this.connection.sendAcknowledgement('pubrel', packetId, reasonCode);
  }

  /** Writes a message that the server takes: `refusal` has been asked. */
  write(message: OutgoingMessage): void {
    const { payload, qos, packetId } = message;
    const payloadBytes = payload.length;
    const name = this.#names.bytesOf(message.topicName);
    const nameBytes = name.length;
    const properties = this.#isV5 ? this.#propertiesOf(message) : NO_PROPERTIES;
    let section = properties === NO_PROPERTIES ? null : encodePublishProperties(properties);
    const ownBytes = section === null ? 0 : section.length;
    let writtenNameBytes = nameBytes;
    let alias = 0;
    if (
      this.#aliases !== null &&
      nameBytes + ownBytes + payloadBytes + FRAME_BYTES <= this.#maximumPacketSize
    ) {
      this.#aliases.look(message.topicName);
      alias = this.#aliases.alias;
      if (alias !== 0 && this.#aliases.isKnown) writtenNameBytes = 0;
    }
    let propertiesBytes = 0;
    if (section !== null) {
      if (alias !== 0) section = encodePublishProperties({ ...properties, topicAlias: alias });
      propertiesBytes = section.length;
    } else if (this.#isV5) propertiesBytes = alias === 0 ? 1 : 1 + ALIAS_BYTES;
    const remaining = 2 + writtenNameBytes + (qos === 0 ? 0 : 2) + propertiesBytes + payloadBytes; // [MQTT-2.2.1-2] [MQTT-2.3.1-5] 3.1.1
    const byReference = payloadBytes >= BY_REFERENCE_BYTES;
    const outbox = this.#outbox;
    const bytes = outbox.reserve(5 + remaining - (byReference ? payloadBytes : 0));
    let at = outbox.end;
    const isDuplicate = qos !== 0 && message.wasWritten; // [MQTT-3.3.1-1] [MQTT-3.3.1-2] [MQTT-4.3.2-2] [MQTT-4.3.3-2] [MQTT-3.3.1-1] 3.1.1 [MQTT-3.3.1-2] 3.1.1
    bytes[at++] = PUBLISH | (isDuplicate ? DUP : 0) | (qos << 1) | (message.retain ? RETAIN : 0); // [MQTT-4.3.1-1] [MQTT-4.3.1-1] 3.1.1
    at = writeVariableByteInteger(remaining, bytes, at);
    bytes[at++] = writtenNameBytes >> 8;
    bytes[at++] = writtenNameBytes & 0xff;
    for (let i = 0; i < writtenNameBytes; i++) bytes[at++] = name[i]!;
    if (qos !== 0) {
      bytes[at++] = packetId >> 8;
      bytes[at++] = packetId & 0xff;
    }
    if (section !== null) {
      bytes.set(section, at);
      at += propertiesBytes;
    } else if (propertiesBytes > 0) {
      bytes[at++] = propertiesBytes - 1; // [MQTT-2.2.2-1]
      if (alias !== 0) {
        bytes[at++] = TOPIC_ALIAS;
        bytes[at++] = alias >> 8;
        bytes[at++] = alias & 0xff;
      }
    }
    if (byReference) {
      outbox.advance(at);
      outbox.pushByReference(payload);
    } else {
      bytes.set(payload, at);
      outbox.advance(at + payloadBytes);
    }
    message.wasWritten = true;
    this.written.push(message);
  }

  /** With what is left of the expiry interval, in seconds; 0 when it ran out while the message was under way. */
  #propertiesOf({ properties, expiresMs }: OutgoingMessage): PublishProperties {
    if (expiresMs === Number.POSITIVE_INFINITY) return properties;
    const left = Math.max(0, Math.ceil((expiresMs - this.#nowMs()) / 1000));
    return { ...properties, messageExpiryInterval: left };
  }
}
