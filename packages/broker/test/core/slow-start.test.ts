import { describe, expect, it } from 'vitest';
import { BrokerCore } from '../../src/core/broker-core.ts';
import { resolveProfile } from '../../src/core/options/resolve-profile.ts';
import { World } from '../world/world.ts';

const LOAD_MS = 5000;

describe('a start that takes five seconds', () => {
  it('ends no session before its time', () => {
    const before = new World();
    for (const clientId of ['first', 'second']) {
      const client = before.connect({
        clientId,
        cleanStart: false,
        properties: { sessionExpiryInterval: 60 },
      });
      client.drop();
    }
    before.turn();
    const store = before.store.reopen();
    let nowMs = 1000;
    let { wallMs } = before;
    const load = store.load.bind(store);
    store.load = (visitor, conversion, census) => {
      const onSession: typeof visitor.onSession = (record) => {
        visitor.onSession(record);
        nowMs += LOAD_MS / 2;
        wallMs += LOAD_MS / 2;
      };
      load({ ...visitor, onSession }, conversion, census);
    };
    const core = new BrokerCore(resolveProfile({ sysInterval: 0, limits: {} }), {
      environment: {
        nowMs: () => nowMs,
        wallMs: () => wallMs,
        newClientId: () => 'assigned',
        requestTurn: () => {},
      },
      store,
      log: { write: () => {} },
      events: { emit: () => {} },
      authenticator: null,
      authorizer: null,
      hashSeed: 1,
      version: '0.0.0-test',
      heapBytes: () => 1,
      onCommitted: () => {},
    });
    nowMs += 60_000 - LOAD_MS - 1;
    core.turn();
    expect(core.sessions.count).toBe(2);
    nowMs += 1;
    core.turn();
    expect(core.sessions.count).toBe(0);
  });
});
