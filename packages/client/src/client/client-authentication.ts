/**
 * The conversations of enhanced authentication (section 4.12) that a client has: one for each connection before it is
 * online, and those that authenticate again. What the application computes may take time; the server waits for it, and
 * whatever comes when the connection has ended is dropped. Only a client with `authentication` has it; browsers load it then.
 */
import type { AuthPacket } from '@martlet/protocol';
import { ProtocolError, ReasonCode } from '@martlet/protocol';
import type {
  Authentication,
  AuthenticationExchange,
  MaybePromise,
} from '../authentication/authentication.ts';
import { ClientError, errorText } from '../client-error.ts';
import type { ClientCore } from '../core/client-core.ts';
import { invalid } from './check-options.ts';
import type { WaitOptions, WaitPlace } from './settle.ts';
import { watchWait } from './settle.ts';

interface Conversation {
  readonly exchange: AuthenticationExchange;
  /** Whoever waits for a re-authentication; undefined in the conversation that begins a connection. */
  readonly settle: ((error?: ClientError) => void) | undefined;
  /** The exchange computes: it is not the server's turn. */
  isWorking: boolean;
}

export class ClientAuthentication {
  readonly #authentication: Authentication;
  readonly #core: ClientCore;
  #conversation: Conversation | null = null;

  constructor(authentication: Authentication, core: ClientCore) {
    this.#authentication = authentication;
    this.#core = core;
  }

  /** The Authentication Data of CONNECT. */
  first(): MaybePromise<Uint8Array | undefined> {
    return this.#begin().exchange.first();
  }

  /** AUTH has come. @throws {ProtocolError} when it is not the server's turn, or of another method */
  onAuth({ reasonCode, properties }: AuthPacket): void {
    const conversation = this.#conversation;
    const isLast = reasonCode === ReasonCode.Success;
    if (properties.authenticationMethod !== this.#authentication.method) {
      throw new ProtocolError('expected the Authentication Method of CONNECT, got another or none'); // [MQTT-4.12.0-5]
    }
    const isTurn =
      conversation !== null && !conversation.isWorking && reasonCode !== ReasonCode.ReAuthenticate;
    if (!isTurn || (isLast && conversation.settle === undefined)) {
      throw new ProtocolError('expected AUTH only as an answer to ours'); // [MQTT-4.12.0-6]
    }
    const data = properties.authenticationData;
    if (isLast) {
      void this.#run(
        conversation,
        (exchange) => exchange.last(data),
        () => this.end(undefined),
      );
    } else {
      void this.#run(
        conversation,
        (exchange) => exchange.next(data),
        (answer) => this.#send(ReasonCode.ContinueAuthentication, answer), // [MQTT-4.12.0-3]
      );
    }
  }

  /** CONNACK has accepted us, and is to prove the server by its data. */
  onProof(data: Uint8Array | undefined): void {
    const conversation = this.#conversation!;
    if (conversation.isWorking) throw new ProtocolError('expected CONNACK after our answer, got it before');
    void this.#run(
      conversation,
      (exchange) => exchange.last(data),
      () => {
        this.#conversation = null;
        this.#core.accept();
      },
    );
  }

  /**
   * Authenticates again, on a connection that is online. When the wait is over, so is the conversation: what the server
   * then says to it is nothing that was asked for.
   * @throws {ClientError} INVALID_OPTION
   */
  again(wait: WaitOptions, place: WaitPlace): Promise<void> {
    if (this.#conversation !== null) throw invalid('expected one re-authentication at a time, got two');
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const conversation = this.#begin((error) => {
        stop();
        if (error === undefined) resolve();
        else reject(error);
      });
      stop = watchWait(wait, place, (error) => this.end(error));
      if (this.#conversation === null) return;
      void this.#run(
        conversation,
        (exchange) => exchange.first(),
        (data) => this.#send(ReasonCode.ReAuthenticate, data), // [MQTT-4.12.1-1]
      );
    });
  }

  /** The conversation is over, and so is the connection if there is an error. */
  end(error: ClientError | undefined): void {
    const conversation = this.#conversation;
    this.#conversation = null;
    conversation?.settle?.(error);
  }

  #begin(settle?: Conversation['settle']): Conversation {
    this.#conversation = { exchange: this.#authentication.begin(), settle, isWorking: false };
    return this.#conversation;
  }

  #send(reasonCode: ReasonCode, data: Uint8Array | undefined): void {
    const { method } = this.#authentication;
    const properties = { authenticationMethod: method, authenticationData: data };
    // A field that is undefined is left out by the codec.
    this.#core.send({ type: 'auth', reasonCode, properties } as AuthPacket);
  }

  async #run<T>(
    conversation: Conversation,
    work: (exchange: AuthenticationExchange) => MaybePromise<T>,
    goOn: (result: T) => void,
  ): Promise<void> {
    conversation.isWorking = true;
    try {
      const result = await work(conversation.exchange);
      if (this.#conversation !== conversation) return;
      conversation.isWorking = false;
      goOn(result);
    } catch (cause) {
      if (this.#conversation !== conversation) return;
      const error = new ClientError(
        'AUTHENTICATION_FAILED',
        `could not authenticate: ${errorText(cause)}`,
        cause,
      );
      // Not authorized, which it is, may be said by servers only.
      this.#core.disconnect(ReasonCode.UnspecifiedError, {}, error); // [MQTT-4.12.1-2]
    }
  }
}
