import type { ConnectPacket } from '@martlet/protocol';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';

/** Unless the test is about them, commits may take their time, and none comes by itself. */
export const PATIENT = { osSyncMs: 3_600_000, commitSilenceMs: 3_600_000 } as const;

/** A world whose store ends its commits when the test says so. */
export class CommittingWorld extends World {
  constructor({ limits, ...options }: WorldOptions = {}) {
    super({ store: new MemoryStore({ commits: 'manual' }), limits: { ...PATIENT, ...limits }, ...options });
  }

  /** The commit under way is done. */
  finish(): void {
    this.store.finishCommit();
    this.turn();
  }

  /** The commit under way fails. */
  fail(code = 'store-full'): void {
    this.store.failCommit({ code, message: 'no space is left' });
    this.turn();
  }

  /** Everything that was staged is kept. */
  settle(): void {
    this.turn();
    while (this.store.commitUnderWay) this.finish();
  }

  /** A connected client whose session outlives its connection, and is kept. */
  durable(clientId: string, connect: Partial<ConnectPacket> = {}): TestClient {
    const client = this.connecting({
      clientId,
      cleanStart: false,
      ...(connect.protocolVersion === 3 || connect.protocolVersion === 4
        ? undefined
        : { properties: { sessionExpiryInterval: 1000 } }),
      ...connect,
    });
    this.settle();
    client.connack = client.takeOne('connack');
    return client;
  }

  /** Subscribes, and waits until that is kept. */
  subscribed(client: TestClient, topicFilter: string, qos: 0 | 1 | 2): void {
    client.send({
      type: 'subscribe',
      packetId: client.nextPacketId(),
      subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      properties: {},
    });
    this.settle();
    client.takeOne('suback');
  }
}
