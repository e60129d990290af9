/** Messages that came to nothing: told one by one while they are few, then counted. */
import type { ClientError } from '@martlet/client';
import { reasonCodeText } from '@martlet/protocol';
import { counted } from '../amount-text.ts';

/** So many are told one by one; a server that refuses each of a million must not fill the screen. */
const TOLD_ONE_BY_ONE = 10;

export class Refusals {
  /** The server would not take them. */
  refused = 0;
  /** The connection broke while they left, at QoS 0: whether they arrived is not known. */
  uncertain = 0;
  /** Not sent, for another reason. */
  failed = 0;
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /**
   * @param topicName undefined where it is not known which message it was
   * @param number which message it was, from 1 on
   */
  add(error: ClientError, topicName?: string, number?: number): void {
    if (error.code === 'CONNECTION_LOST') {
      this.uncertain++;
      return;
    }
    if (error.code === 'REFUSED') this.refused++;
    else this.failed++;
    if (this.refused + this.failed > TOLD_ONE_BY_ONE) return;
    this.#tell(textOf(error, topicName, number));
  }

  /** What was counted and not told. */
  tellRest(): void {
    const rest = this.refused + this.failed - TOLD_ONE_BY_ONE;
    if (rest > 0)
      this.#tell(`Warning: ${counted(rest, 'more publish')} failed.`.replace('publishs', 'publishes'));
    if (this.uncertain > 0)
      this.#tell(
        `Warning: ${counted(this.uncertain, 'message')} of QoS 0 left while the connection broke, and may be lost.`,
      );
  }
}

/** As Mosquitto's tools say it, with the topic. */
function textOf(error: ClientError, topicName: string | undefined, number: number | undefined): string {
  const which = number === undefined ? '' : ` ${number}`;
  const { reasonCode } = error;
  if (error.code !== 'REFUSED' || reasonCode === undefined)
    return `Warning: Publish${which} failed: ${error.message}.`;
  const where = topicName === undefined ? '' : ` (topic ${topicName})`;
  return `Warning: Publish${which} failed: ${reasonCodeText(reasonCode, 'puback')}${where}.`;
}
