/** One typed topic: its pattern, the schema of its values, and how they become payloads. */
import type { Qos } from '@martlet/protocol';
import type { MaybePromise } from '../authentication/authentication.ts';
import type { PublishOptions } from '../client/publish-options.ts';
import { ClientError, errorText } from '../client-error.ts';
import { jsonCodec } from '../codecs/json-codec.ts';
import type { PayloadCodec } from '../codecs/payload-codec.ts';
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts';
import type { TopicPattern } from './topic-pattern.ts';
import { parseTopicPattern } from './topic-pattern.ts';

export interface TopicDefinition {
  /** What its values are: any validator that speaks Standard Schema. */
  readonly schema: StandardSchema;
  /** How values become payloads. @default jsonCodec() */
  readonly codec?: PayloadCodec<unknown>;
  /** Of `publish` and `subscribe`, unless their options say another. @default the client's: 0 and 2 */
  readonly qos?: Qos;
  /** Of `publish`, unless its options say another. @default false */
  readonly retain?: boolean;
}

export interface TypedTopic {
  readonly pattern: TopicPattern;
  readonly schema: StandardSchema;
  readonly codec: PayloadCodec<unknown>;
  /** Of `publish`: what the codec and the definition say. */
  readonly publishOptions: PublishOptions;
}

/** @throws {ClientError} `INVALID_TOPIC` for a bad pattern, `INVALID_OPTION` for what is no schema. */
export function typedTopic(text: string, given: StandardSchema | TopicDefinition): TypedTopic {
  const pattern = parseTopicPattern(text);
  const {
    schema,
    codec = jsonCodec(),
    ...defaults
  }: Partial<TopicDefinition> = given && '~standard' in given ? { schema: given } : { ...given };
  if (schema?.['~standard']?.version !== 1) {
    throw new ClientError('INVALID_OPTION', `expected a Standard Schema for ${text}, got none`);
  }
  const { contentType, payloadFormatIndicator } = codec;
  // What is undefined counts as left out; the type cannot say so.
  const publishOptions = { contentType, payloadFormatIndicator, ...defaults } as PublishOptions;
  return { pattern, schema, codec, publishOptions };
}

/**
 * Has the topic's schema check what `value` returns. What throws, there or in the schema, is an issue: `value` decodes
 * what anybody may have sent.
 */
export function checkValue(
  { schema }: TypedTopic,
  value: () => unknown,
): MaybePromise<StandardResult<unknown>> {
  try {
    const result = schema['~standard'].validate(value());
    return result instanceof Promise ? result.catch(issueOf) : result;
  } catch (error) {
    return issueOf(error);
  }
}

function issueOf(error: unknown): StandardResult<unknown> {
  return { issues: [{ message: errorText(error) }] };
}

/** The error for a value that does not fit: it tells the first issue, its `cause` is all of them. */
export function invalidPayload({ pattern }: TypedTopic, issues: readonly StandardIssue[]): ClientError {
  const [first] = issues;
  const path = first?.path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? [];
  const got = [path.join('.'), first?.message].filter(Boolean).join(': ');
  return new ClientError('INVALID_PAYLOAD', `expected a value of ${pattern.text}, got ${got}`, issues);
}
