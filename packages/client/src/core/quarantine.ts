/**
 * A server that ends the connection whenever it gets one certain packet would get it again after every reconnect, for
 * ever. So when a connection ends with something unanswered, the next one begins with a single packet under way, and one
 * more for each answer: what the server stumbles over is soon alone under way when the connection ends. What was so many
 * times in a row is set aside.
 *
 * A server may end every connection, whatever it gets. So the last attempt of a suspect begins with a control: a ping, and
 * nothing that the server may stumble over until that is answered, and as much time again has passed as the attempt before
 * has lasted. A control that ends acquits the suspect.
 *
 * A network that breaks is not a server that closes. A connection that just broke counts only as long as each one broke
 * soon and had the same packet unanswered first; then it takes more of them, and the control. What the server ended with a
 * reason of its own says nothing. Browsers load this with the first end that something was unanswered at.
 */
import { ReasonCode } from '@martlet/protocol';
import type { ConnectionEnd } from './connection/connection-end.ts';

/** Something that the server may stumble over: a message, or a subscription. */
export type Suspect = Suspected & ({ readonly topicName: string } | { readonly topicFilter: string });

interface Suspected {
  /** How many connections the server closed while it was alone under way. An answer sets it to 0. */
  suspicion: number;
}

/** Connections that have to break, at least, before a packet is taken to be why. */
const BREAKS = 5;
/** A packet that has been under way for longer is not why the connection ended, in milliseconds. */
const SOON_MS = 5000;
/** A control takes no longer, in milliseconds. */
const CONTROL_MS = 2 * SOON_MS;

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
  /** When the control is over at the latest; Infinity while there is none. */
  dueMs: number;
  readonly #attempts: number;
  /** How many times as many attempts a packet has now: it doubles when a control ends. */
  #patience: number;
  /** Whose next attempt is the last, and begins with a control. */
  #accused: Suspect | undefined;
  /** Whether the connection has got past its control. */
  #isControlled: boolean;
  /** Since when the connection is online, or past its control. */
  #sinceMs: number;
  /** How long it lasted from then on when something was suspected last. */
  #lastedMs: number;
  /** What was unanswered first when connections broke, and how many did in a row. */
  #first: Suspect | undefined;
  #breaks: number;

  /**
   * @param attempts so many connections one packet may cost while it is alone under way
   * @param onlineMs since when the connection was online that has ended now
   */
  constructor(attempts: number, onlineMs: number) {
    this.window = Number.POSITIVE_INFINITY;
    this.avoidsAliases = false;
    this.dueMs = Number.POSITIVE_INFINITY;
    this.#attempts = attempts;
    this.#patience = 1;
    this.#accused = undefined;
    this.#isControlled = false;
    this.#sinceMs = onlineMs;
    this.#lastedMs = 0;
    this.#first = undefined;
    this.#breaks = 0;
  }

  /** A connection is online. Whether the server is to be pinged, since it begins with a control. */
  online(nowMs: number): boolean {
    this.#sinceMs = nowMs;
    this.#isControlled = false;
    if (this.#accused === undefined) return false;
    this.window = 0;
    this.dueMs = nowMs + CONTROL_MS;
    return true;
  }

  /** The server has answered a ping. */
  onPingresp(nowMs: number): void {
    if (this.dueMs === Number.POSITIVE_INFINITY) return;
    this.dueMs = Math.min(this.dueMs, this.#sinceMs + 2 * this.#lastedMs);
    this.tick(nowMs);
  }

  tick(nowMs: number): void {
    if (nowMs < this.dueMs) return;
    this.dueMs = Number.POSITIVE_INFINITY;
    this.#isControlled = true;
    this.#sinceMs = nowMs;
    this.window = 1;
  }

  /** The server has taken one packet. */
  onAnswered(): void {
    this.window++;
    this.#patience = 1;
    this.#accused = undefined;
  }

  /**
   * A connection that was online has ended, and not by us. Returns what is to be set aside, if anything.
   * @param suspects what was written and not answered
   * @param isSure whether the server has answered something since the last packet that has no answer
   */
  onClosed<S extends Suspect>(
    end: ConnectionEnd,
    suspects: readonly S[],
    isSure: boolean,
    nowMs: number,
  ): S | undefined {
    const isControl = this.dueMs !== Number.POSITIVE_INFINITY;
    this.dueMs = Number.POSITIVE_INFINITY;
    const isBreak = end.by === 'network';
    if (isBreak ? !isBroken(end) : EXCUSES.has(end.error.reasonCode)) return undefined;
    if (isControl) {
      if (this.#accused !== undefined) this.#accused.suspicion = 0;
      this.#accused = undefined;
      this.#breaks = 0;
      this.#patience *= 2;
      this.window = 1;
      return undefined;
    }
    const lastedMs = nowMs - this.#sinceMs;
    const [first] = suspects;
    // Where nothing was suspected, it may have been sent long after the beginning.
    const isLate = lastedMs > SOON_MS && (isBreak || this.window !== Number.POSITIVE_INFINITY);
    if (isBreak) {
      const isSame = !isLate && first === this.#first;
      this.#breaks = isSame ? this.#breaks + 1 : 1;
      this.#first = isLate ? undefined : first;
      // Once may be bad luck: others are not to wait for it.
      if (isSame && first !== undefined) this.window = 1;
    } else if (first === undefined && isSure) {
      this.window = Number.POSITIVE_INFINITY;
      this.avoidsAliases = false;
      return undefined;
    } else {
      this.window = 1;
      // Where there were none, they were not it.
      this.avoidsAliases = !this.avoidsAliases;
    }
    if (first === undefined || suspects.length > 1 || !isSure || isLate) return undefined;
    this.#lastedMs = lastedMs;
    const count = isBreak ? this.#breaks : ++first.suspicion;
    const needed = (isBreak ? Math.max(BREAKS, this.#attempts) : this.#attempts) * this.#patience;
    if (count >= needed && this.#isControlled) {
      if (isBreak) first.suspicion += count;
      this.#patience = 1;
      this.#accused = undefined;
      return first;
    }
    if (count >= needed - 1) this.#accused = first;
    return undefined;
  }

  /** Why it is set aside. */
  textOf(suspect: Suspect): string {
    const name = 'topicName' in suspect ? suspect.topicName : suspect.topicFilter;
    return `the server closed ${suspect.suspicion} connections on which only ${name} had no answer; it is not sent again`;
  }
}

/** Whether the network, or the server without a word, ended it; rather than we, because of what the server did or did not. */
function isBroken({ error }: ConnectionEnd): boolean {
  return error.kind === 'environment' && error.reasonCode === undefined;
}
