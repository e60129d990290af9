import type { Qos } from '@martlet/protocol';
import { encodePublishProperties, NO_PROPERTIES } from '@martlet/protocol';
import type { Rules } from './check-options.ts';
import { anything, invalid, ofType, oneOf, WAIT } from './check-options.ts';
import type { MessageProperties } from './client-options.ts';
import type { AnyCodec } from './encode-payload.ts';
import { refuseTopicName } from './resolve-options.ts';
import type { RequestOptions } from './rpc/request-options.ts';
import type { WaitOptions } from './settle.ts';

export interface PublishOptions extends MessageProperties, WaitOptions {
  /** @default 0 */
  readonly qos?: Qos;
  /** @default false */
  readonly retain?: boolean;
}

/** The properties among a message's options; a Subscription Identifier is none. [MQTT-3.3.4-6] */
const PROPERTIES: Readonly<Rules<MessageProperties>> = {
  payloadFormatIndicator: anything,
  messageExpiryInterval: anything,
  contentType: anything,
  userProperties: anything,
  responseTopic: anything,
  correlationData: anything,
};

const PROPERTY_NAMES = Object.keys(PROPERTIES) as readonly (keyof MessageProperties)[];

/** The options of `publish`. */
export const PUBLISH: Readonly<Rules<PublishOptions & AnyCodec & { readonly qos: Qos }>> = {
  qos: oneOf<Qos>(0, 1, 2),
  retain: anything,
  codec: anything,
  ...WAIT,
  ...PROPERTIES,
};

/** Those of `request`, which says itself where the response goes. */
const { retain, responseTopic, correlationData, ...others } = PUBLISH;
export const REQUEST: Readonly<Rules<RequestOptions & AnyCodec>> = {
  ...others,
  envelope: ofType('boolean', false),
};

/** @throws {ClientError} INVALID_OPTION, INVALID_TOPIC */
export function propertiesOf(options: PublishOptions & AnyCodec): MessageProperties {
  const codec = options.codec as MessageProperties | undefined;
  let properties: Record<string, unknown> | undefined;
  for (const name of PROPERTY_NAMES) {
    const value = options[name] ?? codec?.[name];
    if (value !== undefined) (properties ??= {})[name] = value;
  }
  if (properties === undefined) return NO_PROPERTIES;
  if (properties['responseTopic'] !== undefined) refuseTopicName(properties['responseTopic']); // [MQTT-3.3.2-14]
  try {
    encodePublishProperties(properties); // [MQTT-3.3.2-13] [MQTT-3.3.2-19] [MQTT-1.5.7-1]
  } catch (error) {
    throw invalid((error as Error).message);
  }
  return properties;
}
