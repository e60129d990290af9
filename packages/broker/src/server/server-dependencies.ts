/** What a server takes from whoever starts it. Everything has a default. */
import type { LoadedConfiguration } from '../config/load-configuration.ts';
import type { Log } from '../core/ports/log.ts';
import type { Broker } from '../host/broker.ts';
import type { BrokerEnvironment } from '../host/broker-environment.ts';
import type { BuildAccess } from './access/access-building.ts';
import type { RegistryWorld } from './control/broker-registry.ts';
import type { AnswerMore } from './control/server-requests.ts';
import type { OpenServedListener, ProtocolOpeners } from './listeners/listener-opening.ts';
import type { LogWorld } from './log/server-log.ts';
import type { ActivatedSocket, Systemd } from './process/systemd.ts';
import type { OpenServerStore } from './server-store.ts';

/** What a server is given by whoever starts it; all of it has a default. */
export interface ServerDependencies {
  /** Reads the configuration again, for `reload` without one. @default the one that it was started with */
  readonly load?: () => Promise<LoadedConfiguration>;
  /** Reads another file as that configuration was read, for `plan`. @default `plan` knows only `load` */
  readonly loadFile?: (path: string) => Promise<LoadedConfiguration>;
  /** @default standard streams, the environment's clock, and no formats of strftime */
  readonly log?: Partial<LogWorld>;
  /** Says entries of the log otherwise, such as in another broker's words. @default as they are */
  readonly phrase?: (log: Log) => Log;
  /** Told of the broker before it listens, to hear of its first client, too. */
  readonly onBroker?: (broker: Broker) => void;
  /** @default Node's clocks, event loop and randomness */
  readonly environment?: BrokerEnvironment;
  /** @default a `DiskStore`, or a `MemoryStore` where nothing is ever written */
  readonly openStore?: OpenServerStore;
  readonly buildAccess?: BuildAccess;
  readonly openListener?: OpenServedListener;
  /** Of further protocols, such as MQTT-SN. @default there are no others, and listeners for them are refused */
  readonly openers?: ProtocolOpeners;
  /** Sockets that systemd handed over. @default none */
  readonly activatedSockets?: readonly ActivatedSocket[];
  /** Given the secrets of handshakes of TLS, for debugging, in the format of `SSLKEYLOGFILE`. @default nobody is */
  readonly tlsKeyLog?: (line: Uint8Array) => void;
  /** @default nobody is told */
  readonly systemd?: Systemd;
  /** Answers further requests on the control socket. @default there are no others */
  readonly answerMore?: AnswerMore;
  /** Where brokers of this machine are found. @default those of this process */
  readonly registry?: RegistryWorld;
}
