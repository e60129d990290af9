/** Properties of a message that stay when the message is gone. */
import type { PublishProperties } from '@martlet/protocol';

/** Characters of text and bytes; whatever is longer is cut off, so that no message takes much memory. */
const MOST = 256;
const MOST_USER_PROPERTIES = 16;

/** A copy: what came is a view of what was read from the network. */
export function keptProperties(properties: PublishProperties): PublishProperties {
  const { contentType, responseTopic, correlationData, userProperties, subscriptionIdentifiers } = properties;
  return {
    ...properties,
    ...(contentType === undefined ? {} : { contentType: contentType.slice(0, MOST) }),
    ...(responseTopic === undefined ? {} : { responseTopic: responseTopic.slice(0, MOST) }),
    ...(correlationData === undefined
      ? {}
      : { correlationData: new Uint8Array(correlationData.subarray(0, MOST)) }),
    ...(subscriptionIdentifiers === undefined
      ? {}
      : { subscriptionIdentifiers: subscriptionIdentifiers.slice(0, MOST_USER_PROPERTIES) }),
    ...(userProperties === undefined
      ? {}
      : {
          userProperties: userProperties
            .slice(0, MOST_USER_PROPERTIES)
            .map(([name, value]) => [name.slice(0, MOST), value.slice(0, MOST)] as const),
        }),
  };
}
