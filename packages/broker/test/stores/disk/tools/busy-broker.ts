import { DeliveryState } from '@martlet/protocol';
import { SeededRandom } from '../../../../../../test/seeded-random.ts';
import { Durability } from '../../../../src/core/ports/durability.ts';
import type { QueueOwner, ShareOwner } from '../../../../src/core/ports/store.ts';
import { Delivery } from '../../../../src/core/publish/delivery.ts';
import type { QoS } from '../../../../src/core/publish/message.ts';
import { DiskStore } from '../../../../src/stores/disk/disk-store.ts';
import type { LogFiles } from '../../../../src/stores/disk/files/log-files.ts';
import { LoadedStore } from '../../contract/loaded-store.ts';
import { MESSAGE_PROPERTIES, session, subscription } from './written-store.ts';

const CLIENTS = ['c0', 'c1', 'c2', 'c3'];
const GROUP: Readonly<ShareOwner> = { kind: 'share', shareName: 'g', topicFilter: 'jobs/#' };

/** Does to a store what a broker does, at random but the same for the same seed. */
export class BusyBroker {
  readonly #loaded: LoadedStore<DiskStore>;
  readonly #random: SeededRandom;
  readonly #inFlight: Map<string, Delivery[]>;
  #packetId: number;

  private constructor(store: DiskStore, seed: number) {
    this.#loaded = new LoadedStore(store, 0);
    this.#random = new SeededRandom(seed);
    this.#inFlight = new Map(CLIENTS.map((clientId) => [clientId, []]));
    this.#packetId = 0;
    for (const clientId of CLIENTS) store.putSession(session(clientId));
  }

  static async open(files: LogFiles, seed: number): Promise<BusyBroker> {
    // Small enough that segments are finished and cleaned all the time.
    const store = await DiskStore.openOn(files, { segmentBytes: 2048, smallestCleanedBytes: 8192 });
    return new BusyBroker(store, seed);
  }

  commit(): Promise<void> {
    const { store } = this.#loaded;
    return new Promise((resolve, reject) => {
      store.commit(Durability.Disk, (error) =>
        error === null ? resolve() : reject(new Error(error.message)),
      );
    });
  }

  async close(): Promise<void> {
    await this.#loaded.store.close();
  }

  act(): void {
    const { store } = this.#loaded;
    const clientId = CLIENTS[this.#random.below(CLIENTS.length)]!;
    const small = this.#random.below(4);
    switch (this.#random.below(12)) {
      case 0:
        store.putSession(session(clientId, { disconnectedAtWallMs: small * 1000 }));
        break;
      case 1:
        store.putSubscription(clientId, subscription(`f/${small}`, { qos: (small % 3) as QoS }));
        break;
      case 2:
        store.deleteSubscription(clientId, `f/${small}`);
        break;
      case 3:
        if (this.#random.chance(0.5)) store.putReceived(clientId, small + 1);
        else store.deleteReceived(clientId, small + 1);
        break;
      case 4:
        this.#retain(`r/${small}`);
        break;
      case 5:
        if (this.#random.chance(0.05)) this.#endSession(clientId);
        break;
      case 6:
        this.#publish();
        break;
      case 7:
        this.#takeFromGroup();
        break;
      case 8:
      case 9:
        this.#send(clientId);
        break;
      default:
        this.#acknowledge(clientId);
    }
  }

  #publish(): void {
    const random = this.#random;
    const expiresAtMs = random.chance(0.2)
      ? 1_700_000_000_000 + random.below(1000)
      : Number.POSITIVE_INFINITY;
    const message = this.#loaded.message({
      payload: random.bytes(random.below(120)),
      topicName: `t/${random.below(5)}`,
      properties: random.chance(0.2) ? (MESSAGE_PROPERTIES as Uint8Array) : new Uint8Array(0),
      expiresAtMs,
    });
    const owners: QueueOwner[] = CLIENTS.map((clientId) => ({ kind: 'session', clientId }));
    for (const owner of [...owners, GROUP]) {
      if (!random.chance(0.4)) continue;
      const identifiers = random.chance(0.2) ? [1, 300] : [];
      this.#loaded.queue(owner).push(new Delivery(message, 1, random.chance(0.2), identifiers));
    }
  }

  #send(clientId: string): void {
    const queue = this.#loaded.sessionQueue(clientId);
    const delivery = queue.shift();
    if (delivery === undefined) return;
    if (this.#random.chance(0.2)) {
      queue.unshift(delivery);
      return;
    }
    this.#packetId = (this.#packetId % 65_535) + 1;
    delivery.packetId = this.#packetId;
    delivery.state = this.#random.chance(0.5) ? DeliveryState.AwaitingPuback : DeliveryState.AwaitingPubrec;
    queue.sent(delivery);
    this.#inFlight.get(clientId)!.push(delivery);
  }

  #takeFromGroup(): void {
    const queue = this.#loaded.queue(GROUP);
    const delivery = queue.shift();
    if (delivery !== undefined) queue.done(delivery);
  }

  #acknowledge(clientId: string): void {
    const inFlight = this.#inFlight.get(clientId)!;
    const at = this.#random.below(inFlight.length);
    const delivery = inFlight[at];
    if (delivery === undefined) return;
    const queue = this.#loaded.sessionQueue(clientId);
    if (delivery.state === DeliveryState.AwaitingPubrec) {
      delivery.state = DeliveryState.AwaitingPubcomp;
      queue.sent(delivery);
      return;
    }
    inFlight.splice(at, 1);
    queue.done(delivery);
  }

  #retain(topicName: string): void {
    const { store } = this.#loaded;
    if (this.#random.chance(0.3)) {
      store.deleteRetained(topicName);
      return;
    }
    const payload = this.#random.bytes(this.#random.below(60));
    store.putRetained(topicName, this.#loaded.message({ topicName, payload }), Number.POSITIVE_INFINITY);
  }

  #endSession(clientId: string): void {
    const { store } = this.#loaded;
    store.deleteSession(clientId);
    this.#inFlight.set(clientId, []);
    store.putSession(session(clientId));
  }
}
