/**
 * Keeps a client connected: opens connections one after the other, with the address and the credentials that hold then,
 * has the session attached to each, and decides what follows when one ends.
 *
 *     Connecting ──CONNACK──▶ Online ──lost──▶ Waiting ──delay over, network back──▶ Connecting
 *          └──── failed ───────────────────────▲
 *     from each of them: Closed, by `stop` or when there is no use in going on
 */
import type { AuthPacket, ReasonCode } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode as Reason } from '@martlet/protocol';
import type { AuthenticationExchange } from '../authentication/authentication.ts';
import { ClientError } from '../client-error.ts';
import type { ClientCore } from '../core/client-core.ts';
import { connectPacket } from '../core/connection/connect-packet.ts';
import type { ConnectionEnd, DisconnectProperties } from '../core/connection/connection-end.ts';
import { decideReconnect } from '../core/reconnect/reconnect-policy.ts';
import type { ClientEnvironment } from '../environment.ts';
import { parseServerUrl } from '../transports/parse-server-url.ts';
import type { OpenTransport, Transport } from '../transports/transport.ts';
import type { Credentials } from './client-options.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import { payloadBytes } from './resolve-options.ts';

export type ClientState = 'connecting' | 'online' | 'waiting' | 'closed';

export interface SupervisorOwner {
  readonly core: ClientCore;
  onState(): void;
  /** @param reconnectMs undefined when there will be no further attempt */
  onOffline(error: ClientError, reconnectMs: number | undefined): void;
  /** It is over for good. */
  onStopped(error: ClientError | undefined): void;
}

/** What a transport gets to send its last bytes, in milliseconds; then it is cut. */
const LINGER_MS = 5000;
/** How soon a server must answer when the platform says that the network may have changed. */
const PROBE_MS = 5000;
/** A server that says "go there" in a circle is not followed without end. */
const MAXIMUM_REDIRECTS = 5;

export class Supervisor {
  state: ClientState = 'connecting';
  clientId: string;
  /** An earlier process has left the state of a session. Without it the server must not go on with one. [MQTT-3.2.2-4] */
  hasSession = false;
  protocolVersion: ProtocolVersion;
  readonly #options: ResolvedOptions;
  readonly #open: OpenTransport;
  readonly #environment: ClientEnvironment;
  readonly #owner: SupervisorOwner;
  #transport: Transport | null = null;
  #exchange: AuthenticationExchange | null = null;
  /** Ends the attempt under way. */
  #abort: AbortController | null = null;
  #cancelTimer: (() => void) | null = null;
  #failures = 0;
  #redirects = 0;
  #serverIndex = 0;
  #reference: string | undefined;
  #wasEverOnline = false;
  /** Which attempt this is, as a count: what an earlier one still brings is not for us. */
  #attempt = 0;
  /** By attempt: what takes back the timer of a connection that is being ended. */
  readonly #lingering: Map<number, () => void> = new Map();

  constructor(
    options: ResolvedOptions,
    clientId: string,
    open: OpenTransport,
    environment: ClientEnvironment,
    owner: SupervisorOwner,
  ) {
    this.#options = options;
    this.clientId = clientId;
    this.protocolVersion = options.protocolVersion;
    this.#open = open;
    this.#environment = environment;
    this.#owner = owner;
  }

