/**
 * The sending half of one connection: its outbox, and what was agreed about what may be under way. It is
 * valid while the client is connected; a session points at it to reach its client.
 */

import type { AnswerPacket, PingrespPacket } from '@martlet/protocol';
import { encodePacket, fitPacket, ProtocolVersion } from '@martlet/protocol';
import type { Outbox } from '../output/outbox.ts';
import type { Durability } from '../ports/durability.ts';
import type { OutboundAliases } from '../publish/outbound-aliases.ts';
import { WireForm } from '../publish/publish-writer.ts';
import type { ReceiveAnswers } from '../receive-rights.ts';
import type { Metrics } from '../telling/metrics.ts';
import type { MountPoint } from './mount-point.ts';
import { toldReasonString } from './told-reason.ts';

/** What CONNECT and CONNACK agreed on, as far as it concerns what is sent. */
export interface AgreedOutput {
  readonly clientId: string;
  /** Bytes; Infinity if the client did not say. */
  readonly maximumPacketSize: number;
  readonly sendQuota: number;
  readonly receiveMaximum: number;
}

export class ConnectionOutput {
  readonly clientId: string;
  readonly outbox: Outbox;
  readonly form: WireForm;
  readonly version: ProtocolVersion;
  /** Bytes; Infinity if the client did not say. */
  readonly maximumPacketSize: number;
  /** Null when the client allows none. */
  readonly aliases: OutboundAliases | null;
  /** Null when its topics are those of the broker. */
  readonly mount: MountPoint | null;
  /** A PUBLISH may be sent to it as it came in: neither aliases nor a mount point change the topic. */
  readonly plain: boolean;
  /** ReceiveRights': what was answered for this client. */
  receivable: ReceiveAnswers | null;
  /** False when the client asked for no Reason String and User Properties except where they are always allowed. */
  readonly tellsProblems: boolean;
  /** False where the broker says nothing in words. */
  readonly #tellsReasons: boolean;
  /** What is promised to this client of what it is told. */
  readonly durability: Durability;
  /** QoS 1 and 2 messages that may be in flight to the client. */
  readonly sendQuota: number;
  /** QoS 1 and 2 messages that the client may have under way. */
  readonly receiveMaximum: number;
  readonly #metrics: Metrics;

  constructor(
    agreed: AgreedOutput,
    outbox: Outbox,
    version: ProtocolVersion,
    aliases: OutboundAliases | null,
    mount: MountPoint | null,
    tellsProblems: boolean,
    tellsReasons: boolean,
    durability: Durability,
    metrics: Metrics,
  ) {
    this.clientId = agreed.clientId;
    this.outbox = outbox;
    this.form = version === ProtocolVersion.V5 ? WireForm.V5 : WireForm.V3;
    this.version = version;
    this.maximumPacketSize = agreed.maximumPacketSize;
    this.aliases = aliases;
    this.mount = mount;
    this.receivable = null;
    this.plain = aliases === null && mount === null;
    this.tellsProblems = tellsProblems;
    this.#tellsReasons = tellsReasons;
    this.durability = durability;
    this.sendQuota = agreed.sendQuota;
    this.receiveMaximum = agreed.receiveMaximum;
    this.#metrics = metrics;
  }

  /** Sends a packet other than PUBLISH at the end of this turn. */
  send(packet: AnswerPacket | PingrespPacket): void {
    const bytes = this.encode(packet);
    if (bytes !== null) this.outbox.appendAnswer(bytes);
  }

  /** Sends a packet once a commit is done (0: at once), behind everything that waits already. */
  sendAfter(commit: number, packet: AnswerPacket | PingrespPacket): void {
    const bytes = this.encode(packet);
    if (bytes === null) return;
    if (commit === 0 && !this.outbox.holding) this.outbox.appendAnswer(bytes);
    else this.outbox.hold(bytes, commit);
  }

  /** An acknowledgement without reason code, in order behind the acknowledgements that wait. */
  acknowledge(firstByte: number, packetId: number, commit: number): void {
    this.#metrics.messagesSent++;
    if (commit === 0 && !this.outbox.holding) this.outbox.appendAcknowledgement(firstByte, packetId);
    else this.outbox.hold(Uint8Array.of(firstByte, 2, packetId >> 8, packetId & 0xff), commit);
  }

  /** Null when the packet is larger than the client takes even without what only explains it. */
  encode(packet: AnswerPacket | PingrespPacket): Uint8Array | null {
    this.#metrics.messagesSent++;
    if (packet.type === 'pingresp') return encodePacket(packet, this.version);
    const fitting = fitPacket(this.#shaped(packet), this.version, this.maximumPacketSize);
    return fitting === undefined ? null : encodePacket(fitting, this.version);
  }

  #shaped(packet: AnswerPacket): AnswerPacket {
    const { reasonString, userProperties, ...properties } = packet.properties;
    const tells = this.tellsProblems || packet.type === 'connack' || packet.type === 'disconnect';
    if (!tells) return { ...packet, properties } as AnswerPacket; // [MQTT-3.1.2-29]
    if (reasonString === undefined) return packet;
    if (!this.#tellsReasons) {
      const { reasonString: _unsaid, ...others } = packet.properties;
      return { ...packet, properties: others } as AnswerPacket;
    }
    return {
      ...packet,
      properties: { ...packet.properties, reasonString: toldReasonString(reasonString) },
    } as AnswerPacket;
  }
}
