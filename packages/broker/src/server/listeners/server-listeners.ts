import { problemText } from '../../config/configuration-error.ts';
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';
import type { LoadedConfiguration } from '../../config/load-configuration.ts';
import type { Source } from '../../config/source.ts';
import type { Accept, CertificateIdentity } from '../../core/ports/transport.ts';
import { EnvironmentError } from '../../environment-error.ts';
import type { Broker } from '../../host/broker.ts';
import type { FatedListener } from './listener-fates.ts';
import { listenerFates } from './listener-fates.ts';
import type { OpeningServices, OpenServedListener, ServedListener } from './listener-opening.ts';
import { isInTheWay } from './listener-place.ts';
import { inWordsOfFile, withListenerKeys } from './listener-problems.ts';

/** A listener that is open, and what it was opened for. */
export interface RunningListener {
  readonly configuration: ListenerConfiguration;
  readonly listener: ServedListener;
  /** Its connections are taken; before, they are closed at once. */
  readonly gate: { isOpen: boolean };
  /** Those that it took the place of when a reload failed: they only have connections. */
  readonly former: readonly ServedListener[];
}

/** Listeners that are ready to change over. */
export interface PreparedListeners {
  readonly fates: readonly FatedListener[];
  /** Of all that will be open. */
  readonly files: readonly string[];
  /** Cannot fail. */
  commit(): void;
  /** Undoes what was made ready. */
  abandon(): Promise<void>;
}

type Opening = Omit<OpeningServices, 'accept' | 'maximumPacketSize' | 'unfinishedMessages'>;

export class ServerListeners {
  readonly #broker: Broker;
  readonly #open: OpenServedListener;
  readonly #services: Opening;
  #running: readonly RunningListener[];
  /** As the configuration has it that is being made ready. */
  #maximumPacketSize: number;

  constructor(broker: Broker, open: OpenServedListener, services: Opening) {
    this.#broker = broker;
    this.#open = open;
    this.#services = services;
    this.#running = [];
    this.#maximumPacketSize = broker.profile.limits.maximumPacketSize;
  }

  get running(): readonly RunningListener[] {
    return this.#running;
  }

  get files(): readonly string[] {
    return this.#running.flatMap(({ listener }) => listener.files);
  }

  /** Whether the revocation lists of a listener, as they are read now, have this certificate in them. */
  isRevoked(name: string, certificate: CertificateIdentity): boolean {
    const running = this.#running.find(({ configuration }) => configuration.name === name);
    return running?.listener.isRevoked?.(certificate) === true;
  }

  /**
   * Rejects with the first error, as if nothing had been done.
   * @param isRehearsal it will be abandoned: addresses that others of these listeners have are not taken from them
   */
  async prepare(
    { configuration, source }: Pick<LoadedConfiguration, 'configuration' | 'source'>,
    isRehearsal: boolean,
  ): Promise<PreparedListeners> {
    const { listeners: after, limits } = configuration;
    this.#maximumPacketSize = limits.maximumPacketSize;
    const fates = listenerFates(
      this.#running.map(({ configuration }) => configuration),
      after,
    );
    const change = new ListenerChange(this.#running, {
      open: (listener) =>
        this.#opened(listener).catch((error: unknown) => {
          throw withPlace(error, source, after.indexOf(listener));
        }),
      tellNotRestored: ({ name }, error) =>
        this.#services.log.write(
          'error',
          'listener-not-restored',
          `${name} could not be opened again where it was, and is closed: ${(error as Error).message}; a reload that succeeds opens it`,
        ),
      stop: (listener) => void this.#broker.stopListening(listener, { disconnect: true }),
    });
    try {
      for (const fated of fates)
        await change.prepare(fated).catch((error: unknown) => {
          throw fated.after === null ? error : withListenerKeys(error, after.indexOf(fated.after));
        });
      if (!isRehearsal) await change.takeOver();
    } catch (error) {
      this.#running = await change.abandon();
      throw inWordsOfFile(error, source);
    }
    return {
      fates,
      files: change.files,
      commit: () => {
        this.#running = change.commit();
      },
      abandon: async () => {
        this.#running = await change.abandon();
      },
    };
  }

  async #opened(configuration: ListenerConfiguration): Promise<RunningListener> {
    const gate = { isOpen: false };
    let opened: ServedListener | undefined;
    await this.#broker.listenWith(async (accept) => {
      const guarded: Accept = (transport, origin) => (gate.isOpen ? accept(transport, origin) : null);
      opened = await this.#open(configuration, {
        ...this.#services,
        accept: guarded,
        maximumPacketSize: () => this.#maximumPacketSize,
        unfinishedMessages: (clientId) => this.#broker.unfinishedMessages(clientId),
      });
      return opened;
    });
    return { configuration, listener: opened!, gate, former: [] };
  }
}

