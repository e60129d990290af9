/**
 * What one connected client may do, as the authoriser has answered: remembered per topic until rights change, asked for
 * once. A question that is not answered at once closes the connection's gate; the packet is looked at again when it opens.
 */
import { ReasonCode } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
  ClientIdentity,
} from '../ports/authorizer.ts';
import type { QoS } from '../publish/message.ts';
import type { Topic } from '../topics/topic-table.ts';
import type { Refusal } from './handshake.ts';

export const Decision = { Denied: 0, Allowed: 1, Pending: 2 } as const;
export type Decision = (typeof Decision)[keyof typeof Decision];

const DEFAULT_REFUSAL = 'not authorized';

/** Its tables are made on first use: most clients publish to few topics, and many to none. */
export class Rights {
  readonly #authorizer: Authorizer;
  readonly #identity: ClientIdentity;
  readonly #context: CoreContext;
  readonly #onAnswered: () => void;
  /** Two bits per QoS and retain flag: 1 allowed, 2 denied. */
  #toPublish: Map<Topic, number> | null;
  #refusals: Map<Topic, AuthorizationAnswer> | null;
  /** Answers for the packet that is being looked at, by action, QoS, retain flag and topic. */
  #answers: Map<string, AuthorizationAnswer> | null;
  /** The questions whose answers are awaited. */
  #open: Set<string> | null;
  #unanswered: number;
  #generation: number;

  /** @param onAnswered called when the last open question has been answered, never from inside a call of this class */
  constructor(
    authorizer: Authorizer,
    identity: ClientIdentity,
    context: CoreContext,
    onAnswered: () => void,
  ) {
    this.#authorizer = authorizer;
    this.#identity = identity;
    this.#context = context;
    this.#onAnswered = onAnswered;
    this.#toPublish = null;
    this.#refusals = null;
    this.#answers = null;
    this.#open = null;
    this.#unanswered = 0;
    this.#generation = 0;
  }

  /**
   * Rights have changed: everything is asked anew, and answers to open questions count no more.
   * @returns whether an answer was awaited: then the packet that asked is to be looked at again
   */
  forget(): boolean {
    const awaited = this.#unanswered > 0;
    this.#unanswered = 0;
    this.#generation++;
    this.#toPublish?.clear();
    this.#refusals?.clear();
    this.#answers?.clear();
    this.#open?.clear();
    return awaited;
  }

  toPublish(topic: Topic, qos: QoS, retain: boolean): Decision {
    const shift = (qos * 2 + (retain ? 1 : 0)) * 2;
    const known = ((this.#toPublish?.get(topic) ?? 0) >> shift) & 3;
    if (known !== 0) return known === 1 ? Decision.Allowed : Decision.Denied;
    const answer = this.ask('publish', topic.name, qos, retain);
    if (answer === undefined) return Decision.Pending;
    this.packetDone();
    if ((this.#toPublish?.size ?? 0) >= this.#context.profile.limits.rememberedRights) {
      this.#toPublish?.clear();
      this.#refusals?.clear();
    }
    const mark = (answer.allowed ? 1 : 2) << shift;
    (this.#toPublish ??= new Map()).set(topic, (this.#toPublish?.get(topic) ?? 0) | mark);
    if (!answer.allowed) (this.#refusals ??= new Map()).set(topic, answer);
    return answer.allowed ? Decision.Allowed : Decision.Denied;
  }

  /** Why publishing to this topic was denied. */
  refusalOf(topic: Topic): Refusal {
    const answer = this.#refusals?.get(topic);
    if (answer?.allowed !== false)
      return { reasonCode: ReasonCode.NotAuthorized, reasonString: DEFAULT_REFUSAL };
    const { reasonCode = ReasonCode.NotAuthorized, reasonString = DEFAULT_REFUSAL, rule } = answer;
    return { reasonCode, reasonString, rule };
  }

  /** The answer, or undefined while it is awaited. It is remembered until `packetDone`. */
  ask(
    action: AuthorizationRequest['action'],
    topic: string,
    qos: QoS,
    retain: boolean,
  ): AuthorizationAnswer | undefined {
    const key = `${action}${qos}${retain}${topic}`;
    const remembered = this.#answers?.get(key);
    if (remembered !== undefined || this.#open?.has(key)) return remembered;
    const generation = this.#generation;
    let answered = false;
    let asking = true;
    let early: AuthorizationAnswer | undefined;
    const answer = this.#authorizer.authorize(
      { client: this.#identity, action, topic, qos, retain },
      (given) => {
        if (answered) return;
        answered = true;
        if (asking) {
          early = given; // from inside the call, which it should not be: taken all the same
          return;
        }
        if (generation !== this.#generation) return;
        this.#unanswered--;
        this.#open?.delete(key);
        (this.#answers ??= new Map()).set(key, given);
        if (this.#unanswered === 0) this.#onAnswered();
      },
    );
    asking = false;
    const known = answer ?? early;
    if (known === undefined) {
      this.#unanswered++;
      (this.#open ??= new Set()).add(key);
      return undefined;
    }
    answered = true;
    (this.#answers ??= new Map()).set(key, known);
    return known;
  }

  /** The packet that asked has been dealt with. */
  packetDone(): void {
    this.#answers = null;
  }

  /** Whether a question about UNSUBSCRIBE is wanted at all. */
  get asksToUnsubscribe(): boolean {
    return this.#authorizer.asks?.unsubscribe === true;
  }

  get waits(): boolean {
    return this.#unanswered > 0;
  }
}
