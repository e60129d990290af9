// The WebSocket of a real browser: what it does at the borders is not what its imitations do.

import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { chromium as launcher } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../../../test/debian-tools.ts';
import type * as InBrowser from './in-browser.ts';
import type { Report } from './in-browser.ts';
import type { Peer, TestServer, WebSocketServerChoices } from './wire.ts';
import { listenTcp, listenWebSocket } from './wire.ts';

declare global {
  var inBrowser: typeof InBrowser;
}

const chromium = debianTool('chromium');

describe.skipIf(chromium.path === undefined)(`A WebSocket in Chromium ${chromium.label}`, () => {
  const servers: TestServer[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const bundle = await rolldown({
      input: fileURLToPath(new URL('in-browser.ts', import.meta.url)),
      resolve: { conditionNames: ['martlet-source'] },
    });
    const { output } = await bundle.generate({ format: 'iife', name: 'inBrowser' });
    browser = await launcher.launch({ executablePath: chromium.path!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    await page.addScriptTag({ content: output[0].code });
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  afterAll(() => browser?.close());

  async function serve(onPeer?: (peer: Peer) => void, choices?: WebSocketServerChoices): Promise<TestServer> {
    const server = await listenWebSocket(onPeer, choices);
    servers.push(server);
    return server;
  }

  const run = (how: 'connects' | 'stays' | 'destroys', { address }: TestServer): Promise<Report> =>
    page.evaluate(([name, url]) => globalThis.inBrowser[name](url), [how, address.href] as const);

  test('tells nothing before its opener is done, though the server speaks first', async () => {
    const server = await serve((peer) => peer.send(Buffer.from('hello')));
    expect(await run('connects', server)).toEqual({
      told: ['opened', 'bytes', 'close'],
      bytes: 5,
      refused: 0,
    });
  });

  test('has enough when much waits to leave, and all of it arrives before the end', async () => {
    const server = await serve();
    const blocks = 300;
    const { href } = server.address;
    const reporting = page.evaluate(([url, count]) => globalThis.inBrowser.fills(url, count), [
      href,
      blocks,
    ] as const);
    const peer = await server.accept();
    const { told, refused } = await reporting;
    await peer.closed;
    expect(peer.received.length).toBe(blocks * 64 * 1024);
    expect(refused).toBeGreaterThan(0);
    expect(told).toEqual(['opened', 'drain', 'close']);
  });

  test('closes as the server closes', async () => {
    expect((await run('stays', await serve((peer) => peer.end()))).told).toEqual(['opened', 'close']);
    const breaking = await serve(({ socket }) => setImmediate(() => socket.resetAndDestroy()));
    expect((await run('stays', breaking)).told).toEqual(['opened', 'close', 'CONNECTION_LOST']);
  });

  test('is destroyed for the client at once', async () => {
    const server = await serve();
    expect((await run('destroys', server)).told).toEqual(['opened', 'close']);
    await (await server.accept()).closed;
  });

  test('is not opened without the subprotocol mqtt, nor where nobody listens', async () => {
    const server = await serve(undefined, { subprotocol: false });
    expect((await run('stays', server)).told).toEqual(['CONNECTION_FAILED']);
    await server.close();
    expect((await run('stays', server)).told).toEqual(['CONNECTION_FAILED']);
  });

  test('leaves nothing open when it is aborted while it connects', async () => {
    const server = await listenTcp();
    servers.push(server);
    const url = server.address.href.replace('mqtt', 'ws');
    expect(await page.evaluate((href) => globalThis.inBrowser.aborts(href), url)).toBe('enough');
    while (server.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
