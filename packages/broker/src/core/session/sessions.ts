/**
 * All sessions: opened by CONNECT, taken over, left when their connection ends, expired, and brought back after a restart.
 */
import { allOf } from '../all-of.ts';
import type { CoreContext } from '../context.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { SessionCensus, SessionRecord } from '../ports/store.ts';
import type { Outgoing } from '../publish/outgoing.ts';
import { ForgottenSessions } from './forgotten-sessions.ts';
import { NEVER_EXPIRES, Session } from './session.ts';
import type { SharedGroup } from './shared-group.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Wills } from './wills.ts';

/** Ms: how long after its expiry a session ends at the latest, and how often that is tried until then. */
const LATEST_END_MS = 60_000;
const END_RETRY_MS = 1000;

/** How a connection ended, as far as its session is concerned. */
export const Leaving = {
  /** DISCONNECT with reason code 0: no will. */
  Goodbye: 0,
  /** Anything else. */
  Lost: 1,
} as const;
export type Leaving = (typeof Leaving)[keyof typeof Leaving];

export interface OpenedSession {
  readonly session: Session;
  /** There was a session, and it goes on. */
  readonly present: boolean;
}

export class Sessions implements SessionCensus {
  readonly forgotten: ForgottenSessions;
  readonly #context: CoreContext;
  readonly #subscriptions: Subscriptions;
  readonly #outgoing: Outgoing;
  readonly #wills: Wills;
  readonly #sessions: Map<string, Session>;
  /** Made once for all of them. */
  readonly #onExpired: (session: Session) => void;
  /** Ever at once. */
  maximum: number;
  connected: number;

  constructor(context: CoreContext, subscriptions: Subscriptions, outgoing: Outgoing, wills: Wills) {
    this.forgotten = new ForgottenSessions(context.commits);
    this.#context = context;
    this.#subscriptions = subscriptions;
    this.#outgoing = outgoing;
    this.#wills = wills;
    this.#sessions = new Map();
    this.#onExpired = (session) => this.#expire(session);
    this.maximum = 0;
    this.connected = 0;
    wills.onPublished = (session) => this.#put(session);
  }

