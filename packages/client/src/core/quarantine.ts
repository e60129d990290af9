/**
 * A server that ends the connection whenever it gets one certain packet would get it again after every reconnect, for
 * ever. So when a connection ends with something unanswered, the next one begins with a single packet under way, and one
 * more for each answer: what the server stumbles over is soon alone under way when the connection ends. What was so many
 * times in a row is set aside. A connection that ends later than soon accuses nothing, so that is how long the others wait.
 *
 * A server may end every connection, whatever it gets. So the last attempt of a suspect begins with a control: a ping, and
 * nothing that the server may stumble over until that is answered, and four times the time has passed that the longest of
 * its attempts has lasted. A connection that ends during the control acquits the suspect.
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
/** A control takes so many times as long as the longest attempt: a network that breaks at random mostly breaks within it. */
const CONTROL_FACTOR = 4;

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
  /** How many packets that the server answers may be under way: 0 during a control, Infinity where it makes no difference. */
  window: number;
  /** The next connection gives no topic aliases: the server may have stumbled over one. */
  avoidsAliases: boolean;
  /** When the control is over at the latest, or the window opens; Infinity while it is open. */
  dueMs: number;
  readonly #attempts: number;
  /** The next connection begins with a window of one packet at most. */
  #isWary: boolean;
  /** How many times as many attempts a packet has now: it doubles when a control ends. */
  #patience: number;
  /** Whose next attempt is the last, and begins with a control. */
  #accused: Suspect | undefined;
  /** Whether the connection has got past its control. */
  #isControlled: boolean;
  /** Since when the connection is online, or past its control. */
  #sinceMs: number;
  /** What was alone under way last, and how long the longest connection lasted from then on at whose end it was. */
  #suspect: Suspect | undefined;
  #longestMs: number;
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
    this.#isWary = false;
    this.#patience = 1;
    this.#accused = undefined;
    this.#isControlled = false;
    this.#sinceMs = onlineMs;
    this.#suspect = undefined;
    this.#longestMs = 0;
    this.#first = undefined;
    this.#breaks = 0;
  }

  /** A connection is online. Whether the server is to be pinged, since it begins with a control. */
  online(nowMs: number): boolean {
    this.#isControlled = false;
    this.#narrow(nowMs);
    if (this.#accused === undefined) return false;
    this.window = 0;
    this.dueMs = nowMs + CONTROL_FACTOR * SOON_MS;
    return true;
  }

  /** From now on one packet at a time is under way, if something is suspected. */
  #narrow(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.window = this.#isWary ? 1 : Number.POSITIVE_INFINITY;
    this.dueMs = nowMs + (this.#isWary ? SOON_MS : Number.POSITIVE_INFINITY);
  }

  /** The server has answered a ping. */
  onPingresp(nowMs: number): void {
    if (this.window > 0) return;
    this.dueMs = Math.min(this.dueMs, this.#sinceMs + CONTROL_FACTOR * this.#longestMs);
    this.tick(nowMs);
  }

  tick(nowMs: number): void {
    if (nowMs < this.dueMs) return;
    this.dueMs = Number.POSITIVE_INFINITY;
    // What ends the connection from now on came late: nothing is gained by letting others wait.
    if (this.window > 0) this.window = Number.POSITIVE_INFINITY;
    else {
      this.#isControlled = true;
      this.#narrow(nowMs);
    }
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
    const isControl = this.window === 0;
    const isBreak = end.by === 'network';
    if (isBreak ? !isBroken(end) : EXCUSES.has(end.error.reasonCode)) return undefined;
    if (isControl) {
      if (this.#accused !== undefined) this.#accused.suspicion = 0;
      this.#accused = undefined;
      this.#breaks = 0;
      this.#patience *= 2;
      return undefined;
    }
    const lastedMs = nowMs - this.#sinceMs;
    const [first] = suspects;
    // Where nothing was suspected, it may have been sent long after the beginning.
    const isLate = lastedMs > SOON_MS && (isBreak || this.#isWary);
    if (isBreak) {
      const isSame = !isLate && first === this.#first;
      this.#breaks = isSame ? this.#breaks + 1 : 1;
      this.#first = isLate ? undefined : first;
      // Once may be bad luck: others are not to wait for it.
      if (isSame && first !== undefined) this.#isWary = true;
    } else if (first === undefined && isSure) {
      this.#isWary = false;
      this.avoidsAliases = false;
      return undefined;
    } else {
      this.#isWary = true;
      // Where there were none, they were not it.
      this.avoidsAliases = !this.avoidsAliases;
    }
    if (first === undefined || suspects.length > 1 || !isSure || isLate) return undefined;
    this.#longestMs = Math.max(lastedMs, first === this.#suspect ? this.#longestMs : 0);
    this.#suspect = first;
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
