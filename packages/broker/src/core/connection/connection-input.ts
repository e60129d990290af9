/**
 * The receiving half of one connection, once its client is connected: what Incoming needs to know to take its
 * PUBLISH packets. It dies with the connection.
 */
import { ReasonCode } from '@martlet/protocol';
import type { WireForm } from '../publish/publish-writer.ts';
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
  readonly rights: Rights | null;
  /** The topic that was named last, and the QoS levels at which it may be published to: bit 0 for QoS 0, bit 1 for QoS 1. */
  lastTopic: Topic | null;
  lastAllowed: number;
  #aliases: (Topic | undefined)[] | null;

  constructor(session: Session, output: ConnectionOutput, rights: Rights | null) {
    this.form = output.form;
    this.session = session;
    this.output = output;
    this.rights = rights;
    this.lastTopic = null;
    this.lastAllowed = 0;
    this.#aliases = null;
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

  /** Rights have changed. */
  forgetRights(): void {
    this.lastAllowed = 0;
    this.rights?.forget();
  }
}
