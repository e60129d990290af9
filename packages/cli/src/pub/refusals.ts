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
  readonly #isMosquitto: boolean;

  /** @param isMosquitto say it as Mosquitto's tools do */
  constructor(isMosquitto: boolean, tell: (text: string) => void) {
    this.#isMosquitto = isMosquitto;
    this.#tell = tell;
  }

  /** @param number which message it was, from 1 on; undefined where that is not known */
  add(error: ClientError, number?: number): void {
    if (error.code === 'CONNECTION_LOST') {
      this.uncertain++;
      return;
    }
    if (error.code === 'REFUSED') this.refused++;
    else this.failed++;
    if (this.refused + this.failed > TOLD_ONE_BY_ONE) return;
    this.#tell(this.#isMosquitto ? mosquittoText(error, number) : error.message);
  }

  /** What was counted and not told. */
  tellRest(): void {
    const rest = this.refused + this.failed - TOLD_ONE_BY_ONE;
    if (rest > 0) this.#tell(`${counted(rest, 'more message')} came to nothing`);
    if (this.uncertain > 0)
      this.#tell(
        `${counted(this.uncertain, 'message')} of QoS 0 left while the connection broke, and may be lost`,
      );
  }
}

function mosquittoText({ reasonCode, message }: ClientError, number: number | undefined): string {
  const which = number === undefined ? '' : ` ${number}`;
  const why = reasonCode === undefined ? message : reasonCodeText(reasonCode, 'puback');
  return `Warning: Publish${which} failed: ${why}.`;
}
