// What is left of a connection that was ended, when its transport never says that it is closed.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OpenTransport, Transport } from '@martlet/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('Nothing is left when it has been cut', async () => {
  const transports: WeakRef<Transport>[] = [];
  let destroyed = 0;
  const transport: OpenTransport = async (...of) => {
    const opened = await world.open(...of);
    const own = { write: opened.write, end: () => {}, destroy: () => void destroyed++ };
    transports.push(new WeakRef(own));
    return own;
  };
  const client = world.connect({ transport });
  for (let i = 0; i < 3; i++) {
    const server = await world.accept();
    // Which no client expects: the connection ends, and the transport gets some time to say so.
    server.send({ type: 'unsuback', packetId: 1, reasonCodes: [0], properties: {} });
    await world.advance(20_000);
  }
  await world.accept();
  expect([destroyed, client.state]).toEqual([3, 'online']);
  collectGarbage();
  expect(transports.map((each) => each.deref() === undefined)).toEqual([true, true, true, false]);
});
