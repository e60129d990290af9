import type { ConnectPacket } from '@martlet/protocol';
import { expect } from 'vitest';
import type { DurabilityName } from '../../src/core/ports/durability.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import type { LogFiles } from '../../src/stores/disk/files/log-files.ts';
import { SimulatedFiles } from '../stores/disk/simulated-files.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';

const DURABLE = { cleanStart: false, properties: { sessionExpiryInterval: 100_000 } } as const;

type Options = Omit<WorldOptions<DiskStore>, 'store'>;

/** Worlds one after the other on the same disk, which is simulated. */
export class OnDiskWorld {
  files: SimulatedFiles;
  world: World<DiskStore>;
  readonly #options: Options;

  private constructor(files: SimulatedFiles, world: World<DiskStore>, options: Options) {
    this.files = files;
    this.world = world;
    this.#options = options;
  }

  /** @param as what the store sees of the files */
  static async open(
    options: Options = {},
    as: (files: SimulatedFiles) => LogFiles = (files) => files,
  ): Promise<OnDiskWorld> {
    const files = new SimulatedFiles({ seed: 3 });
    const world = new World({ ...options, store: await DiskStore.openOn(as(files)) });
    const onDisk = new OnDiskWorld(files, world, options);
    await onDisk.settle();
    return onDisk;
  }

  /** Lets the files answer until no commit is under way. */
  async settle(): Promise<void> {
    for (let round = 0; round < 8; round++) {
      this.world.turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time pass in which everything is synced. */
  async rest(): Promise<void> {
    this.world.advance(2000);
    await this.settle();
  }

  /** Connects at the level of this listener; with a session that outlives the connection, unless the packet says else. */
  async connect(
    clientId: string,
    connect: Partial<ConnectPacket> = DURABLE,
    listener?: DurabilityName,
  ): Promise<TestClient> {
    this.world.listenerDurability = listener;
    const client = this.world.connecting({ clientId, ...connect });
    await this.settle();
    client.connack = client.takeOne('connack');
    return client;
  }

  async subscribe(client: TestClient, topicFilter: string, qos: 0 | 1 | 2): Promise<void> {
    client.send({
      type: 'subscribe',
      packetId: 65_000,
      subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      properties: {},
    });
    await this.settle();
    expect(client.takeOne('suback').reasonCodes).toEqual([qos]);
  }

  /** A session that is kept, subscribed and offline. */
  async offline(clientId: string, topicFilter: string, qos: 1 | 2): Promise<void> {
    const client = await this.connect(clientId);
    await this.subscribe(client, topicFilter, qos);
    client.drop();
    await this.rest();
  }

  /** No write is answered from now on. */
  silence(): void {
    this.files.faultOf = ({ operation }) => (operation === 'write' ? { kind: 'silent' } : undefined);
  }

  async kill(): Promise<void> {
    await this.#goOn(this.files.afterKill());
  }

  async powerCut(): Promise<void> {
    await this.#goOn(this.files.afterPowerCut());
  }

  async #goOn(files: SimulatedFiles): Promise<void> {
    const { wallMs } = this.world;
    this.files = files;
    this.world = new World({ ...this.#options, wallMs, store: await DiskStore.openOn(files) });
    await this.settle();
  }
}
