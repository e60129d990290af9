/**
 * What may be sent to the address of a client: three times what came from there, as QUIC has it (RFC 9000, section 8.1), and a
 * little, until an answer shows that whoever is there gets what is sent there. Whoever forges an address must not have it flooded.
 */
import type { Peer } from './ports/link.ts';

const AMPLIFICATION = 3;

export class AddressBudget {
  readonly #allowanceBytes: number;
  #key: string;
  #validated: boolean;
  #receivedBytes = 0;
  #sentBytes = 0;

  constructor(peer: Peer, allowanceBytes: number) {
    this.#allowanceBytes = allowanceBytes;
    this.#key = peer.key;
    this.#validated = peer.trusted;
  }

  get isValidated(): boolean {
    return this.#validated;
  }

  /** Something came back that only who is there can know. */
  validate(): void {
    this.#validated = true;
  }

  moveTo(peer: Peer): void {
    if (peer.key === this.#key) return;
    this.#key = peer.key;
    this.#validated = peer.trusted;
    this.#receivedBytes = 0;
    this.#sentBytes = 0;
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /** Takes so many bytes off what may be sent. @returns false if they are too many */
  spend(bytes: number): boolean {
    const most = AMPLIFICATION * this.#receivedBytes + this.#allowanceBytes;
    if (!this.#validated && this.#sentBytes + bytes > most) return false;
    this.#sentBytes += bytes;
    return true;
  }
}
