/**
 * PUBLISH packets from clients: checked, attributed to a topic, authorised, acknowledged and handed to the router. This is the
 * way in of the hot path: nothing is allocated for a QoS 0 message to a topic that the connection named last.
 */

import type { AcknowledgementProperties, PublishPropertyScan } from '@martlet/protocol';
import {
  createPublishPropertyScan,
  FrameResult,
  MalformedPacketError,
  NO_PROPERTIES,
  ProtocolError,
  ProtocolVersion,
  ReasonCode,
  readVariableByteInteger,
  scanPublishProperties,
  variableByteIntegerLength,
} from '@martlet/protocol';
import { AT_ONCE } from '../commits.ts';
import type { ConnectionInput } from '../connection/connection-input.ts';
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { Refusal } from '../connection/handshake.ts';
import { Decision } from '../connection/rights.ts';
import type { CoreContext } from '../context.ts';
import { Durability } from '../ports/durability.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { Session } from '../session/session.ts';
import { DropReason } from '../telling/drop-reason.ts';
import { isControl, isSys } from '../topics/brokers-topics.ts';
import type { Topic, TopicTable } from '../topics/topic-table.ts';
import type { ControlTopics } from './control-topics.ts';
import { IncomingTopics } from './incoming-topics.ts';
import type { QoS } from './message.ts';
import { NO_BYTES } from './message.ts';
import type { Publication } from './publication.ts';
import { PublishRefusals } from './publish-refusals.ts';
import { PublishRun } from './publish-run.ts';
import { WireForm } from './publish-writer.ts';
import type { Router } from './router.ts';
import type { RunRouter } from './run-router.ts';

const PUBACK = 0x40;
const PUBREC = 0x50;
const DOLLAR = 0x24;
const PUBLISH_QOS0 = 0x30;
const PUBLISH_QOS1 = 0x32;
/** Not a packet for the short way. */
const NOT_PLAIN = -1;

export class Incoming {
  readonly run: PublishRun;
  readonly #context: CoreContext;
  readonly #topics: IncomingTopics;
  readonly #router: Router;
  readonly #runs: RunRouter;
  /** Where the run's messages are acknowledged. */
  #runOutput: ConnectionOutput | null;
  readonly #retaining: Retaining;
  readonly #refusals: PublishRefusals;
  readonly #controls: ControlTopics;
  readonly #publication: Publication;
  readonly #scan: PublishPropertyScan;

  constructor(
    context: CoreContext,
    topics: TopicTable,
    router: Router,
    runs: RunRouter,
    retaining: Retaining,
    publication: Publication,
    controls: ControlTopics,
  ) {
    this.run = new PublishRun();
    this.#runs = runs;
    this.#runOutput = null;
    this.#context = context;
    this.#topics = new IncomingTopics(topics, context.profile.limits);
    this.#router = router;
    this.#retaining = retaining;
    this.#refusals = new PublishRefusals(context);
    this.#controls = controls;
    this.#publication = publication;
    this.#scan = createPublishPropertyScan();
  }

  /**
   * One PUBLISH of a connected client, as `PacketStream` shows it.
   * @throws RemoteError when it breaks the protocol
   */
  onPublish(
    client: ConnectionInput,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
  ): FrameResult {
    const firstByte = bytes[start]!;
    if ((firstByte === PUBLISH_QOS0 || firstByte === PUBLISH_QOS1) && end - start < client.runPacketBytes) {
      const result = this.#addToRun(client, firstByte === PUBLISH_QOS0 ? 0 : 1, bytes, start, body, end);
      if (result !== NOT_PLAIN) return result;
    }
    this.flush();
    return this.#onAnyPublish(client, bytes, start, body, end, owned, null);
  }

  /** The same for one that exceeds a rate: it is refused where that can be told, and dropped. */
  onExcess(
    client: ConnectionInput,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
    refusal: Refusal,
  ): FrameResult {
    this.flush();
    return this.#onAnyPublish(client, bytes, start, body, end, owned, refusal);
  }

  /** Routes what has been collected: before anything else of this connection is done, and when the read ends. */
  flush(): void {
    const run = this.run;
    if (run.count === 0) return;
    try {
      const before = this.#context.stagings;
      this.#runs.route(run);
      if (run.qos === 1) this.#acknowledgeRun(run, this.#context.stagings !== before);
    } finally {
      run.count = 0; // also if a store throws: the next connection begins with an empty one
    }
  }

