/** What `defineTopics` gives, in types: how the patterns and schemas of an application type its messages. */
import type { PublishOptions } from '../client/publish-options.ts';
import type { ParametersOf, PatternOf } from './pattern-types.ts';
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts';
import type { TopicsClient, TypedPublication, TypedSubscribeOptions } from './topics-client.ts';
import type { TypedMessage } from './typed-reader.ts';
import type { PendingTypedSubscription } from './typed-subscription.ts';
import type { TopicDefinition } from './typed-topic.ts';

/** Patterns, each with its schema, or with more about it. */
export type TopicDefinitions = Readonly<Record<string, StandardSchema | TopicDefinition>>;

type SchemaOf<Definition> = Definition extends StandardSchema
  ? Definition
  : Definition extends { readonly schema: infer Schema extends StandardSchema }
    ? Schema
    : never;

/** What is published to a pattern. */
export type TopicInput<Definitions, Pattern extends keyof Definitions> = InputOf<
  SchemaOf<Definitions[Pattern]>
>;
/** What a subscriber to a pattern gets. */
export type TopicOutput<Definitions, Pattern extends keyof Definitions> = OutputOf<
  SchemaOf<Definitions[Pattern]>
>;

type PatternIn<Definitions> = keyof Definitions & string;

/** Takes messages of a typed topic. When it returns a promise, the next one waits for it (see `concurrency`). */
export type TypedHandler<Definitions, Pattern extends PatternIn<Definitions>> = (
  message: TypedMessage<ParametersOf<Pattern>, TopicOutput<Definitions, Pattern>>,
) => unknown;

/** What `subscribe` of a typed topic returns: to be awaited, or iterated over. */
export type TypedSubscribing<Definitions, Pattern extends PatternIn<Definitions>> = PendingTypedSubscription<
  ParametersOf<Pattern>,
  TopicOutput<Definitions, Pattern>
>;

export interface Topics<Definitions> {
  /**
   * Publishes a value to the topic of a pattern and its parameters.
   *
   * @throws {ClientError} `INVALID_TOPIC` for a parameter that is missing or cannot stand there; `INVALID_PAYLOAD` for a
   * value that the schema refuses, with its issues as `cause`: an asynchronous schema has the publication reject instead.
   */
  publish<Pattern extends PatternIn<Definitions>>(
    client: TopicsClient,
    pattern: Pattern,
    parameters: ParametersOf<Pattern>,
    value: TopicInput<Definitions, Pattern>,
    options?: PublishOptions,
  ): TypedPublication;

  /**
   * Subscribes to a pattern: to all its topics, or to those with the parameters given.
   *
   * @throws {ClientError} `INVALID_TOPIC` for a parameter that cannot stand there, and whatever the client throws.
   */
  subscribe<Pattern extends PatternIn<Definitions>>(
    client: TopicsClient,
    pattern: Pattern,
    parameters?: Partial<ParametersOf<Pattern>>,
    options?: TypedSubscribeOptions,
    handler?: TypedHandler<Definitions, Pattern>,
  ): TypedSubscribing<Definitions, Pattern>;

  /** The same with a client in mind. */
  of(client: TopicsClient): TopicsOfClient<Definitions>;
}

export interface TopicsOfClient<Definitions> {
  /**
   * Publishes a value to a topic name; the compiler finds the pattern that it belongs to. When it fits several, the one
   * counts that is literal where they first differ, then one with `{name}` before one with `{name...}`.
   *
   * @throws {ClientError} as `publish` of {@link Topics} does; `INVALID_TOPIC` when the topic name fits no pattern.
   */
  publish<const Name extends string>(
    topicName: Name & Fitting<PatternOf<PatternIn<Definitions>, Name>>,
    value: TopicInput<Definitions, PatternOf<PatternIn<Definitions>, Name> & keyof Definitions>,
    options?: PublishOptions,
  ): TypedPublication;

  /** Subscribes as `subscribe` of {@link Topics} does. */
  subscribe<Pattern extends PatternIn<Definitions>>(
    pattern: Pattern,
    parameters?: Partial<ParametersOf<Pattern>>,
    options?: TypedSubscribeOptions,
    handler?: TypedHandler<Definitions, Pattern>,
  ): TypedSubscribing<Definitions, Pattern>;
}

/** What the compiler says of a topic name that fits no pattern. */
interface FitsNoPattern {
  readonly error: 'this topic name fits no pattern';
}

type Fitting<Pattern> = [Pattern] extends [never] ? FitsNoPattern : unknown;
