/** The server's side of SCRAM, by Node's own cryptography: nothing in it comes from the client under test. */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

export interface ScramAccount {
  readonly username: string;
  /** As SASLprep leaves it. */
  readonly password: string;
  readonly hash: 'sha256' | 'sha512';
  readonly salt: Uint8Array;
  readonly iterations: number;
}

export class ScramServer {
  readonly #account: ScramAccount;
  readonly #nonce: string;
  #authMessage = '';
  #fullNonce = '';

  /** @param nonce what the server adds to the nonce of the client */
  constructor(account: ScramAccount, nonce: string) {
    this.#account = account;
    this.#nonce = nonce;
  }

  /** Answers the client's first message with salt and iterations; null for another user. */
  challenge(clientFirst: string): string | null {
    const { username, salt, iterations } = this.#account;
    const [, bare = '', name = '', clientNonce = ''] = /^n,,(n=([^,]+),r=([^,]+))$/.exec(clientFirst) ?? [];
    if (name.replaceAll('=2C', ',').replaceAll('=3D', '=') !== username) return null;
    this.#fullNonce = clientNonce + this.#nonce;
    const answer = `r=${this.#fullNonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`;
    this.#authMessage = `${bare},${answer}`;
    return answer;
  }

  /** Checks the client's proof and answers with the server's signature; null for a wrong proof. */
  signature(clientFinal: string): string | null {
    const { password, hash, salt, iterations } = this.#account;
    const [, withoutProof = '', proof = ''] = /^(c=biws,r=[^,]+),p=([^,]+)$/.exec(clientFinal) ?? [];
    if (withoutProof !== `c=biws,r=${this.#fullNonce}`) return null;
    const authMessage = `${this.#authMessage},${withoutProof}`;
    const length = hash === 'sha256' ? 32 : 64;
    const salted = pbkdf2Sync(password, salt, iterations, length, hash);
    const storedKey = createHash(hash)
      .update(createHmac(hash, salted).update('Client Key').digest())
      .digest();
    const clientSignature = createHmac(hash, storedKey).update(authMessage).digest();
    const clientKey = Buffer.from(proof, 'base64').map((byte, index) => byte ^ clientSignature[index]!);
    if (!timingSafeEqual(createHash(hash).update(clientKey).digest(), storedKey)) return null;
    const serverKey = createHmac(hash, salted).update('Server Key').digest();
    return `v=${createHmac(hash, serverKey).update(authMessage).digest('base64')}`;
  }
}
