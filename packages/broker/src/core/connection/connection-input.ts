/**
 * The receiving half of one connection, once its client is connected: what Incoming needs to know to take its
 * PUBLISH packets. It dies with the connection.
 */
import { ReasonCode } from '@martlet/protocol';
import { BY_REFERENCE_BYTES } from '../output/outbox.ts';
import type { QoS } from '../publish/message.ts';
import type { WireForm } from '../publish/publish-writer.ts';
import type { Meter } from '../rates/meter.ts';
import type { Session } from '../session/session.ts';
import { isSys } from '../topics/brokers-topics.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { Agreement, Refusal } from './handshake.ts';
import type { Rights } from './rights.ts';

type Granted = Pick<Agreement, 'maximumQos' | 'retainAvailable' | 'topicAliasMaximum'>;

export class ConnectionInput {
  readonly form: WireForm;
  readonly session: Session;
  readonly output: ConnectionOutput;
  /** What CONNACK granted. */
  readonly maximumQos: QoS;
  readonly retainAvailable: boolean;
  readonly topicAliasMaximum: number;
  /** PUBLISH packets of fewer bytes than this may go the short way, if they are plain; 0: none may. */
  runPacketBytes: number;
  /** Null when nobody decides: everything is allowed. */
  rights: Rights | null;
  /** The topic that was named last, and the QoS levels at which it may be published to: bit 0 for QoS 0, bit 1 for QoS 1. */
  lastTopic: Topic | null;
  lastAllowed: number;
  #aliases: (Topic | undefined)[] | null;
  readonly #connection: { readonly meter: Meter | null };

  /** @param connection whose meter may be another one later */
  constructor(
    session: Session,
    output: ConnectionOutput,
    granted: Granted,
    connection: { readonly meter: Meter | null },
  ) {
    this.form = output.form;
    this.session = session;
    this.output = output;
    this.maximumQos = granted.maximumQos;
    this.retainAvailable = granted.retainAvailable;
    this.topicAliasMaximum = granted.topicAliasMaximum;
    this.runPacketBytes = 0;
    this.rights = null;
    this.lastTopic = null;
    this.lastAllowed = 0;
    this.#aliases = null;
    this.#connection = connection;
  }

  /** The payload of a message may have so many bytes: a packet that has no more cannot have a larger one. */
  set messageSize(bytes: number) {
    const mayRun = this.output.mount === null && this.maximumQos > 0;
    this.runPacketBytes = mayRun ? Math.min(BY_REFERENCE_BYTES, bytes + 1) : 0;
  }

  /** [MQTT-3.3.2-12] */
  setAlias(alias: number, topic: Topic): void {
    (this.#aliases ??= [])[alias] = topic;
  }

  topicOfAlias(alias: number): Topic | undefined {
    return this.#aliases?.[alias];
  }

  refusalOf(topic: Topic): Refusal {
    if (this.rights === null || isSys(topic.name)) {
      const reasonString = `clients may not publish to ${topic.name}`;
      return { reasonCode: ReasonCode.NotAuthorized, reasonString };
    }
    return this.rights.refusalOf(topic);
  }

  /** Notes for its rates how many subscriptions its session has. */
  countSubscriptions(): void {
    this.#connection.meter?.countSubscriptions(this.session.subscriptionCount);
  }

  /** Why its rates do not let it subscribe to this; undefined if they do. */
  refusesSubscription(topicFilter: string): string | undefined {
    const { meter } = this.#connection;
    if (meter === null || this.session.subscriptionTo(topicFilter) !== undefined) return undefined;
    this.countSubscriptions();
    return meter.refusesSubscription();
  }

  /** Rights have changed. @returns whether a packet waits for an answer: it is to be looked at again */
  forgetRights(): boolean {
    this.lastTopic = null;
    this.lastAllowed = 0;
    return this.rights?.forget() === true;
  }
}
