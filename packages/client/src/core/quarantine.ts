/**
 * A server that closes the connection whenever it gets one certain packet would get it again after every reconnect, for
 * ever. So when a connection ends with something unanswered, the next one begins with a single packet under way, and one
 * more for each answer: what the server stumbles over is soon alone under way when the connection ends. What was so many
 * times in a row is set aside.
 *
 * A network that breaks is not a server that closes: a connection that just broke says nothing, nor does one that the
 * server ended with a reason of its own.
 */
import { ReasonCode } from '@martlet/protocol';
import type { ConnectionEnd } from './connection/connection-end.ts';
import { ClientError } from './ports/client-error.ts';

/** Something that the server may stumble over: a message, or a subscription. */
export interface Suspect {
  /** How many connections the server ended while it was alone under way. An answer sets it to 0. */
  suspicion: number;
}

/** What a server says when it closes for reasons that lie with itself, or with no packet in particular. */
const EXCUSES: ReadonlySet<ReasonCode | undefined> = new Set<ReasonCode>([
  ReasonCode.ServerBusy,
  ReasonCode.ServerShuttingDown,
  ReasonCode.KeepAliveTimeout,
  ReasonCode.SessionTakenOver,
  ReasonCode.ReceiveMaximumExceeded,
  ReasonCode.MessageRateTooHigh,
  ReasonCode.QuotaExceeded,
  ReasonCode.AdministrativeAction,
  ReasonCode.UseAnotherServer,
  ReasonCode.ServerMoved,
  ReasonCode.ConnectionRateExceeded,
  ReasonCode.MaximumConnectTime,
]);

export class Quarantine {
  /** How many packets that the server answers may be under way; Infinity where nothing is suspected. */
  window: number;
  /** The next connection gives no topic aliases: the server may have stumbled over one. */
  avoidsAliases: boolean;
  readonly #attempts: number;

  /** @param attempts so many connections one packet may cost while it is alone under way. */
  constructor(attempts: number) {
    this.window = Number.POSITIVE_INFINITY;
    this.avoidsAliases = false;
    this.#attempts = attempts;
  }

  /**
   * A connection that was online has ended, and not by us. Returns what is to be set aside, if anything.
   * @param suspects what was written and not answered
   * @param isSure whether the server has answered something since the last packet that has no answer
   */
  onClosed<S extends Suspect>(end: ConnectionEnd, suspects: readonly S[], isSure: boolean): S | undefined {
    if (end.by === 'network' || EXCUSES.has(end.reasonCode)) return undefined;
    if (suspects.length === 0 && isSure) {
      this.window = Number.POSITIVE_INFINITY;
      this.avoidsAliases = false;
      return undefined;
    }
    this.window = 1;
    // Where there were none, they were not it.
    this.avoidsAliases = !this.avoidsAliases;
    const only = suspects[0];
    if (only === undefined || suspects.length > 1 || !isSure) return undefined;
    return ++only.suspicion < this.#attempts ? undefined : only;
  }

  /** The server has taken one packet. */
  onAnswered(): void {
    this.window++;
  }
}

/** @param name of the topic or the filter */
export function quarantined(name: string, { suspicion }: Suspect, { error }: ConnectionEnd): ClientError {
  const text = `the server closed ${suspicion} connections on which only ${name} had no answer; it is not sent again`;
  return new ClientError('QUARANTINED', text, error, error.reasonCode);
}
