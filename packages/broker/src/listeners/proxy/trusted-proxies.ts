import { BlockList, isIP } from 'node:net';

/** Who may send PROXY headers: addresses and blocks, such as `10.0.0.0/8`. None: everyone. */
export class TrustedProxies {
  /** Null: everyone. */
  readonly #blocks: BlockList | null;

  /** @throws {TypeError} for what is neither an address nor a block */
  constructor(blocks: readonly string[]) {
    this.#blocks = blocks.length === 0 ? null : new BlockList();
    for (const block of blocks) this.#add(block);
  }

  #add(block: string): void {
    const [address = '', prefix] = block.split('/', 2);
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (version === 0 || !(length <= bits))
      throw new TypeError(
        `trustedProxies: expected addresses or blocks such as 10.0.0.0/8, got ${JSON.stringify(block)}`,
      );
    this.#blocks?.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }

  /** @param address as the system gives it; undefined for Unix sockets, whose file says who may connect */
  has(address: string | undefined): boolean {
    if (this.#blocks === null || address === undefined) return true;
    const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
    const version = isIP(plain);
    return version !== 0 && this.#blocks.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }
}
