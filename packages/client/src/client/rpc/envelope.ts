/**
 * What makes a message a request or a response. In MQTT 5.0 its properties do: Response Topic and Correlation Data, as
 * every client has them, and one User Property named `martlet` where these do not say enough: its value is the mark. Before
 * MQTT 5.0 there are no properties, and the same stands in front of the payload:
 *
 *     FF 4D 52    tells it from what is no envelope; no text in UTF-8 has FF in it
 *     … 00        the mark
 *     … 00        the Correlation Data: text without U+0000
 *     … 00        the Response Topic; empty where there is none
 *     …           the payload, to the end
 */
import type { Qos } from '@martlet/protocol';
import type { Message } from '../../core/incoming/message.ts';
import type { PublishOptions } from '../publish-options.ts';

/**
 * Of a request: `''` wants one response, `'many'` a stream. Of a response: `''` is all there is; a stream is `'begun'`, then
 * each `'item'`, then the `'end'`. `'error'` ends either, with its text as payload. To the Response Topic of what has begun go
 * `'more'`, with the number of items that the caller has taken as payload, and `'cancel'`.
 */
export type Mark = '' | 'many' | 'begun' | 'item' | 'end' | 'error' | 'more' | 'cancel';

/** Items of a stream that are sent before the caller has taken one. It tells of each half of them. */
export const WINDOW = 32;

/** Everything about a request or a response but its payload. */
export interface Head {
  readonly isEnveloped: boolean;
  /** What was read may be any text. */
  readonly mark: string;
  /** Correlation Data. */
  readonly id: Uint8Array | undefined;
  readonly responseTopic: string | undefined;
}

export interface ReceivedHead extends Head {
  readonly qos: Qos;
}

/** A mark that we know, as whoever writes one does. */
type MarkedHead = Head & { readonly mark: Mark };

const NAME = 'martlet';

/** The payload and the options with which a message is published. */
export function seal(
  { isEnveloped, mark, id, responseTopic }: MarkedHead,
  payload: Uint8Array,
  options: PublishOptions,
): [payload: Uint8Array, options: PublishOptions] {
  if (isEnveloped) {
    const head = new TextEncoder().encode(`-MR${mark}\0${textOf(id)}\0${responseTopic ?? ''}\0`);
    const sealed = new Uint8Array(head.length + payload.length);
    sealed.set(head);
    sealed.set(payload, head.length);
    sealed[0] = 0xff;
    // They told of the payload inside.
    const { contentType, payloadFormatIndicator, ...others } = options;
    return [sealed, others];
  }
  const { userProperties = [] } = options;
  return [
    payload,
    {
      ...options,
      ...(id && { correlationData: id }),
      ...(responseTopic && { responseTopic }),
      ...(mark && { userProperties: [...userProperties, [NAME, mark]] }),
    },
  ];
}

/** What the message says beside its payload, which is taken out of its envelope; undefined when it is neither. */
export function unseal(message: Message): ReceivedHead | undefined {
  const { payload, properties, qos } = message;
  const { correlationData: id, responseTopic } = properties;
  if (id !== undefined || responseTopic !== undefined) {
    const mark = properties.userProperties?.find(([name]) => name === NAME)?.[1] ?? '';
    return { isEnveloped: false, mark, id, responseTopic, qos };
  }
  if (payload[0] !== 0xff || payload[1] !== 0x4d || payload[2] !== 0x52) return undefined;
  const markEnd = payload.indexOf(0, 3);
  const idEnd = payload.indexOf(0, markEnd + 1);
  const topicEnd = payload.indexOf(0, idEnd + 1);
  // Once nothing is found, the search begins anew and finds at most what came before.
  if (markEnd < 0 || idEnd <= markEnd || topicEnd <= idEnd) return undefined;
  message.payload = payload.subarray(topicEnd + 1);
  return {
    isEnveloped: true,
    mark: textOf(payload.subarray(3, markEnd)),
    id: payload.subarray(markEnd + 1, idEnd),
    responseTopic: textOf(payload.subarray(idEnd + 1, topicEnd)) || undefined,
    qos,
  };
}

/** What an exchange is known by at its responder: correlation data need to be unique to a response topic only. */
export function exchangeKey({ id, responseTopic }: Head): string {
  return `${responseTopic}\0${textOf(id)}`;
}

export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
