/**
 * Typed topics: patterns of topic names, each with a schema, from which the compiler knows what may be published where and
 * what a subscriber gets, and which are checked at run time, on both sides.
 *
 * What travels is what a schema takes, encoded: `publish` checks a value and sends it as it was given, `subscribe` gives
 * what the schema makes of it. So defaults and transformations of a schema happen once, where a message is received.
 */
import type { PublishOptions } from '../client/publish-options.ts';
import type { Message } from '../core/incoming/message.ts';
import { checkedPublication } from './checked-publication.ts';
import type { ParametersOf } from './pattern-types.ts';
import type { StandardResult, StandardSchema } from './standard-schema.ts';
import type { TopicParameters } from './topic-pattern.ts';
import { fillTopicPattern, invalidTopic, matchTopicPattern } from './topic-pattern.ts';
import type { TopicDefinitions, Topics } from './topics.ts';
import type { TopicsClient, TypedPublication, TypedSubscribeOptions } from './topics-client.ts';
import type { InvalidOptions, TypedMessage } from './typed-reader.ts';
import { typedReader } from './typed-reader.ts';
import type { PendingTypedSubscription } from './typed-subscription.ts';
import { pendingTypedSubscription } from './typed-subscription.ts';
import type { TypedTopic } from './typed-topic.ts';
import { checkValue, invalidPayload, typedTopic } from './typed-topic.ts';

/**
 * Defines typed topics.
 *
 *     const topics = defineTopics({
 *       'home/{room}/temperature': z.number(),
 *       'home/{room}/{device}/state': { schema: z.enum(['on', 'off']), qos: 1, retain: true },
 *       'log/{path...}': z.object({ level: z.string(), text: z.string() }),
 *     });
 *     topics.publish(client, 'home/{room}/temperature', { room: 'kitchen' }, 21.5);
 *     topics.of(client).publish('home/kitchen/temperature', 21.5);
 *     for await (const { params, value } of topics.subscribe(client, 'home/{room}/temperature')) {
 *       console.log(params.room, value);
 *     }
 *
 * `{name}` stands for one level, `{name...}`, which must be last, for one or more. Patterns may overlap; a subscriber to
 * one then gets what is published to the other, and it goes to `invalid` where it does not fit.
 *
 * @param options for all subscriptions that do not say otherwise
 * @throws {ClientError} `INVALID_TOPIC` for a pattern that is none, or that differs from another in nothing but the names
 * of its parameters; `INVALID_OPTION` for a schema that is none.
 */
export function defineTopics<const Definitions extends TopicDefinitions>(
  definitions: Definitions,
  options?: InvalidOptions,
): Topics<Definitions>;
export function defineTopics(
  definitions: TopicDefinitions,
  options: InvalidOptions = {},
): Topics<Record<string, StandardSchema>> {
  const byPattern = new Map<string, TypedTopic>();
  for (const [text, definition] of Object.entries(definitions)) {
    const topic = typedTopic(text, definition);
    for (const { pattern } of byPattern.values()) {
      if (pattern.topicFilter === topic.pattern.topicFilter) {
        throw invalidTopic(`a pattern other than ${pattern.text}`, text);
      }
    }
    byPattern.set(text, topic);
  }
  const ranked = [...byPattern.values()].sort((a, b) => (a.pattern.rank < b.pattern.rank ? 1 : -1));

  function topicOf(pattern: string): TypedTopic {
    const topic = byPattern.get(pattern);
    if (topic === undefined) throw invalidTopic('a defined pattern', pattern);
    return topic;
  }

  function send(
    client: TopicsClient,
    topic: TypedTopic,
    topicName: string,
    value: unknown,
    given?: PublishOptions,
  ): TypedPublication {
    const { codec, publishOptions } = topic;
    const give = ({ issues }: StandardResult<unknown>): TypedPublication => {
      if (issues) throw invalidPayload(topic, issues);
      return client.publish(topicName, codec.encode(value), { ...publishOptions, ...given });
    };
    const result = checkValue(topic, () => value);
    return result instanceof Promise
      ? checkedPublication(result.then((checked) => [give(checked)] as const))
      : give(result);
  }

  function subscribe<Pattern extends string>(
    client: TopicsClient,
    pattern: Pattern,
    parameters: Partial<TopicParameters> = {},
    subscribeOptions: TypedSubscribeOptions = {},
    handler?: (message: TypedMessage<ParametersOf<Pattern>, unknown>) => unknown,
  ): PendingTypedSubscription<ParametersOf<Pattern>, unknown> {
    const topic = topicOf(pattern);
    const { qos } = topic.publishOptions;
    const { invalid, whenInvalid, shareName, ...rest } = { ...options, ...subscribeOptions };
    // To be able to reject, the client must not acknowledge before the schema has spoken.
    const acknowledges = whenInvalid === 'reject' && (rest.acknowledge ?? 'received') === 'received';
    const read = typedReader<ParametersOf<Pattern>, unknown>(
      topic,
      { invalid, whenInvalid },
      acknowledges,
      handler !== undefined,
    );
    const filter = fillTopicPattern(topic.pattern, parameters, false);
    const pending = client.subscribe(
      shareName === undefined ? filter : `$share/${shareName}/${filter}`,
      { ...(qos !== undefined && { qos }), ...rest, ...(acknowledges && { acknowledge: 'manual' }) },
      handler &&
        ((message: Message): unknown => {
          const typed = read(message);
          if (typed instanceof Promise) return typed.then((each) => each && handler(each));
          return typed && handler(typed);
        }),
    );
    return pendingTypedSubscription(pending, read);
  }

  return {
    publish(client, pattern, parameters, value, given) {
      const topic = topicOf(pattern);
      return send(client, topic, fillTopicPattern(topic.pattern, parameters, true), value, given);
    },
    subscribe,
    of: (client) => ({
      publish(topicName, value, given) {
        const topic = ranked.find(({ pattern }) => matchTopicPattern(pattern, topicName));
        if (topic === undefined) throw invalidTopic('a topic name of a defined pattern', topicName);
        return send(client, topic, topicName, value, given);
      },
      subscribe: (...rest) => subscribe(client, ...rest),
    }),
  };
}
