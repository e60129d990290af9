import type { Qos } from '@martlet/protocol';
import { NO_PROPERTIES, publishPropertiesLength } from '@martlet/protocol';
import { WAIT_NAMES } from './check-call.ts';
import type { MessageProperties } from './client-options.ts';
import type { AnyCodec } from './encode-payload.ts';
import { invalid, refuseTopicName } from './resolve-options.ts';
import type { WaitOptions } from './settle.ts';

export interface PublishOptions extends MessageProperties, WaitOptions {
  /** @default 0 */
  readonly qos?: Qos;
  /** @default false */
  readonly retain?: boolean;
}

/** Names of the properties among a message's options; a Subscription Identifier is none. [MQTT-3.3.4-6] */
const PROPERTIES = [
  'payloadFormatIndicator',
  'messageExpiryInterval',
  'contentType',
  'userProperties',
  'responseTopic',
  'correlationData',
] as const satisfies readonly (keyof MessageProperties)[];

/** Names of the options of `publish`. */
export const PUBLISH_NAMES: readonly string[] = ['qos', 'retain', 'codec', ...WAIT_NAMES, ...PROPERTIES];

/** Those of `request`, which says itself where the response goes. */
export const REQUEST_NAMES: readonly string[] = ['qos', 'codec', 'envelope', ...WAIT_NAMES, ...PROPERTIES.slice(0, -2)];

/** @throws {ClientError} INVALID_OPTION, INVALID_TOPIC */
export function propertiesOf(options: PublishOptions & AnyCodec): MessageProperties {
  const codec = options.codec as MessageProperties | undefined;
  let properties: Record<string, unknown> | undefined;
  for (const name of PROPERTIES) {
    const value = options[name] ?? codec?.[name];
    if (value !== undefined) (properties ??= {})[name] = value;
  }
  if (properties === undefined) return NO_PROPERTIES;
  if (properties['responseTopic'] !== undefined) refuseTopicName(properties['responseTopic']); // [MQTT-3.3.2-14]
  try {
    publishPropertiesLength(properties); // [MQTT-3.3.2-13] [MQTT-3.3.2-19] [MQTT-1.5.7-1]
  } catch (error) {
    throw invalid((error as Error).message);
  }
  return properties;
}
