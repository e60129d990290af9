// The client on a page: over the browser's own WebSocket, through cuts and silences of the network, on a page that was
// frozen and on one that was loaded again, with our broker and with Mosquitto.

import type { PublishOptions } from '@martlet/client/browser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { debianTool } from '../debian-tools.ts';
import { ServedBroker } from '../e2e/served-broker.ts';
import { MosquittoBroker } from '../mosquitto-broker.ts';
import { Relay } from '../relay.ts';
import { CHROMIUM, Chromium } from './chromium.ts';

const mosquitto = debianTool('mosquitto');

const SOURCE = `
  import * as client from '@martlet/client';
  import * as store from '@martlet/client/indexed-db-store';
  globalThis.martlet = { ...client, ...store };
`;

type Browser = typeof import('@martlet/client/browser');
type Store = typeof import('@martlet/client/indexed-db-store');

/** What the page's script leaves for the functions that run in the page. */
declare const martlet: Browser & Store;
/** What `start` leaves. */
declare const client: ReturnType<Browser['connect']>;
declare const told: string[];

const webSocketUrl = (port: number): string => `ws://127.0.0.1:${port}/mqtt`;

interface Start {
  readonly url: string;
  readonly clientId: string;
  readonly keepAlive?: number;
  readonly minimumDelayMs?: number;
  /** Whether its session is in IndexedDB. */
  readonly stored?: boolean;
}

/** In the page: connects, subscribes to `to/<client>/#`, and writes what it is told and what it gets to `told`. */
function start({ url, clientId, keepAlive = 60, minimumDelayMs = 1, stored = false }: Start): void {
  const told: string[] = [];
  const client = martlet.connect(url, {
    clientId,
    keepAlive,
    reconnect: { minimumDelayMs },
    ...(stored ? { store: martlet.indexedDbStore({ name: clientId }) } : {}),
  });
  client.on('online', ({ sessionPresent }) => told.push(sessionPresent ? 'online again' : 'online'));
  client.on('offline', ({ error }) => told.push(`offline ${error.code}`));
  client.on('error', (error) => told.push(`error ${error.code}`));
  client.on('closed', (error) => told.push(`closed ${error?.code ?? ''}`));
  client.subscribe(`to/${clientId}/#`, { qos: 2 }, (message) => {
    told.push(`${message.topicName} ${message.text()}`);
  });
  Object.assign(globalThis, { client, told });
}

/** In the page: publishes, and returns when the last one has reached a stage. */
async function publish({
  topicName,
  texts,
  qos,
  stage = 'acknowledged',
}: {
  readonly topicName: string;
  readonly texts: readonly string[];
  readonly qos: NonNullable<PublishOptions['qos']>;
  readonly stage?: 'stored' | 'acknowledged';
}): Promise<void> {
  await Promise.all(texts.map((text) => client.publish(topicName, text, { qos })[stage]));
}

const toldInPage = (): readonly string[] => told;
const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index));

