/** Looks at something once a day while a server runs: at dates that come nearer without any file changing. One timer. */
import type { BrokerEnvironment } from '../../host/broker-environment.ts';

const DAY_MS = 24 * 3600 * 1000;

export class DailyLook {
  readonly #environment: Pick<BrokerEnvironment, 'setTimer'>;
  readonly #look: () => void;
  /** Null: it does not run. */
  #cancel: (() => void) | null;

  constructor(environment: Pick<BrokerEnvironment, 'setTimer'>, look: () => void) {
    this.#environment = environment;
    this.#look = look;
    this.#cancel = null;
  }

  /** The first time is a day from now. It keeps no process alive. */
  start(): void {
    this.stop();
    this.#cancel = this.#environment.setTimer(
      () => {
        this.start();
        this.#look();
      },
      DAY_MS,
      false,
    );
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
