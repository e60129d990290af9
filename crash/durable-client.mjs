/**
 * A client whose session outlives its connections: it connects with Clean Start 0, again and again, until it is told to
 * stop, and knows what CONNACK has promised it.
 */
import { ProtocolVersion } from '@martlet/protocol';
import { Wire } from './wire.mjs';

/** @typedef {import('./wire.mjs').Packet} Packet */
/** @typedef {import('@martlet/protocol').Will} Will */
/** @typedef {import('./ledger.mjs').Ledger} Ledger */

/**
 * @typedef {object} Surroundings
 * @property {number} port Where the broker listens, each time.
 * @property {Ledger} ledger
 * @property {import('./random.mjs').Random} random
 */

const RECONNECT_MS = 20;
const NEVER = 0xffff_ffff;

export class DurableClient {
  /** @type {Wire | null} */
  #wire = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #retry = null;
  #wanted = false;
  #accepted = false;
  #hasSession = false;

  /**
   * @param {Surroundings} surroundings
   * @param {string} clientId
   * @param {ProtocolVersion} version
   * @param {Will} [will]
   */
  constructor({ port, ledger, random }, clientId, version, will) {
    this.port = port;
    this.ledger = ledger;
    this.random = random;
    this.clientId = clientId;
    this.version = version;
    this.will = will;
  }

  /** CONNACK has said yes, and the connection still stands. */
  get accepted() {
    return this.#accepted;
  }

  /** Where this end of the connection is; undefined while there is none. */
  get localPort() {
    return this.#wire?.localPort;
  }

  /** Connects, and again whenever the connection ends. */
  open() {
    this.#wanted = true;
    if (this.#wire === null && this.#retry === null) this.#connect();
  }

  /**
   * Goes away and keeps the session.
   * @param {boolean} politely with DISCONNECT
   */
  leave(politely) {
    this.#wanted = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    if (politely) this.send({ type: 'disconnect', reasonCode: 0, properties: {} });
    const wire = this.#wire;
    this.#wire = null;
    this.#accepted = false;
    // What still comes on this connection is not looked at, even if another one is opened before it has closed.
    if (politely) wire?.end();
    else wire?.destroy();
    this.onLost(false);
  }

  /** @param {Packet} packet */
  send(packet) {
    if (this.#accepted) this.#wire?.send(packet);
  }

  /**
   * A connection has been accepted.
   * @param {boolean} _sessionLost the broker had confirmed a session, and has none now
   */
  onAccepted(_sessionLost) {}

  /**
   * The connection is gone, or this client has left it.
   * @param {boolean} _wasAccepted it broke, and CONNACK had come
   */
  onLost(_wasAccepted) {}

  /** @param {Packet} _packet */
  onPacket(_packet) {}

  #connect() {
    this.#retry = null;
    const { clientId, version, will } = this;
    const properties = version === ProtocolVersion.V5 ? { sessionExpiryInterval: NEVER } : {};
    const wire = new Wire(this.port, version, {
      onOpen: () =>
        wire.send({
          type: 'connect',
          protocolVersion: version,
          clientId,
          cleanStart: false,
          keepAlive: 0,
          properties,
          ...(will === undefined ? {} : { will }),
        }),
      onPacket: (packet) => {
        if (this.#wire === wire) this.#onPacket(packet);
      },
      onClosed: () => {
        if (this.#wire === wire) this.#onClosed();
      },
    });
    this.#wire = wire;
  }

  /** @param {Packet} packet */
  #onPacket(packet) {
    if (packet.type === 'disconnect') this.ledger.note(`DISCONNECT with 0x${packet.reasonCode.toString(16)}`);
    if (packet.type !== 'connack') {
      this.onPacket(packet);
      return;
    }
    if (packet.reasonCode !== 0) {
      this.ledger.note(`CONNACK with 0x${packet.reasonCode.toString(16)}`);
      return;
    }
    const lost = this.#hasSession && !packet.sessionPresent;
    if (lost) this.ledger.sessionLost();
    this.#hasSession = true;
    this.#accepted = true;
    this.onAccepted(lost);
  }

  #onClosed() {
    const wasAccepted = this.#accepted;
    this.#wire = null;
    this.#accepted = false;
    this.onLost(wasAccepted);
    if (this.#wanted) this.#retry = setTimeout(() => this.#connect(), RECONNECT_MS);
  }
}
