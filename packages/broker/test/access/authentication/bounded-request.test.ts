import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { HttpService } from '../../../src/access/authentication/http/bounded-request.ts';
import { AuthenticationKit, StandingClock } from './authentication-kit.ts';

const kit = new AuthenticationKit();
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n';

/** Answers the first request of each connection, and does `then` with the next ones. */
async function serviceThat(
  then: (socket: Socket) => void,
): Promise<{ service: HttpService; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    let requests = 0;
    connections++;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++requests === 1) socket.write(ANSWER);
      else then(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const service = new HttpService({
    url: new URL(`http://127.0.0.1:${port}/`),
    timeoutMs: 1000,
    maximumBytes: 100,
    connections: 1,
    clock: new StandingClock(),
  });
  kit.onEnd(async () => {
    service.close();
    await new Promise((resolve) => server.close(resolve));
  });
  return { service, connections: () => connections };
}

const QUESTION = { method: 'POST', headers: {}, body: 'x' } as const;

it('A request uses the connection of the one before it', async () => {
  const { service, connections } = await serviceThat((socket) => socket.write(ANSWER));
  for (let count = 0; count < 5; count++)
    expect(await service.ask(QUESTION)).toEqual({ status: 204, body: new Uint8Array() });
  expect(connections()).toBe(1);
});

it('A request whose kept connection the service closes is asked again on a new one', async () => {
  const { service, connections } = await serviceThat((socket) => socket.resetAndDestroy());
  for (let count = 0; count < 3; count++) expect(await service.ask(QUESTION)).toMatchObject({ status: 204 });
  expect(connections()).toBe(3);
});