  /** Begins an attempt now. */
  connect(): void {
    if (this.state === 'closed') return;
    this.#clearTimer();
    this.#setState('connecting');
    const attempt = ++this.#attempt;
    const abort = new AbortController();
    this.#abort = abort;
    this.#cancelTimer = this.#environment.setTimer(() => {
      const text = `expected a connection within ${this.#options.connectTimeoutMs} ms, got none`;
      this.#fail(attempt, new ClientError('TIMEOUT', text));
    }, this.#options.connectTimeoutMs);
    this.#run(attempt, abort.signal).catch((error: unknown) => this.#fail(attempt, asClientError(error)));
  }

  async #run(attempt: number, signal: AbortSignal): Promise<void> {
    const given = this.#options;
    const parsed = parseServerUrl(await this.#url());
    const credentials: Credentials =
      given.credentials === undefined
        ? { username: given.username ?? parsed.username, password: given.password ?? parsed.password }
        : await given.credentials();
    const isV5 = this.protocolVersion === ProtocolVersion.V5;
    const exchange = isV5 ? (given.authentication?.begin() ?? null) : null;
    const authenticationData = await exchange?.first();
    if (attempt !== this.#attempt) return;
    const transport = await this.#open(parsed.server, this.#listener(attempt), signal);
    if (attempt !== this.#attempt) {
      transport.destroy();
      return;
    }
    this.#transport = transport;
    this.#exchange = exchange;
    const packet = connectPacket(given, {
      protocolVersion: this.protocolVersion,
      clientId: this.clientId,
      cleanStart: (this.#options.cleanStart ?? !this.hasSession) && !this.#wasEverOnline,
      username: credentials.username,
      password: credentials.password === undefined ? undefined : payloadBytes(credentials.password),
      authenticationMethod: exchange === null ? undefined : given.authentication!.method,
      authenticationData,
    });
    this.#owner.core.attach(transport, packet);
  }

  async #url(): Promise<string | URL> {
    const { url, servers } = this.#options;
    if (this.#reference !== undefined) return this.#reference;
    if (servers !== undefined && servers.length > 0) return servers[this.#serverIndex % servers.length]!;
    // A transport of the application's own may need no address.
    return typeof url === 'function' ? url() : (url ?? 'mqtt://localhost');
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
            : asClientError(error);
        if (this.#transport === null) this.#fail(attempt, lost);
        else core.onTransportClosed(lost, error === undefined);
      },
    };
  }

  /** CONNACK has accepted. */
  async onOnline(clientId: string, data: Uint8Array | undefined): Promise<void> {
    this.#clearTimer();
    const attempt = this.#attempt;
    this.#failures = 0;
    this.#redirects = 0;
    this.#wasEverOnline = true;
    this.clientId = clientId;
    this.#setState('online');
    const exchange = this.#exchange;
    this.#exchange = null;
    try {
      await exchange?.last(data);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const text = 'the server could not prove that it knows the password';
      this.#owner.core.disconnect(
        Reason.NotAuthorized,
        {},
        new ClientError('AUTHENTICATION_FAILED', text, error),
      );
    }
  }

  /** AUTH has come: the conversation of CONNECT or of a re-authentication goes on. */
  async onAuth(
    packet: AuthPacket,
    exchange: AuthenticationExchange | null = this.#exchange,
  ): Promise<boolean> {
    const attempt = this.#attempt;
    const { core } = this.#owner;
    const method = this.#options.authentication?.method;
    const { authenticationMethod, authenticationData } = packet.properties;
    try {
      if (exchange === null || method === undefined || authenticationMethod !== method) {
        throw new ClientError(
          'PROTOCOL_BROKEN',
          'expected AUTH only in an authentication that the client began',
        ); // [MQTT-4.12.0-5]
      }
      if (packet.reasonCode === Reason.Success) {
        await exchange.last(authenticationData);
        return true;
      }
      const answer = await exchange.next(authenticationData);
      if (attempt === this.#attempt) core.sendAuth(Reason.ContinueAuthentication, method, answer); // [MQTT-4.12.0-3]
    } catch (error) {
      if (attempt !== this.#attempt) return false;
      const reason = new ClientError(
        'AUTHENTICATION_FAILED',
        `the authentication failed: ${messageOf(error)}`,
        error,
      );
      core.disconnect(Reason.NotAuthorized, {}, reason);
    }
    return false;
  }

  /** The connection is over, or the attempt came as far as CONNECT. */
  onOver(end: ConnectionEnd, abrupt: boolean): void {
    const transport = this.#transport;
    const attempt = this.#attempt;
    this.#leave();
    if (transport !== null) {
      if (abrupt) transport.destroy();
      else {
        const cut = (): void => transport.destroy();
        this.#lingering.set(attempt, this.#environment.setTimer(cut, LINGER_MS));
        transport.end();
      }
    }
    if (this.state === 'closed') return;
    if (!this.#fallBack(end)) this.#decide(end);
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
    this.#decide({
      by: 'network',
      error,
      reasonCode: undefined,
      serverReference: undefined,
      wasOnline: false,
    });
  }

  #leave(): void {
    this.#clearTimer();
    this.#attempt++;
    this.#transport = null;
    this.#exchange = null;
    this.#abort = null;
  }

  /** A server that does not know this version, and may know the one before. */
  #fallBack(end: ConnectionEnd): boolean {
    if (this.#options.fallback !== true || end.wasOnline || this.#wasEverOnline || this.protocolVersion === 3)
      return false;
    const saysSo = end.reasonCode === Reason.UnsupportedProtocolVersion;
    // Some servers close without a word.
    const isSilent = end.reasonCode === undefined && end.error.code === 'CONNECTION_LOST';
    if (!saysSo && !isSilent) return false;
    this.protocolVersion =
      this.protocolVersion === ProtocolVersion.V5 ? ProtocolVersion.V311 : ProtocolVersion.V31;
    this.connect();
    return true;
  }

  #decide(end: ConnectionEnd): void {
    const given = this.#options;
    if (end.error.code === 'INVALID_OPTION') {
      this.#give(end.error);
      return;
    }
    const decision = decideReconnect(given.reconnect, {
      end,
      failures: this.#failures,
      isSame: given.credentials === undefined && typeof given.url !== 'function',
      wasEverOnline: this.#wasEverOnline,
      follows: given.followServerMoved === true && this.#redirects < MAXIMUM_REDIRECTS,
      random: this.#environment.random(),
    });
    if (decision.kind === 'stop') {
      this.#give(end.error);
      return;
    }
    this.#failures++;
    this.#serverIndex++;
    this.#reference = undefined;
    let delayMs = 0;
    if (decision.kind === 'follow') {
      this.#redirects++;
      this.#reference = referenceUrl(decision.serverReference, given.url ?? given.servers?.[0]);
    } else delayMs = decision.delayMs;
    this.#setState('waiting');
    this.#cancelTimer = this.#environment.setTimer(() => this.connect(), delayMs);
    this.#owner.onOffline(end.error, delayMs);
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

  #give(error: ClientError): void {
    this.#owner.onOffline(error, undefined);
    this.stop(error);
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

/** A Server Reference is `host` or `host:port`, or several with spaces between: the first, reached as the last server was. */
function referenceUrl(reference: string, like: unknown): string {
  const [first = ''] = reference.trim().split(/\s+/);
  if (first.includes('://')) return first;
  const scheme =
    /^[a-z+]+:/i.exec(typeof like === 'string' || like instanceof URL ? String(like) : 'mqtt:')?.[0] ??
    'mqtt:';
  return `${scheme}//${first}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError('CONNECTION_FAILED', `could not connect: ${messageOf(error)}`, error);
}
