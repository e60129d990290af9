import type { ConnectPacket } from '@martlet/protocol';
import type { DiskStoreOptions } from '../../src/stores/disk/disk-store.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import { SimulatedFiles } from '../stores/disk/simulated-files.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';
import { PATIENT } from './committing-world.ts';

type Options = Omit<WorldOptions<DiskStore>, 'store'>;

/** A broker on a disk store whose files are simulated, in virtual time, that can be killed and started again. */
export class DiskWorld {
  files: SimulatedFiles;
  world: World<DiskStore>;
  readonly #options: Options;
  readonly #storeOptions: DiskStoreOptions;

  private constructor(
    files: SimulatedFiles,
    world: World<DiskStore>,
    options: Options,
    storeOptions: DiskStoreOptions,
  ) {
    this.files = files;
    this.world = world;
    this.#options = options;
    this.#storeOptions = storeOptions;
  }

  static async open(options: Options = {}, storeOptions: DiskStoreOptions = {}): Promise<DiskWorld> {
    const files = new SimulatedFiles({ seed: 1 });
    const world = await worldOn(files, options, storeOptions);
    const opened = new DiskWorld(files, world, options, storeOptions);
    await opened.settle();
    return opened;
  }

  /** The process is killed, and another one finds what it wrote. @param wallMs what the wall clock says then */
  async kill(wallMs: number = this.world.wallMs): Promise<void> {
    this.files = this.files.afterKill();
    this.world = await worldOn(this.files, { ...this.#options, wallMs }, this.#storeOptions);
    await this.settle();
  }

  /** Lets the files answer until no commit is under way. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      this.world.turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.world.turn();
  }

  /** A connected client whose session outlives its connection. */
  async durable(clientId: string, connect: Partial<ConnectPacket> = {}): Promise<TestClient> {
    const client = this.world.connecting({
      clientId,
      cleanStart: false,
      properties: { sessionExpiryInterval: 1000 },
      ...connect,
    });
    await this.settle();
    client.connack = client.takeOne('connack');
    if (client.connack.reasonCode !== 0)
      throw new Error(`expected an accepting CONNACK, got ${JSON.stringify(client.connack)}`);
    return client;
  }

  /** Subscribes, and waits until that is kept. */
  async subscribe(client: TestClient, topicFilter: string, qos: 0 | 1 | 2): Promise<void> {
    client.send({
      type: 'subscribe',
      packetId: client.nextPacketId(),
      subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      properties: {},
    });
    await this.settle();
  }

  /** A publisher that has only this one message; returns once it was acknowledged. */
  async publish(
    topicName: string,
    payload: string | Uint8Array,
    qos: 1 | 2,
    options: { readonly retain?: boolean; readonly properties?: object } = {},
  ): Promise<void> {
    const publisher = this.world.connect();
    publisher.publish(topicName, payload, { qos, ...options });
    await this.settle();
    publisher.takeOne(qos === 1 ? 'puback' : 'pubrec');
    publisher.disconnect();
    await this.settle();
  }
}

async function worldOn(
  files: SimulatedFiles,
  { limits, ...options }: Options,
  storeOptions: DiskStoreOptions,
): Promise<World<DiskStore>> {
  const store = await DiskStore.openOn(files, storeOptions);
  return new World({ store, limits: { ...PATIENT, ...limits }, ...options });
}
