/**
 * Routes runs: a subscriber whose agreement with the broker leaves the packets as they are gets the whole run as one copy
 * of its bytes; everybody else gets the messages one by one.
 */
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { CoreContext } from '../context.ts';
import { DropReason } from '../telling/drop-reason.ts';
import { canTakeNow, waitsFor } from './outgoing.ts';
import type { Publication } from './publication.ts';
import type { PublishRun } from './publish-run.ts';
import { WireForm } from './publish-writer.ts';
import type { Target } from './route.ts';
import type { Router } from './router.ts';

const PUBLISH_QOS1 = 0x32;

export class RunRouter {
  readonly #context: CoreContext;
  readonly #router: Router;
  readonly #publication: Publication;
  /** The targets of a run that get its messages one by one. */
  readonly #others: Target[];

  /** @param publication for the single messages of a run; nobody else's */
  constructor(context: CoreContext, router: Router, publication: Publication) {
    this.#context = context;
    this.#router = router;
    this.#publication = publication;
    this.#others = [];
  }

  route(run: PublishRun): void {
    const route = run.route!;
    const { metrics } = this.#context;
    metrics.publishMessagesReceived += run.count;
    metrics.publishBytesReceived += run.payloadBytes;
    const { targets, groups, locals } = route;
    const others = this.#others;
    others.length = 0;
    const oneByOne = this.#context.profile.upgradeOutgoingQos;
    for (let i = 0; i < targets.length; i++) {
      const target = targets[i]!;
      if (oneByOne || !this.#giveWhole(run, target)) others.push(target);
    }
    if (others.length + groups.length + locals.length > 0) {
      for (let i = 0; i < run.count; i++) {
        this.#select(run, i);
        this.#router.deliver(this.#publication, others, groups, locals);
      }
    }
    const { denied } = route;
    for (let i = 0; i < denied.length; i++) this.#drop(run, DropReason.NotAuthorizedToReceive, denied[i]!);
    if (route.isEmpty) this.#drop(run, DropReason.NoMatchingSubscribers, run.publisherId);
  }

  /** False if this target must be given the messages one by one. */
  #giveWhole(run: PublishRun, target: Target): boolean {
    const { session } = target;
    const output = session.output;
    const qos0 = run.qos === 0 || target.qos === 0;
    if (output === null) {
      if (!qos0 || this.#context.profile.queueQos0) return false;
      this.#drop(run, DropReason.OfflineQos0, session.clientId);
      return true;
    }
    if (
      !output.plain ||
      output.outbox.meter !== null ||
      target.separate !== null ||
      (target.anyNoLocal && session === run.publisher) ||
      (target.identifiers.length > 0 && output.form === WireForm.V5) ||
      run.maximumLengthIn(output.form) > output.maximumPacketSize
    ) {
      return false;
    }
    if (run.qos === 0) {
      if (this.#context.profile.queueQos0 && waitsFor(session)) return false;
      this.#giveQos0(run, output);
      return true;
    }
    if (qos0 || session.kept || output.form !== run.form || !canTakeNow(session, 1)) return false;
    const { sender } = session;
    if (sender.sendable < run.count) return false;
    const at = output.outbox.append(run.bytes, run.start, run.end);
    const { bytes } = output.outbox;
    const shift = at - run.start;
    const packetIdBehind = run.form === WireForm.V5 ? 3 : 2;
    for (let i = 0; i < run.count; i++) {
      const packetId = sender.publish(1, null); // [MQTT-2.2.1-4] [MQTT-2.3.1-4] 3.1.1 [MQTT-4.3.2-1] [MQTT-4.3.2-1] 3.1.1
      bytes[run.starts[i]! + shift] = PUBLISH_QOS1;
      bytes[run.payloads[i]! - packetIdBehind + shift] = packetId >> 8;
      bytes[run.payloads[i]! - packetIdBehind + shift + 1] = packetId & 0xff;
    }
    this.#countGiven(run, output);
    return true;
  }

  #giveQos0(run: PublishRun, output: ConnectionOutput): void {
    const same = output.form === run.form;
    const bytes = same ? run.bytes : run.converted();
    const start = same ? run.start : 0;
    const end = same ? run.end : bytes.length;
    if (!output.outbox.accepts(end - start)) {
      this.#drop(run, DropReason.OutboxFull, output.clientId);
      return;
    }
    output.outbox.append(bytes, start, end);
    output.outbox.countQos0(run.count);
    this.#countGiven(run, output);
  }

  #countGiven(run: PublishRun, output: ConnectionOutput): void {
    const { metrics } = this.#context;
    metrics.messagesSent += run.count;
    metrics.publishMessagesSent += run.count;
    metrics.publishBytesSent += run.payloadBytes;
    if (output.outbox.overfull) output.outbox.flush();
  }

  /** Makes one packet of a run the current publication. */
  #select(run: PublishRun, packet: number): void {
    const end = run.endOf(packet);
    const payload = run.payloads[packet]!;
    const publication = this.#publication;
    publication.begin(
      run.topics[packet]!,
      run.qos,
      false,
      run.publisher,
      run.publisherId,
      this.#context.nowMs,
    );
    publication.setPayload(run.bytes, payload, end, false);
    const packetIdAt = run.qos === 0 ? 0 : payload - (run.form === WireForm.V5 ? 3 : 2);
    publication.setRaw(run.form, run.starts[packet]!, end, packetIdAt);
  }

  /** Every message of a run ends the same way for one recipient. */
  #drop(run: PublishRun, reason: DropReason, clientId: string): void {
    const { outcomes } = this.#context;
    if (outcomes.wantsMessages(reason)) {
      for (let i = 0; i < run.count; i++) {
        this.#select(run, i);
        outcomes.dropped(reason, clientId, run.topics[i]!, 1, '', this.#publication);
      }
      return;
    }
    let first = 0;
    for (let i = 1; i <= run.count; i++) {
      if (i < run.count && run.topics[i] === run.topics[first]) continue;
      outcomes.dropped(reason, clientId, run.topics[first]!, i - first);
      first = i;
    }
  }
}
