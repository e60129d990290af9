/** What a client tells whoever listens, and the listeners. */

import type { ClientError } from '../client-error.ts';
import { errorText } from '../client-error.ts';
import type { ServerCapabilities } from '../core/connection/server-capabilities.ts';
import type { Message } from '../core/incoming/message.ts';
import type { DropReason } from '../core/subscriptions/subscriber.ts';
import type { Publication } from './publication.ts';

export interface OfflineEvent {
  readonly error: ClientError;
  /** Whole milliseconds to the next attempt; undefined when there will be none. */
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
   * `slow`: the subscription's buffer was full. `replaced`: it waited, and a newer one with its topic name took its place, as
   * `latestPerTopic` asks. `left`: so it was, and reading could not stop, as in a browser, or while a
   * handler waits for a server that sends more than it may; it is not acknowledged, and the server sends it again on the
   * next connection of the session. `unsubscribed`: it still waited when the subscription was ended. `unrouted`: nobody had
   * subscribed to it, at QoS 0, or of a filter that was unsubscribed. `unrequested`: a response for which nobody waits.
   * `unanswerable`: no request, to a topic at which there are handlers of requests.
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
  /** A connection was lost, or an attempt has failed. Not by `close`, of which `closed` tells. */
  readonly offline: OfflineEvent;
  /**
   * Something went wrong that no promise tells: none is awaited. Written to the console when nobody listens. Kind `remote`:
   * the server broke the protocol, of which `offline` tells too; who listens to that has it not written.
   */
  readonly error: ClientError;
  /** A handler of the application threw, or its promise was rejected. Written to the console when nobody listens. */
  readonly handlerError: HandlerErrorEvent;
  /** A message from the server was dropped. The first that is dropped as `slow` is written to the console when nobody listens. */
  readonly dropped: DroppedEvent;
  /**
   * A message came that no subscription asked for. It is acknowledged when the listener returns, or its promise is
   * fulfilled, unless `reject` is called; when the listener fails it stays unacknowledged.
   */
  readonly unrouted: Message;
  /**
   * STALLED: all messages that the server may send at once are unacknowledged, and none waits to be taken. PROTOCOL_BROKEN
   * with `reasonCode` 0x93: the server sends more than `receiveMaximum` allows and is held back; once on each connection.
   * UNROUTED: messages of an earlier process's session have waited a minute for a subscription, and wait on; told once.
   * SHORT_CONNECTIONS: five connections in a row were lost within ten seconds; again when one has lasted. Written to the
   * console when nobody listens.
   */
  readonly warning: ClientError;
  readonly quarantined: QuarantinedEvent;
  /** The client has ended for good: by `close`, or by the error. */
  readonly closed: ClientError | undefined;
}

export type ClientEventName = keyof ClientEvents;
/** It may return a promise; when that is rejected, it is as if the listener threw. */
export type ClientListener<Name extends ClientEventName> = (event: ClientEvents[Name]) => unknown;

/** Every name. */
export const EVENT_NAMES: readonly ClientEventName[] = [
  'online',
  'offline',
  'error',
  'handlerError',
  'dropped',
  'unrouted',
  'warning',
  'quarantined',
  'closed',
];

type Listeners = { [Name in ClientEventName]?: Set<ClientListener<Name>> };

export class ClientEventListeners {
  readonly #listeners: Listeners = {};
  #isDropTold = false;

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

  /**
   * An error of a listener is reported and harms nobody else.
   * @returns what is fulfilled when those that returned promises are done; undefined when none did
   */
  emit<Name extends ClientEventName>(
    name: Name,
    event: ClientEvents[Name],
    onFailed?: () => void,
  ): Promise<unknown> | undefined {
    if (!this.has(name)) {
      if (name === 'error' || name === 'warning') report(event);
      else if (name === 'dropped') this.#reportDrop(event as DroppedEvent);
      else if (name === 'handlerError') report((event as HandlerErrorEvent).error);
      return undefined;
    }
    const fail = (error: unknown): void => {
      report(error);
      onFailed?.();
    };
    let pending: Promise<unknown> | undefined;
    for (const listener of [...this.#listeners[name]!]) {
      try {
        const result = listener(event);
        if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') continue;
        const done = Promise.resolve(result).catch(fail);
        pending = pending?.then(() => done) ?? done;
      } catch (error) {
        fail(error);
      }
    }
    return pending;
  }

  /** What was dropped because nobody wanted it any more is no news. */
  #reportDrop({ reason, topicFilter }: DroppedEvent): void {
    if (reason !== 'slow' || this.#isDropTold) return;
    this.#isDropTold = true;
    report(`expected ${topicFilter} to be read as fast as it comes, got more: messages are dropped`);
  }
}

/** Nothing is silent: what nobody listens to is one line on the console. */
function report(error: unknown): void {
  console.error(`martlet: ${errorText(error)}`);
}