  /** The short way in, for packets that may be sent on as they are. */
  #addToRun(
    client: ConnectionInput,
    qos: 0 | 1,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
  ): FrameResult | typeof NOT_PLAIN {
    if (end - body < 2) return NOT_PLAIN;
    const topicStart = body + 2;
    const topicEnd = topicStart + ((bytes[body]! << 8) | bytes[body + 1]!);
    const properties = qos === 0 ? topicEnd : topicEnd + 2;
    const v5 = client.form === WireForm.V5;
    const payload = v5 ? properties + 1 : properties;
    if (payload > end || topicEnd === topicStart || (v5 && bytes[properties] !== 0)) return NOT_PLAIN;
    if (qos === 1 && (bytes[topicEnd]! | bytes[topicEnd + 1]!) === 0) return NOT_PLAIN;
    let topic = client.lastTopic;
    if (topic === null || !topic.equals(bytes, topicStart, topicEnd)) {
      topic = this.#topics.intern(bytes, topicStart, topicEnd);
      client.lastTopic = topic;
      client.lastAllowed = 0;
    }
    if ((client.lastAllowed & (qos + 1)) === 0) {
      const decision = this.#rightTo(client, topic, qos, false);
      if (decision !== Decision.Allowed || isControl(topic.name)) return NOT_PLAIN;
      client.lastAllowed |= qos + 1;
    }
    const run = this.run;
    if (run.count === 0 || run.topic !== topic || !run.continuesAt(start, bytes, qos)) {
      // Each message by itself is kept or refused, while nothing can be kept.
      if (qos === 1 && this.#context.keeping.messageRefusal !== null) return NOT_PLAIN;
      if (qos === 1 && this.#router.mayReject(topic)) return NOT_PLAIN;
      const route = this.#router.routeOf(topic);
      if (run.count > 0 && (run.route !== route || !run.continuesAt(start, bytes, qos))) this.flush();
      if (run.count === 0) {
        this.#runOutput = client.output;
        run.begin(route, client.session, qos, client.form, bytes, start);
      }
    }
    if (qos === 1) client.session.receiver.onPublishQos1();
    run.add(topic, start, payload, end);
    return FrameResult.Next;
  }

  /** PUBACK for every message of a QoS 1 run, in their order. [MQTT-4.6.0-2] [MQTT-4.6.0-2] 3.1.1 */
  #acknowledgeRun(run: PublishRun, staged: boolean): void {
    const output = this.#runOutput!;
    const { commits, levels } = this.#context;
    let commit = staged ? commits.awaited(levels.ofMessage(run.topic!, run.publisher)) : AT_ONCE;
    const varies = staged && levels.varyByTopic;
    const unwanted = run.route!.isEmpty && this.#tells(output);
    for (let i = 0; i < run.count; i++) {
      if (varies) commit = commits.awaited(levels.ofMessage(run.topics[i]!, run.publisher));
      if (unwanted) {
        this.#acknowledge(
          output,
          1,
          run.packetIdOf(i),
          commit,
          ReasonCode.NoMatchingSubscribers,
          NO_PROPERTIES,
        );
      } else {
        output.acknowledge(PUBACK, run.packetIdOf(i), commit); // [MQTT-4.3.2-4]
      }
      output.outbox.countAcknowledgement();
    }
  }

  #onAnyPublish(
    client: ConnectionInput,
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
    excess: Refusal | null,
  ): FrameResult {
    const firstByte = bytes[start]!;
    const qos = (firstByte >> 1) & 3;
    const retain = (firstByte & 1) === 1;
    if (qos === 3) {
      throw new MalformedPacketError('PUBLISH has QoS 3, expected 0, 1 or 2'); // [MQTT-3.3.1-4] [MQTT-3.3.1-4] 3.1.1
    }
    // MQTT 3.1 gives DUP no meaning at QoS 0.
    if (qos === 0 && (firstByte & 0x08) !== 0 && client.output.version !== ProtocolVersion.V31) {
      throw new MalformedPacketError('PUBLISH has DUP at QoS 0'); // [MQTT-3.3.1-2] [MQTT-3.3.1-2] 3.1.1
    }
    if (qos > client.maximumQos) {
      const text = `PUBLISH has QoS ${qos}, at most ${client.maximumQos} is allowed here`;
      throw new ProtocolError(text, ReasonCode.QosNotSupported); // [MQTT-3.2.2-11]
    }
    if (retain && !client.retainAvailable) {
      const text = 'PUBLISH asks to be retained, which is not allowed here';
      throw new ProtocolError(text, ReasonCode.RetainNotSupported); // [MQTT-3.2.2-14]
    }
    const topicStart = body + 2;
    const topicEnd = end - body < 2 ? end + 1 : topicStart + ((bytes[body]! << 8) | bytes[body + 1]!);
    let at = topicEnd + (qos > 0 ? 2 : 0);
    if (at > end)
      throw new MalformedPacketError('PUBLISH ends before its topic name and packet identifier do');
    const packetId = qos > 0 ? (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]! : 0;
    if (qos > 0 && packetId === 0) {
      throw new ProtocolError('PUBLISH has packet identifier 0'); // [MQTT-2.2.1-3] [MQTT-2.3.1-1] 3.1.1
    }
    const scan = this.#scan;
    let v5 = false;
    let plain = client.output.mount === null;
    if (client.form === WireForm.V5) {
      const length = readVariableByteInteger(bytes, at, end); // [MQTT-2.2.2-1]
      at += variableByteIntegerLength(length);
      if (at + length > end) throw new MalformedPacketError('PUBLISH ends before its properties do');
      if (length > 0) {
        scanPublishProperties(bytes, at, at + length, scan);
        v5 = true;
        plain &&= scan.topicAlias === 0;
        if (scan.hasSubscriptionIdentifier) {
          throw new ProtocolError('PUBLISH from a client has a Subscription Identifier'); // [MQTT-3.3.4-6]
        }
      }
      at += length;
    }
    const topic = this.#topics.of(client, bytes, topicStart, topicEnd, v5 ? scan.topicAlias : 0);
    const decision = this.#rightTo(client, topic, qos as QoS, retain);
    if (decision === Decision.Pending) return FrameResult.Again;
    if (v5 && scan.topicAlias !== 0) client.setAlias(scan.topicAlias, topic);

    const { metrics, nowMs } = this.#context;
    metrics.publishMessagesReceived++;
    metrics.publishBytesReceived += end - at;
    let isNew = true;
    if (qos === 1) client.session.receiver.onPublishQos1();
    else if (qos === 2) isNew = client.session.receiver.onPublishQos2(packetId);
    if (!isNew) {
      // It has been routed, whatever its client may do now; only its PUBREC was lost. [MQTT-4.3.3-10] [MQTT-4.3.3-2] 3.1.1
      const { commits, levels } = this.#context;
      const { session } = client;
      const kept = session.kept && !session.receiver.isTransient(packetId);
      const commit = kept ? commits.latest(levels.ofMessage(topic, session)) : AT_ONCE;
      client.output.acknowledge(PUBREC, packetId, commit);
      return FrameResult.Next;
    }
    const publication = this.#publication;
    publication.begin(topic, qos as QoS, retain, client.session, client.session.clientId, nowMs);
    publication.setPayload(bytes, at, end, owned);
    if (v5) {
      publication.properties =
        scan.forwardBytes ??
        (scan.forwardEnd > scan.forwardStart ? bytes.subarray(scan.forwardStart, scan.forwardEnd) : NO_BYTES);
      publication.expirySeconds = scan.messageExpiryInterval;
    }
    if (decision === Decision.Denied) {
      this.#refusals.deny(client, publication, packetId, client.refusalOf(topic));
      return FrameResult.Next;
    }
    if (end - at > this.#context.profile.limits.messageSize) {
      this.#refusals.tooLarge(client, publication, packetId);
      return FrameResult.Next;
    }
    if (excess !== null) {
      this.#refusals.refuse(client, publication, packetId, DropReason.IncomingRate, excess);
      return FrameResult.Next;
    }
    if (topic.name.charCodeAt(0) === DOLLAR && isControl(topic.name)) {
      this.#control(client, publication, packetId);
      return FrameResult.Next;
    }
    if (plain) publication.setRaw(client.form, start, end, qos > 0 ? topicEnd : 0);
    this.#accept(client, publication, packetId);
    return FrameResult.Next;
  }

  /** For the broker itself: given to its handler and acknowledged, or refused. A repetition after a restart is given again. */
  #control(client: ConnectionInput, publication: Publication, packetId: number): void {
    const { output, session } = client;
    const { qos } = publication;
    const refusal = this.#controls.take(publication, session.identity!);
    if (refusal !== null) {
      this.#refusals.deny(client, publication, packetId, refusal);
      return;
    }
    if (qos === 0) return;
    output.acknowledge(qos === 1 ? PUBACK : PUBREC, packetId, AT_ONCE);
    if (qos === 1) output.outbox.countAcknowledgement();
    else session.receiver.setTransient(packetId);
  }

  /** Routes and retains one message, and acknowledges it after the commit that keeps it. */
  #accept(client: ConnectionInput, publication: Publication, packetId: number): void {
    const context = this.#context;
    const { qos } = publication;
    if (qos > 0 && context.keeping.messageRefusal !== null && this.#mustBeKept(client, publication)) {
      this.#refusals.refuse(
        client,
        publication,
        packetId,
        DropReason.NotKept,
        context.keeping.messageRefusal,
      );
      return;
    }
    const full = this.#router.rejectedBy(publication);
    if (full !== null) {
      this.#refusals.reject(client, publication, packetId, full);
      return;
    }
    const before = context.stagings;
    const retained = publication.retain ? this.#retaining.retain(publication) : true; // [MQTT-3.3.1-8] [MQTT-3.3.1-12] 3.1.1
    const wanted = this.#router.route(publication);
    if (qos === 0) return; // [MQTT-3.3.4-1] [MQTT-3.3.4-1] 3.1.1
    if (qos === 2 && client.session.kept) this.#keepIdentifier(client.session, packetId, publication);
    const commit = context.stagings === before ? AT_ONCE : context.commits.awaited(publication.durability);
    const { output } = client;
    const unwanted = !wanted && this.#tells(output);
    if (client.form === WireForm.V3 || (retained && !unwanted)) {
      // [MQTT-2.2.1-5] [MQTT-2.3.1-6] 3.1.1 [MQTT-4.3.2-4] [MQTT-4.3.2-2] 3.1.1 [MQTT-4.3.3-8] [MQTT-4.3.3-2] 3.1.1
      output.acknowledge(qos === 1 ? PUBACK : PUBREC, packetId, commit);
    } else {
      const reasonCode = unwanted ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
      const properties = retained ? NO_PROPERTIES : { reasonString: this.#retaining.refusal };
      this.#acknowledge(output, qos, packetId, commit, reasonCode, properties);
    }
    if (qos === 1) output.outbox.countAcknowledgement();
  }

  /** A repetition of the message must be known as one after a restart, unless the message itself does not survive it. */
  #keepIdentifier(session: Session, packetId: number, { durability }: Publication): void {
    if (durability === Durability.Memory) {
      session.receiver.setTransient(packetId);
      return;
    }
    this.#context.store.putReceived(session.clientId, packetId);
    this.#context.staged();
  }

  /** Whether anything would be staged for it: what is routed, what is retained, or its own identifier. */
  #mustBeKept(client: ConnectionInput, publication: Publication): boolean {
    if (publication.durability === Durability.Memory) return false;
    return (publication.qos === 2 && client.session.kept) || this.#router.mustBeKept(publication);
  }

  #tells(output: ConnectionOutput): boolean {
    return output.form === WireForm.V5 && this.#context.profile.tellNoMatchingSubscribers;
  }

  #acknowledge(
    output: ConnectionOutput,
    qos: 1 | 2,
    packetId: number,
    commit: number,
    reasonCode: ReasonCode,
    properties: AcknowledgementProperties,
  ): void {
    output.sendAfter(commit, { type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties });
  }

  #rightTo(client: ConnectionInput, topic: Topic, qos: QoS, retain: boolean): Decision {
    // $-topics are the broker's own. [MQTT-4.7.2-1]
    if (topic.name.charCodeAt(0) === DOLLAR) {
      if (isSys(topic.name) || (client.rights === null && isControl(topic.name))) return Decision.Denied;
    }
    return client.rights === null ? Decision.Allowed : client.rights.toPublish(topic, qos, retain);
  }
}