describe.skipIf(CHROMIUM.isMissing)(`The client in Chromium ${CHROMIUM.label}`, () => {
  let browser: Chromium;
  let served: ServedBroker;
  let relay: Relay;
  /** Through the relay. */
  let url: string;
  /** What our broker's own subscription to `from/#` got. */
  let arrived: string[];

  beforeAll(async () => {
    browser = await Chromium.launch();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    served = await ServedBroker.start();
    const { address } = served.webSocket;
    if (address.kind !== 'tcp') throw new Error('expected a TCP port');
    relay = await Relay.start(address.port);
    url = webSocketUrl(relay.port);
    arrived = [];
    served.broker.subscribe('from/#', (message) => {
      arrived.push(`${message.topicName} ${message.text()}`);
    });
  });
  afterEach(async () => {
    await browser.closePages();
    await relay.close();
    await served.close();
  });

  test.each([0, 1, 2] as const)('sends and receives at QoS %d, all of it once and in order', async (qos) => {
    const { page, errors } = await browser.open(SOURCE);
    await page.evaluate(start, { url, clientId: 'a' });
    await page.evaluate(() => client.connected().then(() => {}));
    const texts = numbers(500);
    await page.evaluate(publish, { topicName: 'to/a/x', texts, qos });
    const expected = ['online', ...texts.map((text) => `to/a/x ${text}`)];
    await expect.poll(() => page.evaluate(toldInPage), { timeout: 20_000 }).toEqual(expected);
    await page.evaluate(() => client.close());
    expect(await page.evaluate(() => client.state)).toBe('closed');
    expect(errors).toEqual([]);
  });

  test.skipIf(mosquitto.path === undefined)(
    `and Debian's Mosquitto understand each other ${mosquitto.label}`,
    async () => {
      const other = await MosquittoBroker.start(mosquitto.path!);
      try {
        const { page, errors } = await browser.open(SOURCE);
        await page.evaluate(start, { url: webSocketUrl(other.webSocketPort), clientId: 'a' });
        for (const qos of [0, 1, 2] as const) {
          await page.evaluate(publish, { topicName: `to/a/${qos}`, texts: numbers(50), qos });
        }
        const expected = ['0', '1', '2'].flatMap((qos) => numbers(50).map((text) => `to/a/${qos} ${text}`));
        await expect.poll(() => page.evaluate(toldInPage)).toEqual(['online', ...expected]);
        await page.evaluate(() => client.close());
        expect(errors).toEqual([]);
      } finally {
        await other.close();
      }
    },
  );

  test('comes back after the network was cut, and loses and repeats nothing of QoS 2', async () => {
    const { page } = await browser.open(SOURCE);
    await page.evaluate(start, { url, clientId: 'a' });
    await page.evaluate(() => client.connected().then(() => {}));
    const texts = numbers(300);
    const publishing = page.evaluate(publish, { topicName: 'from/a', texts, qos: 2 as const });
    for (let cut = 1; cut <= 3; cut++) {
      await expect.poll(() => arrived.length).toBeGreaterThanOrEqual(cut);
      relay.cut();
      await expect.poll(() => relay.accepted).toBeGreaterThan(cut);
    }
    await publishing;
    expect(arrived).toEqual(texts.map((text) => `from/a ${text}`));
    const events = await page.evaluate(toldInPage);
    expect(events[0]).toBe('online');
    expect(events.filter((event) => event === 'offline CONNECTION_LOST').length).toBeGreaterThanOrEqual(1);
    expect(events.at(-1)).toBe('online again');
  });

  test('finds out within the keep alive that nothing is carried any more', async () => {
    const { page } = await browser.open(SOURCE);
    await page.evaluate(start, { url, clientId: 'a', keepAlive: 1 });
    await page.evaluate(() => client.connected().then(() => {}));
    relay.swallow();
    await page.evaluate(publish, { topicName: 'from/a', texts: ['after the silence'], qos: 1 as const });
    expect(arrived).toEqual(['from/a after the silence']);
    expect(await page.evaluate(toldInPage)).toEqual([
      'online',
      expect.stringMatching(/^offline /),
      'online again',
    ]);
  });

  test('tries again at once when the browser says that the network is back', async () => {
    const { page } = await browser.open(SOURCE);
    relay.refusing = true;
    // An hour, so that only the browser's word can be the reason for the second attempt.
    await page.evaluate(start, { url, clientId: 'a', minimumDelayMs: 3_600_000 });
    await expect.poll(() => page.evaluate(() => client.state)).toBe('waiting');
    relay.refusing = false;
    await page.evaluate(() => (globalThis as unknown as EventTarget).dispatchEvent(new Event('online')));
    await expect.poll(() => page.evaluate(() => client.state)).toBe('online');
  });

  test('stays online in a tab that nobody looks at, whose timers are held back', async () => {
    const tab = await browser.open(SOURCE);
    const { page } = tab;
    await page.evaluate(start, { url, clientId: 'a', keepAlive: 2 });
    await page.evaluate(() => client.connected().then(() => {}));
    await tab.hide();
    const before = relay.fromClients;
    // Nothing but PINGREQ, for twice as long as the broker would wait for one that does not come.
    await expect.poll(() => relay.fromClients, { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 6);
    expect(await page.evaluate(toldInPage)).toEqual(['online']);
  });

  test('finds out that the connection ended while its page was frozen, and comes back', async () => {
    const tab = await browser.open(SOURCE);
    const { page } = tab;
    await page.evaluate(start, { url, clientId: 'a' });
    await page.evaluate(() => client.connected().then(() => {}));
    await page.evaluate(() => {
      const page = (globalThis as unknown as { document: EventTarget }).document;
      page.addEventListener('freeze', () => told.push('frozen'));
      page.addEventListener('resume', () => told.push('thawed'));
    });
    await tab.hide();
    await tab.freeze();
    const disconnected = served.next('clientDisconnected');
    relay.cut();
    await disconnected;
    await served.broker.publish('to/a/x', 'while it was frozen', { qos: 1 });
    await tab.thaw();
    const events = [
      'frozen',
      'thawed',
      'offline CONNECTION_LOST',
      'online again',
      'to/a/x while it was frozen',
    ];
    await expect.poll(() => page.evaluate(toldInPage)).toEqual(['online', ...events]);
  });

  test('asks for a sign of life when its page is looked at again', async () => {
    const tab = await browser.open(SOURCE);
    const { page } = tab;
    // An hour, so that only the look can be the reason for the question.
    await page.evaluate(start, { url, clientId: 'a', keepAlive: 3600 });
    await page.evaluate(() => client.connected().then(() => {}));
    await tab.hide();
    relay.swallow();
    await tab.show();
    const events = ['online', expect.stringMatching(/^offline /), 'online again'];
    await expect.poll(() => page.evaluate(toldInPage), { timeout: 30_000 }).toEqual(events);
  });

  test('asks and answers, by what is loaded when it is needed first', async () => {
    const { page, errors } = await browser.open(SOURCE);
    const requested: string[] = [];
    page.on('request', (request) => requested.push(new URL(request.url()).pathname));
    await page.evaluate(start, { url, clientId: 'a' });
    await page.evaluate(() => client.connected().then(() => {}));
    expect(requested).toEqual([]);
    const texts = await page.evaluate(async () => {
      await client.respond('upper', (request) => request.text().toUpperCase());
      await client.respond('letters', async function* (request) {
        yield* request.text();
      });
      const all = [(await client.request('upper', 'one')).text()];
      for await (const letter of client.requestMany('letters', 'abc')) all.push(letter.text());
      return all;
    });
    expect(texts).toEqual(['ONE', 'a', 'b', 'c']);
    expect(requested).toEqual(['/requests.js']);
    expect(errors).toEqual([]);
  });

  test('keeps what it could not send in IndexedDB, and sends it when the page is loaded again', async () => {
    const { page } = await browser.open(SOURCE);
    relay.refusing = true;
    const texts = numbers(100);
    await page.evaluate(start, { url, clientId: 'a', stored: true });
    await page.evaluate(publish, { topicName: 'from/a', texts, qos: 2 as const, stage: 'stored' as const });
    relay.refusing = false;
    await page.reload();
    expect(arrived).toEqual([]);
    await page.evaluate(start, { url, clientId: 'a', stored: true });
    await expect.poll(() => arrived).toEqual(texts.map((text) => `from/a ${text}`));
  });

  test('goes on with a QoS 2 delivery in the middle of which the page was loaded again', async () => {
    const { page } = await browser.open(SOURCE);
    await page.evaluate(start, { url, clientId: 'a', stored: true });
    await page.evaluate(() => client.connected().then(() => {}));
    const texts = numbers(200);
    // The page goes away before this can fulfil.
    const publishing = page
      .evaluate(publish, { topicName: 'from/a', texts, qos: 2 as const })
      .catch(() => {});
    await expect.poll(() => arrived.length).toBeGreaterThan(0);
    await page.reload();
    await publishing;
    await page.evaluate(start, { url, clientId: 'a', stored: true });
    await page.evaluate(publish, { topicName: 'from/a', texts: ['last'], qos: 2 as const });
    // What had not been stored when the page went is gone with it; what had been is there once and in order.
    const kept = arrived.length - 1;
    expect(arrived).toEqual([...texts.slice(0, kept).map((text) => `from/a ${text}`), 'from/a last']);
  });

  test('refuses a session in IndexedDB that another page has', async () => {
    const { page } = await browser.open(SOURCE);
    await page.evaluate(start, { url, clientId: 'a', stored: true });
    await page.evaluate(() => client.connected().then(() => {}));
    const second = await page.context().newPage();
    await second.goto(page.url());
    await second.evaluate(start, { url, clientId: 'a', stored: true });
    await expect
      .poll(() => second.evaluate(toldInPage), { timeout: 20_000 })
      .toContain('closed STORE_FAILED');
    expect(await page.evaluate(() => client.state)).toBe('online');
  });
});
