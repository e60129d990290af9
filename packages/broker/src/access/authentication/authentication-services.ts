/** What authentication needs of whoever runs it. */
import type { KeyPath } from '../../config/key-path.ts';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import type { Source } from '../../config/source.ts';
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
  /** Where each listener takes the user name from. @default CONNECT */
  readonly usernameFrom?: (listener: string) => UsernameSource;
  /** Where the keys of the configuration stand, for errors. @default they stand nowhere */
  readonly source?: Pick<Source, 'placeOf'>;
  /** Where in it the section stands. @default `authentication` */
  readonly at?: KeyPath;
  /** What `type: dynamicSecurity` means. @default it is a problem of the configuration */
  readonly dynamicSecurity?: AuthenticationMethod;
}
