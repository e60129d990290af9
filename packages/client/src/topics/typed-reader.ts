/** Messages to typed topics: what fits reaches the application, what does not goes to `invalid`. */
import { ReasonCode } from '@martlet/protocol';
import type { MaybePromise } from '../authentication/authentication.ts';
import type { Message } from '../core/incoming/message.ts';
import type { StandardIssue, StandardResult } from './standard-schema.ts';
import { matchTopicPattern } from './topic-pattern.ts';
import type { TypedTopic } from './typed-topic.ts';
import { checkValue, invalidPayload } from './typed-topic.ts';

/** A message whose topic name and payload fit. */
export type TypedMessage<Parameters, Value> = Message & {
  /** What stands for the parameters of the pattern. */
  readonly params: Parameters;
  /** What the schema made of the payload. */
  readonly value: Value;
};

/**
 * Takes a message that does not fit its pattern or its schema. It is acknowledged, or rejected, afterwards: when the
 * promise is fulfilled, if one is returned. What it throws goes where errors of a handler go, and to whoever iterates.
 */
export type InvalidHandler = (
  message: Message,
  issues: readonly StandardIssue[],
  pattern: string,
) => MaybePromise<unknown>;

export interface InvalidOptions {
  /**
   * Takes messages that do not fit. @default an error `INVALID_PAYLOAD` for the client's `handlerError`, as if the
   * handler had thrown it; a line on the console, where there is no handler
   */
  readonly invalid?: InvalidHandler | undefined;
  /**
   * What becomes of messages of QoS 1 and 2 that do not fit. `reject` answers with the reason code Payload format
   * invalid (0x99) of MQTT 5.0; before that there are none, and it is as `Message.reject` says.
   * @default 'acknowledge'
   */
  readonly whenInvalid?: 'acknowledge' | 'reject' | undefined;
}

/**
 * Makes a typed message of a message. Gives undefined, or a promise of it, when it does not fit, and has been dealt with.
 */
export type TypedReader<Parameters, Value> = (
  message: Message,
) => MaybePromise<TypedMessage<Parameters, Value> | undefined>;

/** @param acknowledges whether messages that fit are still to be acknowledged when the application gets them */
export function typedReader<Parameters, Value>(
  topic: TypedTopic,
  { invalid, whenInvalid }: InvalidOptions,
  acknowledges: boolean,
  hasHandler: boolean,
): TypedReader<Parameters, Value> {
  async function refuse(message: Message, issues: readonly StandardIssue[]): Promise<undefined> {
    await invalid?.(message, issues, topic.pattern.text);
    if (whenInvalid === 'reject') message.reject(ReasonCode.PayloadFormatInvalid);
    else message.acknowledge();
    if (invalid) return;
    const error = invalidPayload(topic, issues);
    if (hasHandler) throw error;
    console.error(`martlet: ${error.message}`);
  }

  return (message) => {
    const params = matchTopicPattern(topic.pattern, message.topicName);
    if (!params) return refuse(message, [{ message: `topic name ${message.topicName}` }]);
    const finish = (
      result: StandardResult<unknown>,
    ): MaybePromise<TypedMessage<Parameters, Value> | undefined> => {
      if (result.issues) return refuse(message, result.issues);
      if (acknowledges) message.acknowledge();
      return Object.assign(message, { params: params as Parameters, value: result.value as Value });
    };
    const result = checkValue(topic, () => topic.codec.decode(message.payload));
    return result instanceof Promise ? result.then(finish) : finish(result);
  };
}

/** The messages that fit. */
export async function* readAll<Parameters, Value>(
  messages: AsyncIterable<Message>,
  read: TypedReader<Parameters, Value>,
): AsyncGenerator<TypedMessage<Parameters, Value>, void> {
  for await (const message of messages) {
    const typed = await read(message);
    if (typed) yield typed;
  }
}
