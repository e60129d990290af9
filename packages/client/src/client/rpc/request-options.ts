import type { Qos } from '@martlet/protocol';
import type { MessageProperties } from '../client-options.ts';
import type { WaitOptions } from '../settle.ts';

export interface RequestOptions
  extends Omit<MessageProperties, 'responseTopic' | 'correlationData'>,
    WaitOptions {
  /** Of the request, and as a rule of the responses. @default 1 */
  readonly qos?: Qos;
  /**
   * Milliseconds: of `request`, until the response; of `requestMany`, until the first one and from each to the next.
   * @default 30000 for `request`, unlimited for `requestMany`
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Put what belongs to the request in front of its payload, as it is before MQTT 5.0: for a responder that may be a client
   * of ours of an older version. One that is no client of ours does not understand it. @default false
   */
  readonly envelope?: boolean;
}
