/**
 * What a connection is at a time: opening, or serving a client. A phase gets packets and times, and acts on the
 * connection through a narrow handle; it holds only what is valid in it.
 */
import type { FrameResult, ReasonCode, RemoteError } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Outbox } from '../output/outbox.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Authorizer } from '../ports/authorizer.ts';
import type { Origin, TransportSecurity } from '../ports/transport.ts';
import type { Incoming } from '../publish/incoming.ts';
import type { Outgoing } from '../publish/outgoing.ts';
import type { Meter } from '../rates/meter.ts';
import type { Exchanges } from '../session/exchanges.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Subscribing } from '../session/subscribing.ts';
import type { EventSink } from '../telling/events.ts';
import type { Refusal } from './handshake.ts';

export interface Phase {
  /** One whole packet; nothing is done about the gate by returning `Next` while it is closed. */
  onFrame(bytes: Uint8Array, start: number, body: number, end: number, owned: boolean): FrameResult;
  /** The read is over. */
  onReadEnd(): void;
  /** The peer broke the protocol: tell it if its version can, and end. */
  onRemoteError(error: RemoteError): void;
  /** The deadline that was set has come. */
  onDeadline(nowMs: number): void;
  /** The transport is gone, and we did not end it. */
  onLost(cause: string | null): void;
  /** The outbox has room again. */
  onRoom(): void;
  /** So many QoS 0 messages were in the outbox when the transport went. */
  onUnsent(qos0Messages: number): void;
  /** Acknowledgements and QoS 0 messages were handed to the network. */
  onHandedOver(acknowledgements: number, qos0Messages: number): void;
  /** The broker ends this connection: tell the client if its version can. */
  onShutDown(reasonCode: ReasonCode, reasonString: string): void;
  /** Rights have changed. */
  forgetRights(): void;
  /** Who decides has changed, or the profile. @param reauthenticates the authenticator is another one */
  onReconfigured(reauthenticates: boolean): void;
}

/** A phase that may be bounded by rates: see `Metered`. */
export interface MeteredPhase extends Phase {
  /** A PUBLISH that must not be done: refused where its version and QoS let it, and dropped. */
  onExcess(
    bytes: Uint8Array,
    start: number,
    body: number,
    end: number,
    owned: boolean,
    refusal: Refusal,
  ): FrameResult;
  /** Another meter counts it from now on: says who it is, and how many subscriptions its session has. */
  goOnWith(meter: Meter): void;
}

/** What a phase may do with its connection. */
export interface ConnectionHandle {
  readonly peer: string;
  /** The proxy's address; undefined: none. */
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
  readonly origin: Origin;
  readonly outbox: Outbox;
  /** Monotonic; when bytes last came in. */
  readonly lastReceivedMs: number;
  readonly closed: boolean;
  /** Nothing is read, because an answer is awaited: what the peer has sent is not known. */
  readonly gateClosed: boolean;
  /** Nothing is read, because what it sent before waits to be kept, and so much does. */
  readonly awaitsStagingRoom: boolean;
  /** Null if nothing is bounded for it. */
  readonly meter: Meter | null;
  /** CONNECT has come: whether its address and listener let it go on. */
  admitAtDoor(clientId: string): Refusal | null;
  /** The client is who it says: whether its own rates and its user's let it be served. */
  admit(clientId: string, username: string | undefined): Refusal | null;
  /** Nothing more is read until `onAnswer`. */
  closeGate(): void;
  /**
   * An answer has come, an input of its own: the phase acts on it, and what waited is shown, unless it waits for
   * another answer now. Nothing if the connection is gone.
   */
  onAnswer(act: () => void): void;
  /** The next phase, and the packet size that it accepts. */
  become(phase: MeteredPhase, maximumPacketSize: number): void;
  setDeadline(atMs: number): void;
  /** Work for this connection threw what is no peer's fault: it is logged, the connection ends. Throws nothing. */
  fail(error: unknown): void;
  /** Sends what is in the outbox, then closes; a peer that does not read it has a limited time. The phase gets nothing more. */
  end(): void;
}

/** Who decides now: replaced when the broker is reconfigured. */
export interface Deciders {
  /** Null: everybody may connect. */
  authenticator: Authenticator | null;
  /** Null: everything is allowed. */
  authorizer: Authorizer | null;
}

/** The broker's parts that a phase works with. */
export interface CoreParts {
  readonly context: CoreContext;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly exchanges: Exchanges;
  readonly subscribing: Subscribing;
  readonly sessions: Sessions;
  readonly events: EventSink;
  readonly deciders: Deciders;
  /** A client has room again: what is retained may go on being shown. */
  readonly showMore: () => void;
  /** Logs what a peer did or was refused, at a bounded rate. */
  readonly logPeer: (code: string, text: string) => void;
}
