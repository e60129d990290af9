import type { PayloadCodec } from '../../codecs/payload-codec.ts';
import type { MessageProperties } from '../client-options.ts';

/** What messages of this codec say of their payload. */
export function propertiesOfCodec(codec: PayloadCodec<unknown> | undefined): MessageProperties {
  // What is undefined counts as left out; the type cannot say so.
  return {
    contentType: codec?.contentType,
    payloadFormatIndicator: codec?.payloadFormatIndicator,
  } as MessageProperties;
}
