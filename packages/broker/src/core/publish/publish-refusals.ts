/**
 * PUBLISH packets that are not done: counted, remembered for who asks why, and told to the publisher as far as its version
 * and QoS let it be told.
 */
import { ReasonCode } from '@martlet/protocol';
import { AT_ONCE } from '../commits.ts';
import type { ConnectionInput } from '../connection/connection-input.ts';
import type { Refusal } from '../connection/handshake.ts';
import { toldReasonCode } from '../connection/told-reason.ts';
import type { CoreContext } from '../context.ts';
import { DropReason } from '../telling/drop-reason.ts';
import { ruleText } from '../telling/rule-text.ts';
import type { Publication } from './publication.ts';
import { WireForm } from './publish-writer.ts';

const PUBACK = 0x40;
const PUBREC = 0x50;

/** Who it is whose queue is full is no business of the publisher's. */
const REJECTED: Readonly<Refusal> = Object.freeze({
  reasonCode: ReasonCode.QuotaExceeded,
  reasonString: 'the queue of a recipient is full, and then messages of this topic are refused',
});

export class PublishRefusals {
  readonly #context: CoreContext;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** No right. Versions before 5.0 cannot refuse: they get a plain acknowledgement. [MQTT-3.3.5-2] 3.1.1 */
  deny(client: ConnectionInput, publication: Publication, packetId: number, refusal: Refusal): void {
    this.#tell(client, publication, packetId, DropReason.NotAuthorized, refusal);
  }

  /** The payload is larger than a message may be; that is told as `deny` tells. */
  tooLarge(client: ConnectionInput, publication: Publication, packetId: number): void {
    const { messageSize } = this.#context.profile.limits;
    const reasonString = `the payload has ${publication.payloadLength} bytes, at most ${messageSize} are allowed`;
    const refusal = { reasonCode: ReasonCode.ImplementationSpecificError, reasonString };
    this.#tell(client, publication, packetId, DropReason.PayloadTooLarge, refusal);
  }

  #tell(
    client: ConnectionInput,
    publication: Publication,
    packetId: number,
    reason: DropReason,
    refusal: Refusal,
  ): void {
    const { output, session } = client;
    const { qos } = publication;
    const { reasonCode, reasonString, rule } = refusal;
    const detail = rule === undefined ? reasonString : ruleText(rule);
    this.#note(client, publication, reason, refusal, detail);
    if (qos === 0) return;
    if (client.form === WireForm.V3) {
      output.acknowledge(qos === 1 ? PUBACK : PUBREC, packetId, AT_ONCE); // [MQTT-3.3.5-2] 3.1.1
      if (qos === 1) output.outbox.countAcknowledgement();
      else session.receiver.setTransient(packetId);
      return;
    }
    if (qos === 2) session.receiver.forget(packetId);
    const type = qos === 1 ? 'puback' : 'pubrec';
    const told = toldReasonCode(type, reasonCode);
    output.sendAfter(AT_ONCE, { type, packetId, reasonCode: told, properties: { reasonString } });
    output.outbox.countAcknowledgement();
  }

  /** A recipient's queue is full, and its policy is to reject. */
  reject(client: ConnectionInput, publication: Publication, packetId: number, recipient: string): void {
    const detail = `the queue of ${JSON.stringify(recipient)} is full`;
    this.refuse(client, publication, packetId, DropReason.QueueFullRejected, REJECTED, detail);
  }

  /**
   * Nothing of it has been done, for want of room. Versions before 5.0 cannot refuse: no acknowledgement, and the connection
   * ends, so that nothing is taken for kept that is not.
   */
  refuse(
    client: ConnectionInput,
    publication: Publication,
    packetId: number,
    reason: DropReason,
    refusal: Refusal,
    detail: string = refusal.reasonString,
  ): void {
    const { session, output } = client;
    const { qos } = publication;
    const { reasonCode, reasonString } = refusal;
    this.#note(client, publication, reason, refusal, detail);
    if (qos === 0) return;
    if (qos === 2) session.receiver.forget(packetId);
    if (client.form === WireForm.V3) {
      session.holder!.onDisconnectAsked(reasonCode, reasonString);
      return;
    }
    const type = qos === 1 ? 'puback' : 'pubrec';
    output.sendAfter(AT_ONCE, { type, packetId, reasonCode, properties: { reasonString } });
    output.outbox.countAcknowledgement();
  }

  #note(
    { session }: ConnectionInput,
    publication: Publication,
    reason: DropReason,
    { reasonCode, rule }: Refusal,
    detail: string,
  ): void {
    const { metrics, outcomes, refusals } = this.#context;
    const { clientId } = session;
    const { topic } = publication;
    metrics.publishesRefused++;
    outcomes.dropped(reason, clientId, topic, 1, detail, publication);
    refusals.add({
      action: 'publish',
      clientId,
      username: undefined,
      peer: '',
      topic: topic.name,
      reasonCode,
      reason: detail,
      rule,
    });
  }
}
