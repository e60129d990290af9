/** The entry `@martlet/client/topics`. */

export { jsonCodec } from '../codecs/json-codec.ts';
export type { PayloadCodec } from '../codecs/payload-codec.ts';
export { defineTopics } from './define-topics.ts';
export type { ParametersOf, PatternOf } from './pattern-types.ts';
export type { InputOf, OutputOf, StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts';
export type {
  TopicDefinitions,
  TopicInput,
  TopicOutput,
  Topics,
  TopicsOfClient,
  TypedHandler,
  TypedSubscribing,
} from './topics.ts';
export type {
  TopicsClient,
  TypedPublication,
  TypedSubscribeOptions,
} from './topics-client.ts';
export type { InvalidHandler, InvalidOptions, TypedMessage } from './typed-reader.ts';
export type { PendingTypedSubscription, TypedSubscription } from './typed-subscription.ts';
export type { TopicDefinition } from './typed-topic.ts';
