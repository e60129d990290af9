/** SUBSCRIBE and UNSUBSCRIBE: each filter checked, authorised and answered by its own reason code. */

import type {
  SubscribePacket,
  TopicProblem,
  UnsubscribePacket,
  Subscription as Wanted,
} from '@martlet/protocol';
import {
  checkTopicFilter,
  isSharedFilter,
  ProtocolVersion,
  parseSharedFilter,
  ReasonCode,
  TOPIC_PROBLEMS,
} from '@martlet/protocol';
import { AT_ONCE } from '../commits.ts';
import type { ConnectionInput } from '../connection/connection-input.ts';
import type { ConnectionOutput } from '../connection/connection-output.ts';
import { tellsMore, toldReasonCode } from '../connection/told-reason.ts';
import type { CoreContext } from '../context.ts';
import type { KeepingRefusal } from '../keeping.ts';
import type { RuleReference } from '../ports/authorizer.ts';
import type { QoS } from '../publish/message.ts';
import type { Retaining } from '../retained/retaining.ts';
import type { EventSink } from '../telling/events.ts';
import type { Subscription } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What becomes of one filter of a SUBSCRIBE. */
interface Verdict {
  readonly reasonCode: ReasonCode;
  /** Why not; undefined if granted. */
  readonly refusal: string | undefined;
  /** That decided; undefined if no rule did. */
  readonly rule?: RuleReference | undefined;
}

export class Subscribing {
  readonly #context: CoreContext;
  readonly #subscriptions: Subscriptions;
  readonly #retaining: Retaining;
  readonly #events: EventSink;

  constructor(context: CoreContext, subscriptions: Subscriptions, retaining: Retaining, events: EventSink) {
    this.#context = context;
    this.#subscriptions = subscriptions;
    this.#retaining = retaining;
    this.#events = events;
  }

  /**
   * Does all of the packet, or nothing while an answer of the authoriser is awaited.
   * @returns false if it must be shown again
   */
  onSubscribe(client: ConnectionInput, packet: SubscribePacket): boolean {
    if (!this.#authorized(client, packet)) return false;
    const { session, output } = client;
    const before = this.#context.stagings;
    const identifier = packet.properties.subscriptionIdentifier ?? 0;
    const reasonCodes: ReasonCode[] = [];
    let refusals = '';
    const toShow = new Map<string, Subscription>();
    for (const asked of packet.subscriptions) {
      const wanted = { ...asked, topicFilter: placed(client, asked.topicFilter) };
      const verdict = this.#judge(client, asked, wanted.topicFilter);
      // [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.8.4-5] 3.1.1 [MQTT-3.9.3-1] 3.1.1
      reasonCodes.push(verdict.reasonCode);
      if (verdict.refusal !== undefined) {
        if (tellsMore(refusals.length)) {
          refusals += `${refusals === '' ? '' : '; '}${asked.topicFilter}: ${verdict.refusal}`;
        }
        this.#context.metrics.subscriptionsRefused++;
        this.#note('subscribe', session.clientId, wanted.topicFilter, verdict);
        this.#tellRefused(session.clientId, wanted.topicFilter, verdict.reasonCode, verdict.refusal);
        continue;
      }
      const qos = verdict.reasonCode as QoS;
      const record = { ...wanted, qos, subscriptionIdentifier: identifier };
      const { subscription, replaced } = this.#subscriptions.add(session, record);
      const { topicFilter } = wanted;
      this.#events.emit('subscribed', { clientId: session.clientId, topicFilter, qos });
      if (showsRetained(wanted, replaced === undefined) || toShow.has(wanted.topicFilter)) {
        toShow.set(wanted.topicFilter, subscription);
      } else if (replaced !== undefined) {
        this.#retaining.goOnWith(subscription, replaced);
      }
    }
    client.rights?.packetDone();
    client.countSubscriptions();
    const commit = this.#commitSince(before, output);
    // [MQTT-3.8.4-1] [MQTT-3.8.4-5] [MQTT-3.8.4-1] 3.1.1 [MQTT-3.8.4-4] 3.1.1
    output.sendAfter(commit, {
      type: 'suback',
      packetId: packet.packetId, // [MQTT-3.8.4-2] [MQTT-2.2.1-6] [MQTT-3.8.4-2] 3.1.1 [MQTT-2.3.1-7] 3.1.1
      reasonCodes: output.version === ProtocolVersion.V5 ? reasonCodes : reasonCodes.map(asReturnCode),
      properties: refusals === '' ? {} : { reasonString: refusals },
    });
    for (const subscription of toShow.values()) this.#retaining.show(session, subscription); // [MQTT-3.3.1-6] 3.1.1
    return true;
  }

  #tellRefused(clientId: string, topicFilter: string, reasonCode: ReasonCode, reason: string): void {
    this.#events.emit('subscriptionRefused', { clientId, topicFilter, reasonCode, reason });
  }

