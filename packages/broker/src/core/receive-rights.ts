/**
 * Who may receive the messages of a topic. Only an authoriser that says so is asked, and it answers at once.
 *
 * It is asked when the way of a topic is found (`Router`): a session that may not receive is not on it, and costs nothing per
 * message but its count. What waits in a queue is asked about again when it is sent, because rights may have changed, and
 * because after a restart nobody knows who a session's client is before it connects; what has been sent once is sent
 * again unasked. A session whose client is away has the rights of its last connection. In-process subscribers are never
 * asked about, nor is what the broker itself says on `$CONTROL/`.
 */
import type { LimitName } from './options/limits.ts';
import type { AuthorizationAnswer, Authorizer, ClientIdentity } from './ports/authorizer.ts';
import type { Log } from './ports/log.ts';
import type { Message } from './publish/message.ts';
import { isControl } from './topics/brokers-topics.ts';
import type { Topic } from './topics/topic.ts';

const ALLOWED: AuthorizationAnswer = Object.freeze({ allowed: true });
const DENIED: AuthorizationAnswer = Object.freeze({ allowed: false });

/** What was answered for one connection. */
export interface ReceiveAnswers {
  /** Of the rights; those of an earlier one count no more. */
  readonly generation: number;
  readonly byTopic: Map<Topic, boolean>;
}

/** A session, as far as this concerns it. */
export interface Recipient {
  /** Of its last connection; null if there has been none since the start. */
  readonly identity: ClientIdentity | null;
  /** Null while its client is away. */
  readonly output: {
    /** What was answered for this connection; null if nothing has been asked. */
    receivable: ReceiveAnswers | null;
  } | null;
}

export class ReceiveRights {
  readonly #limits: { readonly [Name in LimitName]: number };
  readonly #errorLog: Log;
  /** Null: nobody is asked. */
  #authorizer: Authorizer | null;
  /** Who decides about everything else. */
  #decider: Authorizer | null;
  #generation: number;

  constructor(limits: { readonly [Name in LimitName]: number }, errorLog: Log) {
    this.#limits = limits;
    this.#errorLog = errorLog;
    this.#authorizer = null;
    this.#decider = null;
    this.#generation = 0;
  }

  /** Whether anybody is asked: else everything is allowed. */
  get asked(): boolean {
    return this.#authorizer !== null;
  }

  /** Rights have changed: for all connections at once, because what one of them sends now may go to any other. */
  forget(): void {
    this.#generation++;
  }

  /** Another authoriser. */
  use(authorizer: Authorizer | null): void {
    this.forget();
    this.#decider = authorizer;
    this.#authorizer = authorizer?.asks?.receive === true ? authorizer : null;
  }

  mayReceive({ identity, output }: Recipient, topic: Topic): boolean {
    if (this.#authorizer === null || identity === null) return true;
    if (output === null) return this.answer(identity, topic.name).allowed;
    if (output.receivable?.generation !== this.#generation) {
      output.receivable = { generation: this.#generation, byTopic: new Map() };
    }
    const { byTopic } = output.receivable;
    const known = byTopic.get(topic);
    if (known !== undefined) return known;
    const { allowed } = this.answer(identity, topic.name);
    if (byTopic.size >= this.#limits.rememberedRights) byTopic.clear();
    byTopic.set(topic, allowed);
    return allowed;
  }

  /** Whether the client that published a retained message may still do so; one about whom no answer comes at once may. */
  mayStillPublish(client: ClientIdentity, { topic, qos }: Message): boolean {
    const request = { client, action: 'publish', topic: topic.name, qos, retain: true } as const;
    try {
      return this.#decider?.authorize(request, () => {})?.allowed !== false;
    } catch (error) {
      const text = `the authoriser threw when asked who may still publish: ${error}`;
      this.#errorLog.write('error', 'authorizer-failed', text);
      return false;
    }
  }

  /** As the authoriser says it now, with its rule. */
  answer(client: ClientIdentity, topicName: string): AuthorizationAnswer {
    const authorizer = this.#authorizer;
    if (authorizer === null || isControl(topicName)) return ALLOWED;
    let given: AuthorizationAnswer | undefined;
    let asking = true;
    try {
      const request = { client, action: 'receive', topic: topicName, qos: 0, retain: false } as const;
      const atOnce = authorizer.authorize(request, (answer) => {
        if (asking) given = answer;
      });
      given = atOnce ?? given;
    } catch (error) {
      this.#errorLog.write(
        'error',
        'authorizer-failed',
        `the authoriser threw when asked who may receive: ${error}`,
      );
      return DENIED;
    } finally {
      asking = false;
    }
    if (given !== undefined) return given;
    const text = 'the authoriser did not answer at once who may receive: taken for no';
    this.#errorLog.write('error', 'authorizer-late', text);
    return DENIED;
  }
}
