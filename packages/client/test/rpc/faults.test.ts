// Requests and streams on a network that fails again and again: every promise settles, and none with another's response.

import type { Client } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import { createTestBroker } from '@martlet/testing';
import { describe, expect, test } from 'vitest';

/** How requests may end on such a network. */
const ALLOWED = new Set(['TIMEOUT', 'CONNECTION_LOST', 'SESSION_LOST', 'REFUSED', 'REQUEST_FAILED']);

describe.each([5, 4] as const)(
  'With protocol version %i, and connections that are cut',
  (protocolVersion) => {
    test.each([1, 2, 3, 4])('everything settles, seed %i', async (seed) => {
      const broker = createTestBroker({ seed });
      const { random } = broker.environment();
      const start = (clientId: string): Client =>
        connect({
          ...broker.clientOptions(),
          ...{ clientId, protocolVersion, sessionExpiryInterval: seed % 2 === 0 ? 0 : 300 },
        });
      const asking = start('asking');
      const answering = start('answering');
      for (const client of [asking, answering]) client.on('handlerError', () => {});
      await answering.respond('echo/+', (request) => request.text());
      await answering.respond('count', async function* () {
        for (let i = 0; i < 10; i++) yield `${i}`;
      });

      const outcomes: Promise<string>[] = [];
      const codeOf = (error: unknown): string => (error instanceof ClientError ? error.code : String(error));
      for (let i = 0; i < 60; i++) {
        const qos = (i % 3) as 0 | 1 | 2;
        const one = asking.request(`echo/${i}`, `${i}`, { qos });
        outcomes.push(one.then((response) => (response.text() === `${i}` ? 'right' : 'wrong'), codeOf));
        const many = (async () => {
          let next = 0;
          for await (const message of asking.requestMany('count', '', { qos, timeoutMs: 20_000 })) {
            const value = Number(message.text());
            // At QoS 0 some may be lost, at QoS 1 the last one may come twice.
            if (qos === 2 && value !== next) return 'wrong';
            next = value + 1;
          }
          return qos === 2 && next !== 10 ? 'wrong' : 'right';
        })();
        outcomes.push(many.catch(codeOf));
        await broker.advance(Math.floor(random() * 200));
        if (random() < 0.2) broker.faults.cut({ clientId: random() < 0.5 ? 'asking' : 'answering' });
      }
      await broker.advance(120_000);
      const seen = await Promise.all(outcomes);
      expect(seen.filter((outcome) => outcome !== 'right' && !ALLOWED.has(outcome))).toEqual([]);
      expect(seen.filter((outcome) => outcome === 'right').length).toBeGreaterThan(20);
      expect(asking.gauges).toMatchObject({ inFlight: 0, queuedMessages: 0 });
      await asking.close();
      await answering.close();
      await broker.close();
    });
  },
);
