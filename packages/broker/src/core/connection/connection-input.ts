/**
 * The receiving half of one connection, once its client is connected: what Incoming needs to know to take its
 * PUBLISH packets. It dies with the connection.
 */
import { ReasonCode } from '@martlet/protocol';
import type { WireForm } from '../publish/publish-writer.ts';
import type { Meter } from '../rates/meter.ts';
import type { Session } from '../session/session.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { Refusal } from './handshake.ts';
import type { Rights } from './rights.ts';

export class ConnectionInput {
  readonly form: WireForm;
  readonly session: Session;
  readonly output: ConnectionOutput;
  /** Null when nobody decides: everything is allowed. */
  rights: Rights | null;
  /** The topic that was named last, and the QoS levels at which it may be published to: bit 0 for QoS 0, bit 1 for QoS 1. */
  lastTopic: Topic | null;
  lastAllowed: number;
  #aliases: (Topic | undefined)[] | null;
  readonly #connection: { readonly meter: Meter | null };

  /** @param connection whose meter may be another one later */
  constructor(session: Session, output: ConnectionOutput, connection: { readonly meter: Meter | null }) {
    this.form = output.form;
    this.session = session;
    this.output = output;
    this.rights = null;
    this.lastTopic = null;
    this.lastAllowed = 0;
    this.#aliases = null;
    this.#connection = connection;
  }

  /** [MQTT-3.3.2-12] */
  setAlias(alias: number, topic: Topic): void {
    (this.#aliases ??= [])[alias] = topic;
  }

  topicOfAlias(alias: number): Topic | undefined {
    return this.#aliases?.[alias];
  }

  refusalOf(topic: Topic): Refusal {
    if (this.rights === null || topic.name.startsWith('$SYS/')) {
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
