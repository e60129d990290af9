import type { JwtAlgorithm } from '../../../config/access-configuration.ts';
import type { TokenKey, TokenKeySource } from './token-keys.ts';
import { fittingKeys } from './token-keys.ts';

/** Keys that were read once; they change with the configuration. */
export class KeyFileSource implements TokenKeySource {
  readonly #keys: readonly TokenKey[];

  constructor(keys: readonly TokenKey[]) {
    this.#keys = keys;
  }

  find(algorithm: JwtAlgorithm, keyId: string | undefined): readonly TokenKey[] {
    return fittingKeys(this.#keys, algorithm, keyId);
  }

  close(): void {}
}
