/**
 * Publishes again what was dropped, at `{prefix}/{reason}/{topic name}`, with what is to be known about it as user properties. It is
 * published when the turn ends, at a bounded rate; what is dropped of dead letters themselves, or of `$` topics, is not.
 */
import { encodeForwardableProperties } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import { Durability } from '../ports/durability.ts';
import type { QoS } from '../publish/message.ts';
import { Message, NO_BYTES } from '../publish/message.ts';
import type { Publication } from '../publish/publication.ts';
import type { Router } from '../publish/router.ts';
import { TokenBucket } from '../rates/token-bucket.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import type { DropReasonRow } from './drop-reason.ts';
import { DROP_REASONS, DropReason } from './drop-reason.ts';
import type { DropCollector } from './outcomes.ts';

const DOLLAR = '$';

interface Letter {
  readonly row: DropReasonRow;
  readonly clientId: string;
  readonly topicName: string;
  readonly count: number;
  readonly detail: string;
  /** Null if it was not at hand. */
  readonly message: Message | null;
  readonly wallMs: number;
}

export class DeadLetters implements DropCollector {
  readonly #context: CoreContext;
  readonly #topics: TopicTable;
  readonly #router: Router;
  readonly #publication: Publication;
  readonly #waiting: Letter[];
  #bucket: TokenBucket | null;
  /** By the number of the reason. */
  #wanted: readonly boolean[];
  #prefix: string;

  /** @param publication used for nothing else */
  constructor(context: CoreContext, topics: TopicTable, router: Router, publication: Publication) {
    this.#context = context;
    this.#topics = topics;
    this.#router = router;
    this.#publication = publication;
    this.#waiting = [];
    this.#bucket = null;
    this.#wanted = [];
    this.#prefix = '';
    this.reconfigure();
  }

  /** Takes the options as they are now. */
  reconfigure(): void {
    const { profile, nowMs, outcomes } = this.#context;
    const { deadLetterPrefix, deadLetterReasons } = profile;
    const { deadLettersPerSecond } = profile.limits;
    const on = deadLetterPrefix !== '' && deadLettersPerSecond > 0;
    this.#prefix = deadLetterPrefix.replace(/\/$/, '');
    this.#bucket = on ? new TokenBucket(deadLettersPerSecond, deadLettersPerSecond, nowMs) : null;
    this.#wanted = DROP_REASONS.map(({ reason, code }) =>
      deadLetterReasons.length === 0
        ? reason !== DropReason.NoMatchingSubscribers
        : deadLetterReasons.includes(code),
    );
    outcomes.collector = on ? this : null;
  }

  wants(reason: DropReason): boolean {
    return this.#wanted[reason]!;
  }

  add(
    reason: DropReason,
    clientId: string,
    topicName: string,
    count: number,
    detail: string,
    message: Message | null,
  ): void {
    if (topicName.startsWith(DOLLAR) || this.#isLetter(topicName)) return;
    if (this.#bucket?.tryTake(this.#context.nowMs) !== true) return;
    const row = DROP_REASONS[reason]!;
    const { wallMs } = this.#context;
    this.#waiting.push({ row, clientId, topicName, count, detail, message, wallMs });
    this.#context.requestTurn();
  }

  /** Part of the turn. */
  publish(): void {
    if (this.#waiting.length === 0) return;
    // What is dropped meanwhile is a letter, or waits for the next turn.
    for (const letter of this.#waiting.splice(0)) this.#send(letter);
  }

  #send({ row, clientId, topicName, count, detail, message, wallMs }: Letter): void {
    const place = `${this.#prefix}/${row.code}`;
    // A topic name that is as long as it may be leaves no room for what stands in front of it.
    const topic =
      (topicName === '' ? null : this.#topics.internName(`${place}/${topicName}`)) ??
      this.#topics.internName(place);
    if (topic === null || !this.#router.hasSubscribers(topic)) return;
    const { keeping, levels } = this.#context;
    const userProperties: [string, string][] = [
      ['reason', row.code],
      ['client', clientId],
      ['topic', topicName],
      ['time', String(Math.round(wallMs))],
      ['count', String(count)],
    ];
    if (detail !== '') userProperties.push(['detail', detail]);
    const qos: QoS = keeping.localRefusal === null ? 1 : 0;
    const publication = this.#publication;
    const letter = new Message(
      topic,
      message?.payload ?? NO_BYTES,
      qos,
      false,
      encodeForwardableProperties({ userProperties }),
      Number.POSITIVE_INFINITY,
      keeping.localRefusal === null ? levels.ofMessage(topic, null) : Durability.Memory,
    );
    publication.beginKept(letter, null, '', this.#context.nowMs);
    this.#router.route(publication);
  }

  #isLetter(topicName: string): boolean {
    return topicName === this.#prefix || topicName.startsWith(`${this.#prefix}/`);
  }
}
