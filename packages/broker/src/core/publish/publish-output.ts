/**
 * PUBLISH packets into outboxes: the size a client takes, topic aliases, payloads by reference. Each packet is measured, checked,
 * and then sent or held; or it comes as a template that is already made.
 */
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { CoreContext } from '../context.ts';
import { BY_REFERENCE_BYTES } from '../output/outbox.ts';
import { DropReason } from '../telling/drop-reason.ts';
import type { Dropped } from '../telling/outcomes.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { Template } from './publication.ts';
import { PublishWriter } from './publish-writer.ts';

/** What a topic alias may add to a packet: the property, and lengths that grow by a byte. */
const ALIAS_BYTES = 8;

export class PublishOutput {
  readonly #context: CoreContext;
  readonly #writer: PublishWriter;

  constructor(context: CoreContext) {
    this.#context = context;
    this.#writer = new PublishWriter();
  }

  /**
   * Fixes the shape of the next packet.
   * @param expirySeconds what is left of the Message Expiry Interval, or -1 for none
   * @param mayAlias false for a packet that is held: others may overtake it
   */
  measure(
    output: ConnectionOutput,
    topic: Topic,
    qos: number,
    properties: Uint8Array,
    expirySeconds: number,
    identifiers: readonly number[],
    payload: Uint8Array,
    mayAlias: boolean,
  ): void {
    const writer = this.#writer;
    const { mount } = output;
    const name = mount?.covers(topic) === true ? mount.bytesOf(topic) : topic.bytes;
    writer.measure(output.form, name, qos, properties, expirySeconds, identifiers, payload.length);
    const alias = mayAlias && output.aliases !== null ? output.aliases.known(topic) : 0;
    if (alias !== 0) writer.replaceTopic(alias);
  }

  /** Like `fits`, for the packet that was measured. */
  measuredFits(output: ConnectionOutput, topic: Topic, qos0: boolean, message: Dropped): boolean {
    if (output.mount?.covers(topic) === false) {
      const { outcomes } = this.#context;
      outcomes.dropped(DropReason.OutsideMountPoint, output.clientId, topic, 1, '', message);
      return false;
    }
    return this.fits(output, this.#writer.packetLength, topic, qos0, message);
  }

  /** False, and counted, if the client, or at QoS 0 its outbox, cannot take a packet of this length. */
  fits(
    output: ConnectionOutput,
    packetLength: number,
    topic: Topic,
    qos0: boolean,
    message: Dropped,
  ): boolean {
    const { outcomes } = this.#context;
    if (packetLength > output.maximumPacketSize) {
      outcomes.dropped(DropReason.PacketTooLarge, output.clientId, topic, 1, '', message); // [MQTT-3.1.2-24]
      return false;
    }
    if (qos0 && !output.outbox.accepts(packetLength)) {
      const { heldBack, meter } = output.outbox;
      const reason = heldBack ? DropReason.OutgoingRate : DropReason.OutboxFull;
      const detail = heldBack && meter !== null ? meter.reason : '';
      outcomes.dropped(reason, output.clientId, topic, 1, detail, message);
      return false;
    }
    return true;
  }

  /** Sends the packet that was measured; perhaps it tells the client an alias for its topic. */
  sendMeasured(
    output: ConnectionOutput,
    topic: Topic,
    firstByte: number,
    packetId: number,
    payload: Uint8Array,
  ): void {
    const { outbox } = output;
    const writer = this.#writer;
    this.#introduceAlias(output, topic);
    const large = payload.length >= BY_REFERENCE_BYTES;
    const at = outbox.reserve(large ? writer.headLength : writer.packetLength);
    writer.writeHead(outbox.bytes, at, firstByte, packetId);
    if (large) outbox.appendPiece(payload);
    else outbox.bytes.set(payload, at + writer.headLength);
    this.#countSent(output, payload.length, writer.packetLength);
  }

  /**
   * Sends the packet that was measured once what has been staged is kept, to the level of its connection.
   * @returns the commit that it waits for
   */
  holdMeasured(output: ConnectionOutput, firstByte: number, packetId: number, payload: Uint8Array): number {
    const packet = new Uint8Array(this.#writer.packetLength);
    this.#writer.writeHead(packet, 0, firstByte, packetId);
    packet.set(payload, this.#writer.headLength);
    const { commits, levels } = this.#context;
    const commit = commits.awaited(levels.ofIdentifiers);
    output.outbox.hold(packet, commit);
    this.#countSent(output, payload.length, packet.length);
    return commit;
  }

  sendTemplate(
    output: ConnectionOutput,
    template: Template,
    firstByte: number,
    packetId: number,
    payloadLength: number,
  ): void {
    const { outbox } = output;
    if (template.end > 0) {
      const at = outbox.append(template.bytes, template.start, template.end);
      const bytes = outbox.bytes;
      bytes[at] = firstByte;
      if (packetId !== 0) {
        bytes[at + template.packetIdAt] = packetId >> 8;
        bytes[at + template.packetIdAt + 1] = packetId & 0xff;
      }
    }
    if (template.payload !== null) outbox.appendPiece(template.payload);
    this.#countSent(output, payloadLength, template.packetLength);
  }

  /** Only for a packet that is sure to be sent, so that the client knows every alias that we use. */
  #introduceAlias(output: ConnectionOutput, topic: Topic): void {
    if (output.aliases === null || this.#writer.hasAlias) return;
    if (this.#writer.packetLength + ALIAS_BYTES > output.maximumPacketSize) return;
    const alias = output.aliases.introduce(topic);
    if (alias !== 0) this.#writer.introduceAlias(alias);
  }

  #countSent({ outbox }: ConnectionOutput, payloadBytes: number, packetBytes: number): void {
    const { metrics } = this.#context;
    metrics.messagesSent++;
    metrics.publishMessagesSent++;
    metrics.publishBytesSent += payloadBytes;
    if (outbox.meter !== null) outbox.meter.onSent(1, packetBytes);
    if (outbox.overfull) outbox.flush();
  }
}
