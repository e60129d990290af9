/**
 * Keeps a client connected: opens connections one after the other, with the address and the credentials that hold then,
 * has the session attached to each, and decides what follows when one ends.
 *
 *     Connecting ──CONNACK──▶ Online ──lost──▶ Waiting ──delay over, network back──▶ Connecting
 *          └──── failed ───────────────────────▲
 *     from each of them: Closed, by `stop` or when there is no use in going on
 */
import type { ReasonCode } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode as Reason } from '@martlet/protocol';
import type { Authentication } from '../authentication/authentication.ts';
import type { ClientErrorCode } from '../client-error.ts';
import { ClientError, errorText } from '../client-error.ts';
import type { ClientCore } from '../core/client-core.ts';
import { connectPacket } from '../core/connection/connect-packet.ts';
import type { ConnectionEnd, DisconnectProperties } from '../core/connection/connection-end.ts';
import { isElsewhere, reconnectDelayMs } from '../core/reconnect/reconnect-policy.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { ParseUrl } from '../transports/server-address.ts';
import type { OpenTransport, Transport } from '../transports/transport.ts';
import type { Credentials } from './client-options.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import { payloadBytes } from './resolve-options.ts';

export type ClientState = 'connecting' | 'online' | 'waiting' | 'closed';

export interface SupervisorOwner {
  readonly core: ClientCore;
  /** Fulfilled when what must be there before the first connection is, however long that takes. */
  prepare(): Promise<void>;
  /** The Authentication Data of CONNECT. */
  authenticate(authentication: Authentication): Promise<Uint8Array | undefined>;
  onState(): void;
  onWarning(warning: ClientError): void;
  /** @param reconnectMs undefined when there will be no further attempt */
  onOffline(error: ClientError, reconnectMs: number | undefined): void;
  /** It is over for good. */
  onStopped(error: ClientError | undefined): void;
}

/** What a transport gets to send its last bytes, in milliseconds; then it is cut. */
const LINGER_MS = 5000;
/** A connection that lasted so long shows that the server takes us; one that ends sooner counts as a failure. */
const STABLE_MS = 10_000;
/** So many in a row that end sooner are told of. */
const SHORT_CONNECTIONS = 5;
/** How soon a server must answer when the platform says that the network may have changed. */
const PROBE_MS = 5000;
/** The longest time before a server is tried again that closed without an answer to CONNECT, in milliseconds. */
const SILENCE_MS = 2000;
/** A server that says "go there" in a circle is not followed without end. */
const MAXIMUM_REDIRECTS = 5;

export class Supervisor {
  state: ClientState = 'connecting';
  /** While `waiting`: what follows belongs to the attempt before, in an older version or where the server says. */
  goesOn = false;
  clientId: string;
  /** An earlier process has left the state of a session. Without it the server must not go on with one. [MQTT-3.2.2-4] */
  hasSession = false;
  protocolVersion: ProtocolVersion;
  readonly #options: ResolvedOptions;
  readonly #open: OpenTransport;
  readonly #parseUrl: ParseUrl;
  readonly #environment: ClientEnvironment;
  readonly #owner: SupervisorOwner;
  #transport: Transport | null = null;
  /** Ends the attempt under way. */
  #abort: AbortController | null = null;
  #cancelTimer: (() => void) | null = null;
  #failures = 0;
  #redirects = 0;
  /** The server closed the last connection without an answer to CONNECT, and may not know its version. */
  #wasSilent = false;
  /** Connections in a row that did not last. */
  #short = 0;
  /** The last connection ended because the server broke the protocol. */
  #wasBroken = false;
  #serverIndex = 0;
  #reference: string | undefined;
  #wasEverOnline = false;
  /** Since when the client is online. */
  #onlineMs = 0;
  /** Which attempt this is, as a count: what an earlier one still brings is not for us. */
  #attempt = 0;
  /** By attempt: what takes back the timer of a connection that is being ended. */
  readonly #lingering: Map<number, () => void> = new Map();

  constructor(
    options: ResolvedOptions,
    clientId: string,
    open: OpenTransport,
    parseUrl: ParseUrl,
    environment: ClientEnvironment,
    owner: SupervisorOwner,
  ) {
    this.#options = options;
    this.clientId = clientId;
    this.protocolVersion = options.protocolVersion;
    this.#open = open;
    this.#parseUrl = parseUrl;
    this.#environment = environment;
    this.#owner = owner;
  }

  /** Begins an attempt now. */
  connect(): void {
    if (this.state === 'closed') return;
    this.#clearTimer();
    this.#setState('connecting');
    const attempt = ++this.#attempt;
    this.#run(attempt).catch((error: unknown) => this.#fail(attempt, asClientError(error)));
  }

