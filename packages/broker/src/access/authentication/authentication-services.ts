/** What authentication needs of whoever runs it. */
import type { Log } from '../../core/ports/log.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import type { AuthenticationMethod } from './authentication-method.ts';
import type { AuthenticationMemory } from './failures/authentication-memory.ts';

/** Time, as an argument. A `BrokerEnvironment` is one. */
export interface AuthenticationClock {
  /** Milliseconds that only grow. */
  nowMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** @returns what takes it back */
  setTimer(callback: () => void, delayMs: number, keepsAlive: boolean): () => void;
}

export interface AuthenticationServices {
  readonly clock: AuthenticationClock;
  readonly log: Log;
  /** One for all listeners of a server; it outlives reloads, so that bans do. */
  readonly memory: AuthenticationMemory;
  /** `mosquitto`: whoever is refused gets its reason codes, 0x87 and 5 instead of 0x86 and 4. @default 'martlet' */
  readonly profile?: 'martlet' | 'mosquitto';
  /** One for all listeners, closed by whoever made it. @default one of its own */
  readonly hashing?: PasswordHashing;
  /** What `type: dynamicSecurity` means. @default it is a problem of the configuration */
  readonly dynamicSecurity?: AuthenticationMethod;
}
