/**
 * Writes PUBLISH into the outbox of one connection: in its version, with its topic aliases, and in one pass for what is
 * sent most often, a message without properties.
 */
import type { PublishProperties } from '@martlet/protocol';
import {
  NO_PROPERTIES,
  ProtocolVersion,
  publishPropertiesLength,
  utf8ByteLength,
  variableByteIntegerLength,
  writePublishProperties,
  writeUtf8,
  writeVariableByteInteger,
} from '@martlet/protocol';
import type { Outbox } from '../connection/outbox.ts';
import { BY_REFERENCE_BYTES } from '../connection/outbox.ts';
import type { OutgoingAliases } from '../connection/topic-aliases.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

const PUBLISH = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;

export class PublishWriter {
  readonly #outbox: Outbox;
  readonly #isV5: boolean;
  readonly #aliases: OutgoingAliases | null;
  readonly #maximumPacketSize: number;
  /** The topic name that was measured last, and its bytes. */
  #topicName: string;
  #topicBytes: number;

  /** @param aliases null where the server takes none */
  constructor(
    outbox: Outbox,
    version: ProtocolVersion,
    aliases: OutgoingAliases | null,
    maximumPacketSize: number,
  ) {
    this.#outbox = outbox;
    this.#isV5 = version === ProtocolVersion.V5;
    this.#aliases = aliases;
    this.#maximumPacketSize = maximumPacketSize;
    this.#topicName = '';
    this.#topicBytes = 0;
  }

  /** False when the server does not take a packet of this size: then nothing is written. [MQTT-3.2.2-15] */
  write(message: OutgoingMessage, wallMs: number): boolean {
    const { payload, qos, packetId } = message;
    let properties = this.#isV5 ? message.properties : NO_PROPERTIES;
    let { topicName } = message;
    const nameBytes = this.#measure(topicName);
    let remaining = 2 + nameBytes + (qos === 0 ? 0 : 2) + payload.length;
    if (message.expiresMs !== Number.POSITIVE_INFINITY && this.#isV5) {
      // Seconds that are left of what the application gave it.
      const left = Math.max(1, Math.ceil((message.expiresMs - wallMs) / 1000));
      properties = { ...properties, messageExpiryInterval: left };
    }
    let propertiesBytes = 0;
    if (this.#isV5) propertiesBytes = properties === NO_PROPERTIES ? 1 : publishPropertiesLength(properties);
    remaining += propertiesBytes;
    // The size is judged with the whole name: what fits must not depend on what was sent before.
    if (1 + variableByteIntegerLength(remaining) + remaining > this.#maximumPacketSize) return false;
    const aliased = this.#withAlias(topicName, properties);
    if (aliased !== properties) {
      properties = aliased;
      const aliasedBytes = publishPropertiesLength(properties);
      remaining += aliasedBytes - propertiesBytes;
      propertiesBytes = aliasedBytes;
      if (this.#aliases!.isKnown) {
        topicName = '';
        remaining -= nameBytes;
      }
      if (1 + variableByteIntegerLength(remaining) + remaining > this.#maximumPacketSize) return false;
    }
    const byReference = payload.length >= BY_REFERENCE_BYTES;
    const outbox = this.#outbox;
    const bytes = outbox.reserve(5 + remaining - (byReference ? payload.length : 0));
    let at = outbox.end;
    const isDuplicate = qos !== 0 && message.transmissions > 0; // [MQTT-3.3.1-1] [MQTT-3.3.1-2]
    bytes[at++] = PUBLISH | (isDuplicate ? DUP : 0) | (qos << 1) | (message.retain ? RETAIN : 0);
    at = writeVariableByteInteger(remaining, bytes, at);
    const written = topicName === '' ? 0 : nameBytes;
    bytes[at++] = written >> 8;
    bytes[at++] = written & 0xff;
    at = writeUtf8(topicName, bytes, at);
    if (qos !== 0) {
      bytes[at++] = packetId >> 8;
      bytes[at++] = packetId & 0xff;
    }
    if (propertiesBytes === 1) bytes[at++] = 0;
    else if (propertiesBytes > 1) at = writePublishProperties(properties, bytes, at);
    if (byReference) {
      outbox.advance(at);
      outbox.pushByReference(payload);
    } else {
      bytes.set(payload, at);
      outbox.advance(at + payload.length);
    }
    return true;
  }

  #measure(topicName: string): number {
    if (topicName !== this.#topicName) {
      this.#topicBytes = utf8ByteLength(topicName);
      this.#topicName = topicName;
    }
    return this.#topicBytes;
  }

  #withAlias(topicName: string, properties: PublishProperties): PublishProperties {
    const aliases = this.#aliases;
    if (aliases === null) return properties;
    aliases.look(topicName);
    return aliases.alias === 0 ? properties : { ...properties, topicAlias: aliases.alias };
  }
}