  /**
   * Does all of the packet, or nothing while an answer of the authoriser is awaited.
   * @returns false if it must be shown again
   */
  onUnsubscribe(client: ConnectionInput, packet: UnsubscribePacket): boolean {
    const { session, output } = client;
    if (!this.#mayUnsubscribe(client, packet)) return false;
    const unkept = session.kept ? this.#context.keeping.refusal : null;
    if (unkept !== null) {
      this.#refuseUnsubscribe(client, packet, unkept);
      return true;
    }
    const before = this.#context.stagings;
    let refusals = '';
    const reasonCodes = packet.topicFilters.map((asked) => {
      const topicFilter = placed(client, asked);
      if (this.#problemOf(asked) !== null) return ReasonCode.TopicFilterInvalid;
      const answer = client.rights?.asksToUnsubscribe
        ? client.rights.ask('unsubscribe', topicFilter, 0, false)
        : undefined;
      if (answer?.allowed === false) {
        const { reasonCode = ReasonCode.NotAuthorized, reasonString = 'not authorized', rule } = answer;
        const verdict = { reasonCode, refusal: reasonString, rule };
        this.#note('unsubscribe', session.clientId, topicFilter, verdict);
        if (tellsMore(refusals.length)) refusals += `${refusals === '' ? '' : '; '}${asked}: ${reasonString}`;
        return toldReasonCode('unsuback', reasonCode);
      }
      if (!this.#subscriptions.remove(session, topicFilter)) return ReasonCode.NoSubscriptionExisted;
      this.#events.emit('unsubscribed', { clientId: session.clientId, topicFilter });
      return ReasonCode.Success;
    });
    client.rights?.packetDone();
    client.countSubscriptions();
    const commit = this.#commitSince(before, output);
    // [MQTT-3.10.4-4] [MQTT-3.10.4-6] [MQTT-3.10.4-5] 3.1.1 [MQTT-3.10.4-6] 3.1.1
    output.sendAfter(commit, {
      type: 'unsuback',
      packetId: packet.packetId, // [MQTT-3.10.4-5] [MQTT-2.2.1-6] [MQTT-3.10.4-4] 3.1.1 [MQTT-2.3.1-7] 3.1.1
      reasonCodes, // [MQTT-3.11.3-1]
      properties: refusals === '' ? {} : { reasonString: refusals },
    });
    return true;
  }

  /** UNSUBACK before MQTT 5.0 has no reason codes: the connection ends instead. */
  #refuseUnsubscribe(
    { session, output }: ConnectionInput,
    { packetId, topicFilters }: UnsubscribePacket,
    { reasonCode, reasonString }: KeepingRefusal,
  ): void {
    for (const topicFilter of topicFilters) {
      this.#note('unsubscribe', session.clientId, topicFilter, { reasonCode, refusal: reasonString });
    }
    if (output.version !== ProtocolVersion.V5) {
      session.holder!.onDisconnectAsked(reasonCode, reasonString);
      return;
    }
    const told = toldReasonCode('unsuback', reasonCode);
    const reasonCodes = topicFilters.map(() => told);
    output.sendAfter(AT_ONCE, { type: 'unsuback', packetId, reasonCodes, properties: { reasonString } });
  }

  /** For who asks why. */
  #note(
    action: 'subscribe' | 'unsubscribe',
    clientId: string,
    topic: string,
    { reasonCode, refusal = '', rule }: Verdict,
  ): void {
    this.#context.refusals.add({
      action,
      clientId,
      username: undefined,
      peer: '',
      topic,
      reasonCode,
      reason: refusal,
      rule,
    });
  }

  /** What an answer waits for, if anything has been staged since. */
  #commitSince(stagings: number, { durability }: ConnectionOutput): number {
    return this.#context.stagings === stagings ? AT_ONCE : this.#context.commits.awaited(durability);
  }

  /** Asks for every filter before anything is done, so that the packet can be shown again as a whole. */
  #authorized(client: ConnectionInput, packet: SubscribePacket): boolean {
    if (client.rights === null) return true;
    for (const { topicFilter, qos } of packet.subscriptions) {
      const filter = placed(client, topicFilter);
      if (this.#problemOf(topicFilter) ?? this.#problemOf(filter)) continue;
      client.rights.ask('subscribe', filter, qos, false);
    }
    return !client.rights.waits;
  }

  #mayUnsubscribe(client: ConnectionInput, packet: UnsubscribePacket): boolean {
    if (client.rights?.asksToUnsubscribe !== true) return true;
    for (const topicFilter of packet.topicFilters) {
      if (this.#problemOf(topicFilter) !== null) continue;
      client.rights.ask('unsubscribe', placed(client, topicFilter), 0, false);
    }
    return !client.rights.waits;
  }

  /** @param topicFilter where the one that was asked for is placed */
  #judge(client: ConnectionInput, asked: Wanted, topicFilter: string): Verdict {
    const problem = this.#problemOf(asked.topicFilter) ?? this.#problemOf(topicFilter);
    if (problem !== null) {
      return { reasonCode: ReasonCode.TopicFilterInvalid, refusal: TOPIC_PROBLEMS[problem] };
    }
    const answer = client.rights?.ask('subscribe', topicFilter, asked.qos, false);
    if (answer?.allowed === false) {
      return {
        reasonCode: toldReasonCode('suback', answer.reasonCode ?? ReasonCode.NotAuthorized),
        refusal: answer.reasonString ?? 'not authorized',
        rule: answer.rule,
      };
    }
    const unkept = client.session.kept ? this.#context.keeping.refusal : null;
    if (unkept !== null) return { reasonCode: unkept.reasonCode, refusal: unkept.reasonString };
    if (!this.#subscriptions.hasRoomFor(client.session, topicFilter)) {
      return { reasonCode: ReasonCode.QuotaExceeded, refusal: 'as many subscriptions as there may be' };
    }
    const excess = client.refusesSubscription(topicFilter);
    if (excess !== undefined) {
      this.#context.metrics.subscriptionsBeyondRate++;
      return { reasonCode: ReasonCode.QuotaExceeded, refusal: excess };
    }
    const granted = Math.min(asked.qos, answer?.qos ?? 2, client.maximumQos); // [MQTT-3.2.2-9] [MQTT-3.2.2-10]
    return { reasonCode: granted as ReasonCode, refusal: undefined };
  }

  #problemOf(topicFilter: string): TopicProblem | null {
    const { topicLevels, topicBytes } = this.#context.profile.limits;
    if (!isSharedFilter(topicFilter)) return checkTopicFilter(topicFilter, topicLevels, topicBytes);
    const shared = parseSharedFilter(topicFilter, topicLevels, topicBytes);
    return typeof shared === 'string' ? shared : null;
  }
}

/** A topic filter of a client where the broker has it. */
function placed({ output }: ConnectionInput, topicFilter: string): string {
  return output.mount === null ? topicFilter : output.mount.filter(topicFilter);
}

function showsRetained(wanted: Wanted, isNew: boolean): boolean {
  return (
    !isSharedFilter(wanted.topicFilter) &&
    wanted.retainHandling !== 2 && // [MQTT-3.3.1-11]
    (wanted.retainHandling === 0 || // [MQTT-3.3.1-9] [MQTT-3.8.4-4] [MQTT-3.8.4-3] 3.1.1
      isNew) // [MQTT-3.3.1-10]
  );
}

/** SUBACK before MQTT 5.0 knows one failure. [MQTT-3.9.3-2] 3.1.1 */
function asReturnCode(reasonCode: ReasonCode): ReasonCode {
  return reasonCode >= 0x80 ? ReasonCode.UnspecifiedError : reasonCode;
}
