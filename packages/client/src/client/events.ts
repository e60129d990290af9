/** What a client tells whoever listens, and the listeners. */

import type { ClientError } from '../client-error.ts';
import { errorText } from '../client-error.ts';
import type { ServerCapabilities } from '../core/connection/server-capabilities.ts';
import type { Message } from '../core/incoming/message.ts';
import type { DropReason } from '../core/subscriptions/subscriber.ts';
import type { Publication } from './publication.ts';

export interface OfflineEvent {
  readonly error: ClientError;
  /** Milliseconds to the next attempt; undefined when there will be none. */
  readonly reconnectMs: number | undefined;
}

export interface HandlerErrorEvent {
  readonly error: unknown;
  readonly message: Message;
  readonly topicFilter: string;
}

export interface DroppedEvent {
  readonly message: Message;
  /**
   * `slow`: the subscription's buffer was full. `unsubscribed`: it still waited when the subscription was ended. `unrouted`:
   * nobody had subscribed to it. `unrequested`: a response for which
   * nobody waits. `unanswerable`: no request, to a topic at which there are handlers of requests.
   */
  readonly reason: DropReason | 'unrequested' | 'unanswerable';
  readonly topicFilter: string | undefined;
}

export interface QuarantinedEvent {
  /** The message or the subscription over which the server closed the connection again and again. */
  readonly what: Publication | { readonly topicFilter: string };
  readonly error: ClientError;
}

export interface ClientEvents {
  /** CONNACK has accepted a connection. */
  readonly online: ServerCapabilities;
  /** A connection has ended, or an attempt has failed. */
  readonly offline: OfflineEvent;
  /** Something went wrong that no promise tells: none is awaited. Written to the console when nobody listens. */
  readonly error: ClientError;
  /** A handler of the application threw, or its promise was rejected. Written to the console when nobody listens. */
  readonly handlerError: HandlerErrorEvent;
  /** A message from the server was dropped. */
  readonly dropped: DroppedEvent;
  /** A message came that no subscription asked for. It is acknowledged when the listener returns, or `reject` is called. */
  readonly unrouted: Message;
  /**
   * STALLED: all messages that the server may send at once are unacknowledged, and none waits to be taken. PROTOCOL_BROKEN
   * with `reasonCode` 0x93: the server sends more than `receiveMaximum` allows and is held back; once on each connection.
   */
  readonly warning: ClientError;
  readonly quarantined: QuarantinedEvent;
  /** The client has ended for good: by `close`, or by the error. */
  readonly closed: ClientError | undefined;
}

export type ClientEventName = keyof ClientEvents;
export type ClientListener<Name extends ClientEventName> = (event: ClientEvents[Name]) => void;

type Listeners = { [Name in ClientEventName]?: Set<ClientListener<Name>> };

export class ClientEventListeners {
  readonly #listeners: Listeners = {};

  /** Returns a function that takes the listener back. */
  add<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): () => void {
    const listeners: Set<ClientListener<Name>> = (this.#listeners[name] ??= new Set() as never);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  has(name: ClientEventName): boolean {
    return (this.#listeners[name]?.size ?? 0) > 0;
  }

  /** An error of a listener is reported and harms nobody else. */
  emit<Name extends ClientEventName>(name: Name, event: ClientEvents[Name]): void {
    const listeners = this.#listeners[name];
    if ((listeners?.size ?? 0) === 0) {
      if (name === 'error') report(event);
      else if (name === 'handlerError') report((event as HandlerErrorEvent).error);
      return;
    }
    for (const listener of [...listeners!]) {
      try {
        listener(event);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** Nothing is silent: what nobody listens to is one line on the console. */
function report(error: unknown): void {
  console.error(`martlet: ${errorText(error)}`);
}
