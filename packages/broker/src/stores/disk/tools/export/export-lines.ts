/**
 * The lines of an export (NDJSON: one object a line), in the order in which they stand: the head, then for each session
 * its own line, its subscriptions and received identifiers; the messages; what is retained; the queues; the end.
 * What a line refers to stands before it, so that a reader never looks back. Described in `docs/store-format.md`.
 */
import { DeliveryState } from '@martlet/protocol';

export const EXPORT_FORMAT = 'martlet-store-export';
/** A reader refuses a higher one. A field or a type of line that is added raises it. */
export const EXPORT_VERSION = 1;

/** An application message's bytes. Of `payload` and `payloadBase64` one is there, of `properties` and `propertiesBase64` at most one. */
export interface ContentFields {
  /** When it is valid UTF-8. */
  readonly payload?: string;
  readonly payloadBase64?: string;
  /** By their names, in the order in which they came; `correlationDataBase64` if that is no UTF-8. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Property bytes that no object says exactly. */
  readonly propertiesBase64?: string;
}

export interface WillFields extends ContentFields {
  readonly topicName: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  /** Seconds. */
  readonly willDelayInterval: number;
}

export interface ShareFields {
  readonly shareName: string;
  readonly topicFilter: string;
}

export interface HeadLine {
  readonly format: typeof EXPORT_FORMAT;
  readonly version: number;
  /** Only what could be read of a damaged store. */
  readonly salvaged?: true;
}

export interface SessionLine {
  readonly type: 'session';
  readonly clientId: string;
  /** Seconds, or "never". */
  readonly sessionExpiryInterval: number | 'never';
  /** ISO time in UTC; absent while the client is connected. */
  readonly disconnectedAt?: string;
  readonly will?: WillFields;
}

export interface SubscriptionLine {
  readonly type: 'subscription';
  readonly clientId: string;
  /** With its `$share/name/` prefix if shared. */
  readonly topicFilter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
  readonly subscriptionIdentifier?: number;
}

/** The packet identifiers of QoS 2 messages that were received and not yet released. */
export interface ReceivedLine {
  readonly type: 'received';
  readonly clientId: string;
  readonly packetIds: readonly number[];
}

export interface MessageLine extends ContentFields {
  readonly type: 'message';
  /** 1, 2, 3, …: what later lines refer to. */
  readonly message: number;
  readonly topicName: string;
  readonly qos: number;
  readonly retain: boolean;
  /** ISO time in UTC; absent if never. */
  readonly expiresAt?: string;
}

export interface RetainedLine {
  readonly type: 'retained';
  readonly topicName: string;
  readonly message: number;
}

interface EntryFields {
  readonly message: number;
  readonly qos: number;
  readonly retain: boolean;
  readonly subscriptionIdentifiers?: readonly number[];
}

/** Of a session's queue or of a shared group's: `clientId`, or `group`. */
export interface QueuedLine extends EntryFields {
  readonly type: 'queued';
  readonly clientId?: string;
  readonly group?: ShareFields;
  /** The shared group through which the session got it. */
  readonly share?: ShareFields;
}

export interface InFlightLine extends EntryFields {
  readonly type: 'in-flight';
  readonly clientId: string;
  readonly packetId: number;
  readonly state: string;
  readonly share?: ShareFields;
}

/** What a salvage could not read. */
export interface LostLine {
  readonly type: 'lost';
  readonly code: string;
  readonly file: string;
  readonly offset: number;
  readonly text: string;
}

/** How many there are of each; without this line, the file was cut. */
export interface ExportCounts {
  sessions: number;
  subscriptions: number;
  receivedPacketIds: number;
  messages: number;
  retained: number;
  queued: number;
  inFlight: number;
  lost: number;
}

export interface EndLine extends Readonly<ExportCounts> {
  readonly type: 'end';
}

export type ExportLine =
  | HeadLine
  | SessionLine
  | SubscriptionLine
  | ReceivedLine
  | MessageLine
  | RetainedLine
  | QueuedLine
  | InFlightLine
  | LostLine
  | EndLine;

export function noCounts(): ExportCounts {
  return {
    sessions: 0,
    subscriptions: 0,
    receivedPacketIds: 0,
    messages: 0,
    retained: 0,
    queued: 0,
    inFlight: 0,
    lost: 0,
  };
}

/** The names of {@link DeliveryState} in an export. */
export const STATE_NAMES: Readonly<Record<DeliveryState, string>> = {
  [DeliveryState.Queued]: 'queued',
  [DeliveryState.AwaitingPuback]: 'awaiting-puback',
  [DeliveryState.AwaitingPubrec]: 'awaiting-pubrec',
  [DeliveryState.AwaitingPubcomp]: 'awaiting-pubcomp',
  [DeliveryState.Releasing]: 'releasing',
};
