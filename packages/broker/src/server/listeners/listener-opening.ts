/** What the server asks of whoever opens listeners. */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Accept, CertificateIdentity } from '../../core/ports/transport.ts';
import type { MoreSysTopics } from '../../core/telling/sys-topics.ts';
import type { Listener } from '../../listeners/listener.ts';
import type { ActivatedSocket } from '../process/systemd.ts';

/** A listener that a configuration describes, and that takes another one while it is open. */
export interface ServedListener extends Listener {
  /** What it has read: certificates, keys, revocation lists. */
  readonly files: readonly string[];
  /**
   * Makes ready what another configuration of the same place wants. Rejects if that cannot be; then nothing has changed.
   * @returns what makes it take effect, which cannot fail; null if the socket has to be opened anew
   */
  prepare(next: ListenerConfiguration): Promise<(() => void) | null>;
  /** Says in the log what of its files expires soon, or has; asked for once a day. @default nothing expires */
  tellExpiries?(): void;
  /** Whether its revocation lists, as they are now, have this certificate in them. @default none has */
  isRevoked?(certificate: CertificateIdentity): boolean;
}

export interface OpeningServices {
  readonly accept: Accept;
  readonly log: Log;
  /** Those that systemd handed over. */
  readonly activatedSockets: readonly ActivatedSocket[];
  /** The largest packet that the broker takes, or will, in bytes. */
  maximumPacketSize(): number;
  /** Messages of a client that have not come to their end. */
  unfinishedMessages(clientId: string): number;
  /** Where the broker keeps what outlives it; null: it keeps nothing. */
  readonly storeDirectory: string | null;
  /** The time, in ms since 1970. @default `Date.now` */
  readonly wallMs?: (() => number) | undefined;
  /** Given the secrets of handshakes, for debugging, in the format of `SSLKEYLOGFILE`. */
  readonly tlsKeyLog?: ((line: Uint8Array) => void) | undefined;
}

/** Opens listeners of a protocol that the broker itself does not speak: what it hands to `accept` speaks MQTT. */
export interface ProtocolOpener {
  readonly open: OpenServedListener;
  /**
   * Reads the files that a listener names, and opens nothing.
   * @param at where the listener stands, for what is wrong with it
   */
  check(configuration: ListenerConfiguration, at: KeyPath): Promise<readonly ConfigurationProblem[]>;
  /** What is told of all its listeners together below `$SYS/broker/`; asked again for every update. */
  readonly sysTopics: MoreSysTopics;
}

/** By the protocols of the configuration. */
export type ProtocolOpeners = Readonly<
  Partial<Record<Exclude<ListenerConfiguration['protocol'], 'mqtt' | 'websocket'>, ProtocolOpener>>
>;

/** Rejects with an `EnvironmentError` or a `ConfigurationError`. */
export type OpenServedListener = (
  configuration: ListenerConfiguration,
  services: OpeningServices,
) => Promise<ServedListener>;