  get count(): number {
    return this.#sessions.size;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** For a client that has none: an identifier that no session has. */
  newClientId(prefix: string): string {
    const { environment } = this.#context;
    let clientId = prefix + environment.newClientId();
    while (this.#sessions.has(clientId)) clientId = prefix + environment.newClientId(); // [MQTT-3.1.3-6] [MQTT-3.2.2-16]
    return clientId;
  }

  /** True when a session for this client can be opened within the limits. */
  hasRoomFor(clientId: string): boolean {
    return this.#sessions.size < this.#context.profile.limits.sessions || this.#sessions.has(clientId);
  }

  /** Whether the store would have a record of the session of a client that connects so, or has one. */
  mustBeKept(
    { clientId, sessionExpiryInterval }: Pick<SessionRecord, 'clientId' | 'sessionExpiryInterval'>,
    hasWill: boolean,
  ): boolean {
    if (sessionExpiryInterval > 0 || hasWill) return true;
    return this.#sessions.get(clientId)?.recorded === true || this.forgotten.has(clientId);
  }

  /** The session of a client that connects: the one it has, or a new one; whoever holds it is disconnected. */
  open(clientId: string, cleanStart: boolean, sessionExpiryInterval: number): OpenedSession {
    this.#sessions.get(clientId)?.holder?.onTakenOver(); // [MQTT-3.1.4-3] [MQTT-3.1.4-2] 3.1.1
    let session = this.#sessions.get(clientId); // [MQTT-3.1.3-2] [MQTT-3.1.3-2] 3.1.1
    if (session !== undefined && !cleanStart) this.#outgoing.takeUp(session); // first, because it may throw
    if (session !== undefined) this.#wills.onReturn(session);
    if (session !== undefined && (cleanStart || session.sessionExpiryInterval === 0)) {
      // [MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.1.2-6] 3.1.1 [MQTT-3.1.4-3] 3.1.1
      this.end(session);
      session = undefined;
    }
    const present = session !== undefined; // [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.1.2-4] 3.1.1
    if (session === undefined) {
      session = new Session(clientId, sessionExpiryInterval, this.#onExpired);
      this.#sessions.set(clientId, session);
      this.maximum = Math.max(this.maximum, this.#sessions.size);
    } else {
      this.#wills.cancel(session);
      this.#context.deadlines.clear(session); // [MQTT-4.1.0-1] [MQTT-4.1.0-2] 3.1.1
      session.sessionExpiryInterval = sessionExpiryInterval;
    }
    return { session, present };
  }

  /** Who its client is now. What it may receive has been asked for who it was before. */
  identify(session: Session, identity: ClientIdentity): void {
    session.identity = identity;
    if (session.output !== null) session.output.receivable = null;
    if (this.#context.receiveRights.asked) this.#subscriptions.rightsChanged(session);
  }

  /** The client is accepted: what it asked for is kept if its session is to outlive the connection. */
  connect(session: Session, identity: ClientIdentity): void {
    this.connected++;
    this.identify(session, identity);
    if (session.sessionExpiryInterval > 0) session.kept = true;
    if (session.kept || session.will !== null) this.#put(session); // [MQTT-3.1.2-7]
  }

  /** The connection has ended. */
  leave(session: Session, leaving: Leaving): void {
    this.connected--;
    session.disconnected();
    if (leaving === Leaving.Goodbye) this.#wills.cancel(session); // [MQTT-3.14.4-3] [MQTT-3.14.4-3] 3.1.1
    if (session.sessionExpiryInterval === 0) {
      this.end(session);
      return;
    }
    session.disconnectedAtMs = this.#context.nowMs;
    this.#expireIn(session, session.sessionExpiryInterval * 1000); // [MQTT-4.1.0-2]
    allOf([
      () => this.#wills.onConnectionLost(session),
      () => this.#put(session),
      () => this.#outgoing.rest(session),
    ]);
  }

  /** Ends a session, whatever throws: its will is published, its messages are dropped or go back to their groups. */
  end(session: Session): void {
    if (session.ended) return;
    session.holder?.onSessionEnded();
    if (session.ended) return;
    session.ended = true;
    this.#sessions.delete(session.clientId);
    this.#context.deadlines.clear(session);
    let groups: SharedGroup[] = [];
    allOf([
      () => this.#wills.publish(session),
      () => {
        groups = this.#outgoing.endSession(session);
      },
      () => this.#subscriptions.removeAll(session), // nothing is routed to it any more
      () => this.#forget(session),
      () => session.release(),
      () => allOf(groups.map((group) => () => this.#outgoing.pumpGroup(group))),
    ]);
  }

  #forget(session: Session): void {
    if (!session.recorded) return;
    this.#context.store.deleteSession(session.clientId);
    this.#context.staged();
    this.forgotten.add(session.clientId);
  }

  /** Brings a session back from the store, before any client connects. */
  restore(record: SessionRecord): void {
    const session = new Session(record.clientId, record.sessionExpiryInterval, this.#onExpired);
    session.kept = true;
    session.recorded = true;
    session.will = record.will ?? null;
    this.#sessions.set(record.clientId, session);
    this.maximum = Math.max(this.maximum, this.#sessions.size);
    const { sessionExpiryInterval, disconnectedAtWallMs, will } = record;
    if (disconnectedAtWallMs !== undefined && will === undefined && sessionExpiryInterval > 0) {
      this.#goOn(session, disconnectedAtWallMs);
    } else {
      this.#restored.push({ session, disconnectedAtWallMs });
    }
  }

  /** Those that need more than that their time goes on: few, unless the broker was killed. */
  readonly #restored: { readonly session: Session; readonly disconnectedAtWallMs: number | undefined }[] = [];

  /**
   * After everything has been loaded: clients that were connected lost their connections now, and have a grace to
   * come back.
   */
  restoreTimes(): void {
    const { profile } = this.#context;
    for (const { session, disconnectedAtWallMs } of this.#restored.splice(0)) {
      const { sessionExpiryInterval, will } = session;
      const passedMs = this.#goOn(session, disconnectedAtWallMs);
      if (sessionExpiryInterval === 0 && will === null) {
        this.end(session);
        continue;
      }
      // At least 1 ms: nothing is published before the restart is complete.
      const graceMs = Math.max(profile.willGraceMs, 1);
      this.#wills.onRestart(session, disconnectedAtWallMs === undefined, passedMs, graceMs);
      if (sessionExpiryInterval === 0) this.#expireIn(session, profile.willGraceMs);
      if (disconnectedAtWallMs === undefined) this.#put(session);
    }
  }

  /** Its time goes on where the wall clock says. Returns the ms for which its client has been away. */
  #goOn(session: Session, disconnectedAtWallMs: number | undefined): number {
    const { nowMs } = this.#context;
    const lostAtMs =
      disconnectedAtWallMs === undefined
        ? nowMs
        : Math.min(nowMs, this.#context.fromWallMs(disconnectedAtWallMs));
    const passedMs = nowMs - lostAtMs;
    session.disconnectedAtMs = lostAtMs;
    this.#expireIn(session, Math.max(0, session.sessionExpiryInterval * 1000 - passedMs));
    return passedMs;
  }

  #expireIn(session: Session, ms: number): void {
    if (session.sessionExpiryInterval === NEVER_EXPIRES) return; // never
    this.#context.deadlines.set(session, this.#context.nowMs + ms);
  }

  #expire(session: Session): void {
    if (this.#isToBeReadYet(session)) return;
    this.#context.metrics.sessionsExpired++;
    this.end(session);
  }

  /**
   * What is in flight to the session cannot be read now, and some of it may have to go to others: its end is tried again. It
   * need not end the moment that it expires (MQTT 5, 3.1.2.11.2).
   */
  #isToBeReadYet(session: Session): boolean {
    try {
      this.#outgoing.takeUp(session);
      return false;
    } catch {
      const { nowMs, deadlines } = this.#context;
      const lateMs = nowMs - session.disconnectedAtMs - session.sessionExpiryInterval * 1000;
      if (lateMs >= LATEST_END_MS) return false; // and `end` tells what is lost
      deadlines.set(session, nowMs + END_RETRY_MS);
      return true;
    }
  }

  /** The wall clock has jumped: what was noted by it is noted anew, so that nothing expires by surprise later. */
  restamp(): void {
    for (const session of this.#sessions.values()) {
      if (session.recorded && session.output === null) this.#put(session);
    }
  }

  /** For a store that writes its records anew. */
  describe(clientId: string, visitor: Parameters<SessionCensus['describe']>[1]): void {
    const session = this.#sessions.get(clientId);
    if (session === undefined || !session.recorded) return;
    visitor.onSession(this.#recordOf(session));
    if (!session.kept) return;
    for (const subscription of session.subscriptions) visitor.onSubscription(clientId, subscription);
    const receiver = session.receiverIfUsed;
    if (receiver === null) return;
    for (const packetId of receiver.received) {
      if (!receiver.isTransient(packetId)) visitor.onReceived(clientId, packetId);
    }
  }

  #put(session: Session): void {
    session.recorded = true;
    this.#context.store.putSession(this.#recordOf(session));
    this.#context.staged();
  }

  #recordOf(session: Session): SessionRecord {
    return {
      clientId: session.clientId,
      sessionExpiryInterval: session.sessionExpiryInterval,
      disconnectedAtWallMs:
        session.output === null ? this.#context.toWallMs(session.disconnectedAtMs) : undefined,
      will: session.will ?? undefined,
    };
  }
}
