import type { Qos } from '@martlet/protocol';
import type { MessageProperties } from './client-options.ts';
import type { WaitOptions } from './settle.ts';

export interface PublishOptions extends MessageProperties, WaitOptions {
  /** @default 0 */
  readonly qos?: Qos;
  /** @default false */
  readonly retain?: boolean;
}
