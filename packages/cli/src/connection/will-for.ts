/** What the server is to publish if the connection breaks. */
import type { WillOptions } from '@martlet/client';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';

/** What `-D will` gives. */
export type WillExtras = Omit<WillOptions, 'topicName' | 'payload' | 'qos' | 'retain'>;

/** @throws {UsageError} if something is said of a will without a topic, or the topic cannot be published to */
export function willFor(values: ConnectionValues, extras: WillExtras = {}): WillOptions | undefined {
  const { willTopic, willPayload, willQos, willRetain } = values;
  if (willTopic === undefined) {
    if (willPayload !== undefined) throw withoutTopic('--will-payload', 'Will payload given');
    if (willRetain) throw withoutTopic('--will-retain', 'Will retain given');
    if (Object.keys(extras).length > 0) throw withoutTopic('-D will', 'Will properties given');
    // A QoS alone means nothing, and Mosquitto's tools let it pass.
    return undefined;
  }
  if (/[+#]/.test(willTopic))
    throw new UsageError(
      `--will-topic: expected a topic without + and #, got '${willTopic}'`,
      `Invalid will topic '${willTopic}', does it contain '+' or '#'?`,
    );
  return {
    ...extras,
    topicName: willTopic,
    payload: willPayload ?? '',
    qos: (willQos ?? 0) as 0 | 1 | 2,
    retain: willRetain,
  };
}

function withoutTopic(flag: string, mosquittoWords: string): UsageError {
  return new UsageError(
    `${flag}: expected --will-topic with it, got none`,
    `${mosquittoWords}, but no will topic given.`,
  );
}