/** What the system refused, with the place of the file that asked for it. */
function withPlace(error: unknown, source: Source, index: number): unknown {
  if (!(error instanceof EnvironmentError) || source.file === undefined || index < 0)
    return withListenerKeys(error, index);
  const problem = { severity: 'error', code: error.code, text: error.message } as const;
  const key = `listeners[${index}]`;
  const [named] = source.named([{ ...source.placeOf(['listeners', index]), key, ...problem }]);
  return new EnvironmentError(error.code, problemText(named!), error.cause);
}

interface ChangeWorld {
  open(configuration: ListenerConfiguration): Promise<RunningListener>;
  /** A listener could not be opened again where it had been. */
  tellNotRestored(configuration: ListenerConfiguration, error: unknown): void;
  /** Accepts nothing more there, and disconnects its clients. */
  stop(listener: ServedListener): void;
}

/** One change from some listeners to others. */
class ListenerChange {
  readonly #before: readonly RunningListener[];
  readonly #world: ChangeWorld;
  readonly #after: Map<ListenerConfiguration, RunningListener>;
  readonly #commits: (() => void)[];
  readonly #opened: RunningListener[];
  readonly #gone: Set<RunningListener>;
  /** In the way of others: opened last, when all else is ready. */
  readonly #takingOver: ListenerConfiguration[];
  readonly #order: ListenerConfiguration[];
  /** They have let go of their addresses. */
  readonly #stopped: RunningListener[];

  constructor(before: readonly RunningListener[], world: ChangeWorld) {
    this.#before = before;
    this.#world = world;
    this.#after = new Map();
    this.#commits = [];
    this.#opened = [];
    this.#gone = new Set();
    this.#takingOver = [];
    this.#order = [];
    this.#stopped = [];
  }

  get files(): readonly string[] {
    return [...this.#after.values()].flatMap(({ listener }) => listener.files);
  }

  async prepare({ fate, before, after }: FatedListener): Promise<void> {
    const running = this.#before.find(({ configuration }) => configuration === before);
    if (after !== null) this.#order.push(after);
    if (running !== undefined && after !== null && (fate === 'kept' || fate === 'updated')) {
      // Also if nothing of it changes: the files that it names may have.
      const commit = await running.listener.prepare(after);
      if (commit !== null) {
        this.#commits.push(commit);
        this.#after.set(after, { ...running, configuration: after });
        return;
      }
    }
    if (running !== undefined) this.#gone.add(running);
    if (after === null) return;
    const isTaken = this.#before.some(({ configuration }) => isInTheWay(configuration, after));
    if (isTaken) this.#takingOver.push(after);
    else await this.#open(after);
  }

  /** Addresses that one gives up and another takes. Between the two nobody listens there, for some milliseconds. */
  async takeOver(): Promise<void> {
    for (const configuration of this.#takingOver) {
      for (const running of this.#gone) {
        if (this.#stopped.includes(running) || !isInTheWay(running.configuration, configuration)) continue;
        void running.listener.stop();
        this.#stopped.push(running);
      }
      await this.#open(configuration);
    }
  }

  commit(): readonly RunningListener[] {
    for (const commit of this.#commits) commit();
    for (const { gate } of this.#opened) gate.isOpen = true;
    for (const { listener, former } of this.#gone) {
      for (const each of [listener, ...former]) this.#world.stop(each);
    }
    return this.#order.map((configuration) => this.#after.get(configuration)!);
  }

  /** @returns what is open then: as before, those that had let go of their addresses opened anew */
  async abandon(): Promise<readonly RunningListener[]> {
    for (const { listener } of this.#opened.splice(0)) this.#world.stop(listener);
    const running: RunningListener[] = [];
    for (const each of this.#before) {
      const open = this.#stopped.includes(each) ? await this.#restored(each) : each;
      if (open !== null) running.push(open);
    }
    return running;
  }

  /** Its connections have stayed; new ones come through another one at the same place. */
  async #restored(stopped: RunningListener): Promise<RunningListener | null> {
    const { configuration, listener, former } = stopped;
    try {
      const again = await this.#world.open(configuration);
      again.gate.isOpen = true;
      return { ...again, former: [...former, listener] };
    } catch (error) {
      // Somebody else has taken the address in these milliseconds. The reload fails for its own reason.
      this.#world.tellNotRestored(configuration, error);
      for (const each of [listener, ...former]) this.#world.stop(each);
      return null;
    }
  }

  async #open(configuration: ListenerConfiguration): Promise<void> {
    const running = await this.#world.open(configuration);
    this.#opened.push(running);
    this.#after.set(configuration, running);
  }
}
