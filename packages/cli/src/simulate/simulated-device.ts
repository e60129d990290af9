/**
 * A device at the server: its connection, which comes and goes as its life says. While a session is kept, messages of QoS 1
 * and 2 wait for the next connection when one is lost; others are left out then.
 */
import type { Client, ConnectOptions, OpenTransport, Transport } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import type { Deadline } from '@martlet/protocol';
import type { DeviceLife, DueMessage } from './device-life.ts';
import { MemorySessionStore } from './memory-session-store.ts';

/** Messages of one device that wait to be sent. */
const MOST_WAITING = 100;
/** Between two attempts to connect, in ms. */
const LONGEST_WAIT_MS = 5000;

/** What a device tells the simulation. */
export interface DeviceListener {
  onOnline(): void;
  onOffline(): void;
  /** The connection was lost, or an attempt failed. @param isFinal there will be no other one */
  onFailure(device: SimulatedDevice, error: Error, isFinal: boolean): void;
  onPublished(): void;
  /** A message was refused, or did not get through. @param error undefined: the device has gone before it did */
  onLost(error: Error | undefined): void;
  /** A message was not sent, since there is no connection. */
  onLeftOut(): void;
  onRemark(text: string): void;
  /** Its next step is due. */
  onDue(device: SimulatedDevice): void;
}

export interface SimulatedDeviceOptions {
  readonly life: DeviceLife;
  /** How to reach the server. */
  readonly connect: ConnectOptions;
  readonly open: OpenTransport;
  readonly listener: DeviceListener;
}

export class SimulatedDevice implements Deadline {
  heapIndex = -1;
  readonly life: DeviceLife;
  readonly #connect: ConnectOptions;
  readonly #open: OpenTransport;
  readonly #listener: DeviceListener;
  readonly #store: MemorySessionStore | undefined;
  #client: Client | undefined;
  #transport: Transport | undefined;
  #isOnline = false;
  /** This client has had a connection, and may have lost it. */
  #wasOnline = false;
  /** The client before, while it ends. */
  #leaving: Promise<void> | undefined;

  constructor({ life, connect: options, open, listener }: SimulatedDeviceOptions) {
    this.life = life;
    this.#connect = options;
    this.#open = open;
    this.#listener = listener;
    this.#store = life.spec.connection.sessionExpiryInterval > 0 ? new MemorySessionStore() : undefined;
  }

  onDue(): void {
    this.#listener.onDue(this);
  }

  connect(): void {
    if (this.#leaving === undefined) this.#begin();
    else
      void this.#leaving.then(() => {
        // It may have gone again meanwhile.
        if (this.#leaving === undefined && this.#client === undefined) this.#begin();
      });
  }

  /** Says DISCONNECT. @param timeoutMs for what is under way */
  leave(timeoutMs: number): Promise<void> {
    return this.#end(timeoutMs);
  }

  /** Goes without a word to the server, which then publishes the will. */
  break(): Promise<void> {
    this.#transport?.destroy();
    return this.#end(0);
  }

  #end(timeoutMs: number): Promise<void> {
    const client = this.#client;
    if (client === undefined) return this.#leaving ?? Promise.resolve();
    this.#client = undefined;
    this.#offline();
    const leaving = client.close({ timeoutMs }).then(() => {
      if (this.#leaving === leaving) this.#leaving = undefined;
    });
    this.#leaving = leaving;
    return leaving;
  }

  publish({ topicName, payload, qos, retain }: DueMessage): void {
    const client = this.#client;
    const mayWait = !this.#wasOnline || (this.#store !== undefined && qos > 0);
    if (client === undefined || client.state === 'closed' || (client.state !== 'online' && !mayWait)) {
      this.#listener.onLeftOut();
      return;
    }
    this.#listener.onPublished();
    const onLost = (error: Error): void => {
      const isByLeaving = error instanceof ClientError && error.code === 'CLOSED';
      // What is kept leaves on the next connection.
      if (isByLeaving && this.#store !== undefined && qos > 0) return;
      this.#listener.onLost(isByLeaving ? undefined : error);
    };
    try {
      client.publish(topicName, payload, { qos, retain }).acknowledged.catch(onLost);
    } catch (error) {
      onLost(error as Error);
    }
  }

  #begin(): void {
    const { clientId, will, spec } = this.life;
    const { keepAlive, sessionExpiryInterval } = spec.connection;
    const { tls: _, ...options } = this.#connect;
    const client = connect({
      ...options,
      transport: async (...where) => {
        this.#transport = await this.#open(...where);
        return this.#transport;
      },
      clientId,
      keepAlive,
      sessionExpiryInterval,
      cleanStart: this.#store === undefined,
      queue: { messages: MOST_WAITING },
      reconnect: { maximumDelayMs: LONGEST_WAIT_MS },
      ...(this.#store === undefined ? {} : { store: this.#store }),
      ...(will === undefined ? {} : { will }),
    });
    this.#client = client;
    this.#wasOnline = false;
    this.#listen(client);
  }

  #listen(client: Client): void {
    const isCurrent = (): boolean => this.#client === client;
    client.on('online', () => {
      if (!isCurrent()) return;
      this.#isOnline = true;
      this.#wasOnline = true;
      this.#listener.onOnline();
    });
    client.on('offline', ({ error, reconnectMs }) => {
      if (!isCurrent()) return;
      this.#offline();
      // Of the last failure `closed` tells.
      if (reconnectMs !== undefined) this.#listener.onFailure(this, error, false);
    });
    client.on('closed', (error) => {
      if (!isCurrent()) return;
      this.#offline();
      if (error !== undefined) this.#listener.onFailure(this, error, true);
    });
    client.on('error', ({ message }) => this.#listener.onRemark(message));
    client.on('warning', ({ message }) => this.#listener.onRemark(message));
  }

  #offline(): void {
    if (this.#isOnline) this.#listener.onOffline();
    this.#isOnline = false;
  }
}
