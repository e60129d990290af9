/**
 * Commands from one broker's clients, and what follows for those clients: the answer to who asked, and the end of connections
 * whose client was changed. They end one turn later, so that the acknowledgement of the command goes out before.
 */
import { ReasonCode } from '@martlet/protocol';
import type { ClientIdentity } from '../../core/ports/authorizer.ts';
import type { Log } from '../../core/ports/log.ts';
import { refusalText } from './command-message.ts';

/** Where commands come from; the answers go to it with `/response` behind it. */
export const CONTROL_TOPIC = '$CONTROL/dynamic-security/v1';

/** What it needs of a broker. A `Broker` is one. */
export interface ControlledBroker {
  /** @returns what takes the handler off again */
  onControl(
    topicName: string,
    handler: (message: { readonly payload: Uint8Array }, client: ClientIdentity) => void,
  ): () => void;
  publishTo(
    clientId: string,
    topicName: string,
    payload: string,
    options: { readonly qos: 0 | 1 | 2 },
  ): unknown;
  /** Those that are connected. */
  readonly clients: readonly ClientIdentity[];
  disconnectClient(clientId: string, reasonCode: ReasonCode, reasonString: string): unknown;
  forgetRights(): void;
}

/** What follows from a message: the answer, and whose connections end. */
export interface MessageOutcome {
  /** The payload of the answer. */
  readonly text: string;
  /** User names; undefined stands for clients without one. */
  readonly kicked: ReadonlySet<string | undefined>;
  /** Whether rights may be others than before. */
  readonly hasChanged: boolean;
}

/** What carries out commands: `DynamicSecurity`. */
export interface CommandHandler {
  handle(payload: Uint8Array, by: string): Promise<MessageOutcome>;
}

const KICKED = 'your rights were changed: connect again';

/** Messages that wait, and their bytes. */
const MOST_WAITING = 100;
const MOST_WAITING_BYTES: number = 16 * 1024 * 1024;

export class ControlChannel {
  readonly #broker: ControlledBroker;
  readonly #handler: CommandHandler;
  readonly #log: Log;
  readonly #detach: () => void;
  #waiting = 0;
  #waitingBytes = 0;
  #isClosed = false;

  constructor(broker: ControlledBroker, handler: CommandHandler, log: Log) {
    this.#broker = broker;
    this.#handler = handler;
    this.#log = log;
    this.#detach = broker.onControl(CONTROL_TOPIC, ({ payload }, client) => this.#onMessage(payload, client));
  }

  #onMessage(payload: Uint8Array, client: ClientIdentity): void {
    const bytes = payload.length;
    if (this.#waiting >= MOST_WAITING || this.#waitingBytes + bytes > MOST_WAITING_BYTES) {
      this.#answer(client, refusalText('Too many commands are waiting: try again later'));
      return;
    }
    this.#waiting++;
    this.#waitingBytes += bytes;
    const copy = payload.slice(); // the broker's memory is valid during this call only
    void this.#handle(copy, client).finally(() => {
      this.#waiting--;
      this.#waitingBytes -= bytes;
    });
  }

  async #handle(payload: Uint8Array, client: ClientIdentity): Promise<void> {
    try {
      const { text, kicked, hasChanged } = await this.#handler.handle(
        payload,
        `${client.clientId}/${client.username ?? ''}`,
      );
      if (hasChanged) this.#broker.forgetRights();
      this.#answer(client, text);
      if (kicked.size > 0) setImmediate(() => this.#kick(kicked));
    } catch (error) {
      this.#log.write(
        'error',
        'dynamic-security-failed',
        `dynsec: a command failed: ${(error as Error).message}`,
      );
      this.#answer(client, refusalText('Internal error'));
    }
  }

  /** After a change that came by another way than this channel. */
  takeEffect(kicked: ReadonlySet<string | undefined>): void {
    this.#broker.forgetRights();
    this.#kick(kicked);
  }

  #answer({ clientId }: ClientIdentity, text: string): void {
    if (this.#isClosed) return;
    try {
      this.#broker.publishTo(clientId, `${CONTROL_TOPIC}/response`, text, { qos: 0 });
    } catch (error) {
      // The broker may have been closed meanwhile: what was commanded is done all the same.
      this.#log.write('info', 'dynamic-security-unanswered', `dynsec: ${(error as Error).message}`);
    }
  }

  #kick(usernames: ReadonlySet<string | undefined>): void {
    if (this.#isClosed) return;
    for (const { clientId, username } of this.#broker.clients)
      if (usernames.has(username))
        this.#broker.disconnectClient(clientId, ReasonCode.AdministrativeAction, KICKED);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#detach();
  }
}