  async #run(attempt: number): Promise<void> {
    const given = this.#options;
    // A transport of the application's own may need no address.
    const { authentication, servers, url = 'mqtt://localhost' } = given;
    const isOver = (): boolean => attempt !== this.#attempt;
    await this.#owner.prepare();
    if (isOver()) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#cancelTimer = this.#environment.setTimer(() => {
      const text = `expected a connection within ${given.connectTimeoutMs} ms, got none`;
      this.#fail(attempt, new ClientError('TIMEOUT', text));
    }, given.connectTimeoutMs);
    const address = servers?.[this.#serverIndex % servers.length] ?? url;
    const parsed = this.#parseUrl(typeof address === 'function' ? await address() : address);
    const credentials: Credentials =
      given.credentials === undefined
        ? { username: given.username ?? parsed.username, password: given.password ?? parsed.password }
        : await given.credentials();
    const { scheme, path } = parsed.server;
    const server =
      this.#reference === undefined
        ? parsed.server
        : this.#parseUrl(`${scheme}://${firstOf(this.#reference)}${path}`).server;
    if (isOver()) return;
    const authenticationData = authentication && (await this.#owner.authenticate(authentication));
    if (isOver()) return;
    const transport = await this.#open(server, this.#listener(attempt), abort.signal);
    if (isOver()) {
      transport.destroy();
      return;
    }
    this.#transport = transport;
    const { clientId, protocolVersion } = this; // [MQTT-3.1.3-2] [MQTT-3.1.3-2] 3.1.1
    // Before MQTT 5.0 a session that begins clean ends with its connection: one that is to be kept cannot.
    // [MQTT-3.1.2-4] 3.1.1
    const keeps = this.hasSession || (protocolVersion !== ProtocolVersion.V5 && given.keepsSession);
    const packet = connectPacket(given, {
      protocolVersion,
      clientId,
      // Who has no name of its own cannot come back. [MQTT-3.1.3-7] 3.1.1
      cleanStart: clientId === '' || ((given.cleanStart ?? !keeps) && !this.#wasEverOnline),
      username: credentials.username,
      password: credentials.password === undefined ? undefined : payloadBytes(credentials.password),
      authenticationMethod: authentication?.method,
      authenticationData,
    });
    this.#owner.core.attach(transport, packet);
  }

  #listener(attempt: number): Parameters<OpenTransport>[1] {
    const { core } = this.#owner;
    return {
      onBytes: (bytes) => {
        if (attempt === this.#attempt) core.receive(bytes);
      },
      onDrain: () => {
        if (attempt === this.#attempt) core.onDrain();
      },
      onClose: (error) => {
        this.#lingering.get(attempt)?.();
        this.#lingering.delete(attempt);
        if (attempt !== this.#attempt) return;
        const lost =
          error === undefined
            ? new ClientError('CONNECTION_LOST', 'the connection was closed')
            : asClientError(error, 'CONNECTION_LOST', 'the connection broke');
        if (this.#transport === null) this.#fail(attempt, lost);
        else core.onTransportClosed(lost, error === undefined || error.refused === true);
      },
    };
  }

  /** The server has accepted, and has proved itself where that was asked for. */
  onOnline(clientId: string): void {
    this.#clearTimer();
    this.#onlineMs = this.#environment.nowMs();
    this.#wasEverOnline = true;
    this.clientId = clientId;
    this.#setState('online');
  }

  /** The connection is over, or the attempt came as far as CONNECT. */
  onOver(end: ConnectionEnd, abrupt: boolean): void {
    const transport = this.#transport!;
    const attempt = this.#attempt;
    this.#leave();
    if (abrupt) transport.destroy();
    else {
      const cut = (): void => {
        this.#lingering.delete(attempt);
        transport.destroy();
      };
      this.#lingering.set(attempt, this.#environment.setTimer(cut, LINGER_MS));
      transport.end();
    }
    const { error } = end;
    const { code, reasonCode } = error;
    const isRefused = reasonCode === Reason.UnsupportedProtocolVersion;
    if (this.state === 'closed') {
      // Who closes the client has lost nothing.
      if (end.wasOnline && code !== 'CLOSED') this.#owner.onOffline(error, undefined);
    } else if (this.#mayFallBack && (isRefused || (code === 'CONNECTION_LOST' && reasonCode === undefined))) {
      // Some servers close without a word; twice, before that is believed: it may just as well have been the network.
      this.#wasSilent = !isRefused && !this.#wasSilent;
      if (!this.#wasSilent) this.protocolVersion--;
      this.#wait(error, this.#wasSilent ? SILENCE_MS * this.#environment.random() : 0, true);
    } else this.#decide(end);
  }

  /** An attempt failed before there was a connection that the core knows of. */
  #fail(attempt: number, error: ClientError): void {
    if (attempt !== this.#attempt || this.state === 'closed') return;
    const { core } = this.#owner;
    // The core has it, unless CONNECT itself could not be written.
    if (this.#transport !== null) core.onTransportClosed(error, false);
    if (attempt !== this.#attempt) return;
    this.#transport?.destroy();
    this.#abort?.abort(error);
    this.#leave();
    this.#decide({ by: 'network', error });
  }

  #leave(): void {
    this.#clearTimer();
    this.#attempt++;
    this.#transport = null;
    this.#abort = null;
  }

  /** Whether there is an older version to try where the server does not know this one. */
  get #mayFallBack(): boolean {
    const { fallback, authentication } = this.#options;
    // No older version has enhanced authentication: who asks for it is not to do without.
    const mayDoWithout = fallback === true && authentication === undefined;
    return mayDoWithout && !this.#wasEverOnline && this.protocolVersion > ProtocolVersion.V31;
  }

  #decide(end: ConnectionEnd): void {
    const given = this.#options;
    this.#wasSilent = false;
    const { error, serverReference } = end;
    if (end.wasOnline) {
      // Who breaks the protocol again will go on doing so, however long that takes each time.
      const isBroken = error.code === 'PROTOCOL_BROKEN';
      const isStable = this.#environment.nowMs() - this.#onlineMs >= STABLE_MS;
      if (isStable && !(isBroken && this.#wasBroken)) this.#failures = 0;
      this.#short = isStable ? 0 : this.#short + 1;
      if (this.#short === SHORT_CONNECTIONS) {
        const text = `expected connections that last ${STABLE_MS / 1000} s, got ${SHORT_CONNECTIONS} shorter ones in a row: does another client have the identifier ${this.clientId}?`;
        this.#owner.onWarning(new ClientError('SHORT_CONNECTIONS', text));
      }
      this.#wasBroken = isBroken;
      if (!isElsewhere(end)) this.#redirects = 0;
    }
    const follows =
      given.followServerMoved === true &&
      serverReference !== undefined &&
      isElsewhere(end) &&
      this.#redirects < MAXIMUM_REDIRECTS;
    const delayMs =
      // What the server names may be nothing that we can use; what the application names must be.
      error.code === 'INVALID_OPTION' && this.#reference === undefined
        ? undefined
        : reconnectDelayMs(given.reconnect, {
            end,
            failures: this.#failures,
            isSame:
              given.credentials === undefined && typeof given.url !== 'function' && !this.#wasEverOnline,
            follows,
            random: this.#environment.random(),
          });
    if (delayMs === undefined) {
      this.#owner.onOffline(error, undefined);
      this.stop(error);
      return;
    }
    this.#failures++;
    this.#serverIndex++;
    if (follows) this.#redirects++;
    this.#reference = follows ? serverReference : undefined;
    // The next server may know what this one did not.
    if (!this.#wasEverOnline) this.protocolVersion = given.protocolVersion;
    this.#wait(error, delayMs, follows);
  }

  #wait(error: ClientError, delayMs: number, goesOn: boolean): void {
    this.goesOn = goesOn;
    this.#setState('waiting');
    this.#cancelTimer = this.#environment.setTimer(() => this.connect(), delayMs);
    this.#owner.onOffline(error, delayMs);
  }

  /** The platform says that the network may be back, or that somebody looks again. */
  wake(): void {
    if (this.state === 'waiting') this.connect();
    else if (this.state === 'online') this.#owner.core.probe(PROBE_MS);
  }

  /**
   * Ends it all, with DISCONNECT where there is a connection.
   * @param error why, unless the application wanted it
   */
  stop(
    error: ClientError | undefined,
    reasonCode: ReasonCode = Reason.NormalDisconnection,
    properties: DisconnectProperties = {},
  ): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#abort?.abort(error);
    this.#owner.core.disconnect(
      reasonCode,
      properties,
      error ?? new ClientError('CLOSED', 'the client was closed'),
    );
    this.#transport?.destroy();
    this.#leave();
    this.#owner.onStopped(error);
  }

  #setState(state: ClientState): void {
    this.state = state;
    this.#owner.onState();
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

/** A Server Reference is `host` or `host:port`, or several with spaces between. */
function firstOf(reference: string): string {
  return reference.trim().split(/\s+/)[0]!;
}

function asClientError(
  error: unknown,
  code: ClientErrorCode = 'CONNECTION_FAILED',
  text: string = 'could not connect',
): ClientError {
  return error instanceof ClientError ? error : new ClientError(code, `${text}: ${errorText(error)}`, error);
}
