import { decodePacket } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World } from '../world/world.ts';

describe('a PUBLISH that ends too early', () => {
  for (const [what, bytes] of [
    ['after its topic name, without a Property Length', [0x30, 3, 0, 1, 0x61]],
    ['after its packet identifier, without a Property Length', [0x32, 5, 0, 1, 0x61, 0, 1]],
    ['within its Property Length', [0x32, 6, 0, 1, 0x61, 0, 1, 0x80]],
    ['within its properties', [0x32, 7, 0, 1, 0x61, 0, 1, 2, 1]],
    ['within its topic name', [0x30, 3, 0, 5, 0x61]],
    ['before the length of its topic name', [0x30, 1, 0]],
  ] as const) {
    it(`is malformed: ${what}`, () => {
      const world = new World();
      const client = world.connect();
      client.sendBytes(Uint8Array.from(bytes));
      expect(client.takeOne('disconnect').reasonCode).toBe(0x81);
      expect(client.closed).toBe(true);
    });
  }

  it('is refused by the broker exactly where the decoder refuses it', () => {
    const body = fc.uint8Array({ maxLength: 24 });
    const flags = fc.constantFrom(0x30, 0x31, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a);
    fc.assert(
      fc.property(fc.constantFrom(4 as const, 5 as const), flags, body, (version, first, rest) => {
        const topic = [0, 1, 0x61];
        const packet = Uint8Array.from([first, topic.length + rest.length, ...topic, ...rest]);
        const world = new World();
        const client = world.connect({ protocolVersion: version });
        let readable = true;
        try {
          decodePacket(packet.slice(), 0, 2, packet.length, version, { from: 'client' });
        } catch {
          readable = false;
        }
        client.sendBytes(packet);
        // A topic alias can be readable and still not be known.
        if (!readable) expect(client.closed).toBe(true);
        else if (client.closed) expect(client.takeOne('disconnect').reasonCode).toBe(0x94);
      }),
      { numRuns: 3000 },
    );
  });
});
