import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../src/environment-error.ts';
import { listeningPlaces } from '../../src/listeners/listening-places.ts';
import type { NetworkListener } from '../../src/listeners/network-listener.ts';
import type { TcpListenerOptions } from '../../src/listeners/tcp-listener.ts';
import { listenTcp } from '../../src/listeners/tcp-listener.ts';
import { RecordingSink } from './recording-sink.ts';
import { noLog } from './wire.ts';

const listeners: NetworkListener[] = [];
const servers: Server[] = [];
const directories: string[] = [];
const peers: string[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
  for (const server of servers.splice(0)) server.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  peers.length = 0;
});

async function listen(options: TcpListenerOptions): Promise<NetworkListener> {
  const listener = await listenTcp(
    { port: 0, lingerMs: 50, ...options },
    (transport) => {
      peers.push(transport.peer);
      return new RecordingSink(transport);
    },
    noLog,
  );
  listeners.push(listener);
  return listener;
}

const portOf = ({ address }: NetworkListener): number => (address.kind === 'tcp' ? address.port : 0);

/** Whether somebody listens there. */
async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  const result = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return result;
}

const all = Object.values(networkInterfaces()).flat();
const hasIpv6 = all.some((info) => info?.address === '::1');
const loopback =
  Object.entries(networkInterfaces()).find(([, infos]) => infos?.some(({ internal }) => internal))?.[0] ??
  'lo';

describe('A listener listens', () => {
  test.skipIf(!hasIpv6)('on all networks of both families, or of one', async () => {
    const both = portOf(await listen({ host: '*' }));
    expect([await answers('127.0.0.1', both), await answers('::1', both)]).toEqual([true, true]);
    const ipv4 = portOf(await listen({ host: '*', family: 'ipv4' }));
    expect([await answers('127.0.0.1', ipv4), await answers('::1', ipv4)]).toEqual([true, false]);
    const ipv6 = portOf(await listen({ host: '*', family: 'ipv6' }));
    expect([await answers('127.0.0.1', ipv6), await answers('::1', ipv6)]).toEqual([false, true]);
  });

  test('on the addresses of a network interface, all at one port', async () => {
    const listener = await listen({ interface: loopback });
    const infos = networkInterfaces()[loopback]!;
    expect(listener.addresses).toEqual(
      infos.map(({ address }) => ({ kind: 'tcp', host: address, port: portOf(listener) })),
    );
    for (const { address } of infos) expect(await answers(address, portOf(listener))).toBe(true);
    const ipv4 = await listen({ interface: loopback, family: 'ipv4' });
    expect(ipv4.addresses.every((address) => address.kind === 'tcp' && !address.host.includes(':'))).toBe(
      true,
    );
  });

  test('on all addresses of a name', async () => {
    const listener = await listen({ host: 'localhost' });
    expect(listener.address).toMatchObject({ kind: 'tcp', host: 'localhost' });
    expect(await answers('127.0.0.1', portOf(listener))).toBe(true);
    const places = await listeningPlaces({ host: 'localhost', port: 1 });
    expect(listener.addresses.length).toBeLessThanOrEqual(places.length);
  });

  test('nowhere, if one of its addresses is taken', async () => {
    if (!hasIpv6) return;
    const server = createServer();
    servers.push(server);
    server.listen({ host: '::1', port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const error = await listen({ interface: loopback, port }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(await answers('127.0.0.1', port)).toBe(false);
  });

  test('and says which interfaces there are, when there is no such one', async () => {
    const error = await listen({ interface: 'nowhere0' }).catch((caught) => caught);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.code).toBe('ADDRESS_NOT_AVAILABLE');
    expect(error.message).toContain(`no network interface "nowhere0", or it has no address; there are: `);
    expect(error.message).toContain(loopback);
  });

  test('and says when an address is of another family', async () => {
    await expect(listen({ host: '127.0.0.1', family: 'ipv6' })).rejects.toThrow(
      'cannot listen on 127.0.0.1: it is no address of IPv6, as family asks for',
    );
  });

  test('on no descriptor that is no socket', async () => {
    await expect(listen({ fd: 9999 })).rejects.toThrow(
      /^cannot listen on the descriptor 9999: it is no socket that listens \(E/,
    );
  });

  test('with room for so many connections, and no more: at the limit, and one past it', async () => {
    for (const plainSockets of [false, true]) {
      const listener = await listen({ maximumConnections: 2, plainSockets });
      const open = [connect(portOf(listener)), connect(portOf(listener))];
      // Together: the second may be connected before the first is waited for.
      await Promise.all(open.map((socket) => once(socket, 'connect')));
      const third = connect(portOf(listener));
      third.on('error', () => {});
      await new Promise((resolve) => third.once('close', resolve));
      expect(listener.refusals['maximum-connections']).toBe(1);
      expect(listener.connections).toBe(2);
      for (const socket of open) socket.destroy();
    }
  });
});

describe('A Unix socket', () => {
  function socketPath(): string {
    const directory = mkdtempSync(join(tmpdir(), 'martlet-'));
    directories.push(directory);
    return join(directory, 'mqtt.sock');
  }

  test('belongs to the user and group that are named, by name or number', async () => {
    const path = socketPath();
    await listen({
      path,
      pathMode: 0o620,
      pathGroup: String(process.getgid!()),
      pathOwner: String(process.getuid!()),
    });
    expect(statSync(path).mode & 0o777).toBe(0o620);
    const name = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
    const other = socketPath();
    await listen({ path: other, pathOwner: name });
    expect(statSync(other).uid).toBe(process.getuid!());
  });

  test.each([
    { pathOwner: 'nobody-of-this-name' },
    { pathGroup: 'nobody-of-this-name' },
    { pathOwner: '-s' },
  ])('says when there is no such owner: %j', async (owner) => {
    await expect(listen({ path: socketPath(), ...owner })).rejects.toThrow(
      /there is no (user|group) "(nobody-of-this-name|-s)" to give the Unix socket to; a number is understood as well/,
    );
  });
});
