// Debian's Chromium without a window, and pages in it that run a bundle of ours. One browser serves all tests of a file.
// Each page comes from a port of its own, and so has a storage of its own.
//
// The browser is started here and not by Playwright, whose settings make every page believe that it is looked at and
// keep its timers going: what a tab in the background suffers is what is to be tested.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { BrowserBundle } from '../../scripts/browser-bundle.mjs';
import { browserBundler } from '../../scripts/browser-bundle.mjs';
import { debianTool } from '../debian-tools.ts';
import { Program } from '../e2e/program.ts';
import { PageServer } from './page-server.ts';

const tool = debianTool('chromium');

/** Whether there is a browser here; `label` ends the name of a suite that needs one. */
export const CHROMIUM = { isMissing: tool.path === undefined, label: tool.label } as const;

const ARGUMENTS: readonly string[] = [
  '--headless',
  '--remote-debugging-port=0',
  // Names resolve to nothing, so that the browser reaches no other machine, whatever it would like to tell its maker.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--password-store=basic',
  '--disable-gpu',
  // Containers give little shared memory.
  '--disable-dev-shm-usage',
  // Chromium refuses its sandbox to root, which is who runs the tests in most containers.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  'about:blank',
];

const LISTENING = /^DevTools listening on (ws:\S+)$/;

export class Chromium {
  readonly #program: Program;
  readonly #directory: string;
  readonly #browser: Browser;
  readonly #bundle: (source: string) => Promise<BrowserBundle>;
  readonly #servers: PageServer[] = [];

  private constructor(
    program: Program,
    directory: string,
    browser: Browser,
    bundle: (source: string) => Promise<BrowserBundle>,
  ) {
    this.#program = program;
    this.#directory = directory;
    this.#browser = browser;
    this.#bundle = bundle;
  }

  static async launch(): Promise<Chromium> {
    if (tool.path === undefined) throw new Error(`expected a browser ${tool.label}`);
    const directory = mkdtempSync(join(tmpdir(), 'martlet-chromium-'));
    const program = new Program(tool.path, [`--user-data-dir=${directory}`, ...ARGUMENTS]);
    const line = await program.line(LISTENING, 'stderr');
    const browser = await chromium.connectOverCDP(LISTENING.exec(line)![1]!, { noDefaults: true });
    return new Chromium(program, directory, browser, await browserBundler());
  }

  /** Opens a page that runs an ES module, bundled as an application would. */
  async open(source: string): Promise<OpenPage> {
    const { code, later, imports } = await this.#bundle(source);
    if (imports.length > 0) throw new Error(`the bundle lacks ${imports.join(', ')}`);
    const server = await PageServer.start(
      new Map([['page.js', code], ...later.map((file) => [file.name, file.code] as const)]),
    );
    this.#servers.push(server);
    const page = await this.#context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(server.url);
    return new OpenPage(page, errors, await this.#context.newCDPSession(page));
  }

  /** Closes the pages that are open: after each test. */
  async closePages(): Promise<void> {
    // The last tab takes the browser's window with it, and with that the browser.
    const [first, ...others] = this.#context.pages();
    await first?.goto('about:blank');
    await Promise.all([
      ...others.map((page) => page.close()),
      ...this.#servers.splice(0).map((one) => one.close()),
    ]);
  }

  async close(): Promise<void> {
    await this.closePages();
    await this.#browser.close();
    this.#program.signal('SIGTERM');
    await this.#program.exit;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #context(): BrowserContext {
    return this.#browser.contexts()[0]!;
  }
}

export class OpenPage {
  readonly page: Page;
  /** What was thrown and not caught, rejected and not handled, or refused by the page's policy. */
  readonly errors: readonly string[];
  readonly #devTools: CDPSession;

  constructor(page: Page, errors: readonly string[], devTools: CDPSession) {
    this.page = page;
    this.errors = errors;
    this.#devTools = devTools;
  }

  /** Puts another tab before it. Its timers go off once a second from now on. */
  async hide(): Promise<void> {
    const other = await this.page.context().newPage();
    await other.bringToFront();
    await this.#becomes('hidden');
  }

  /** Looks at it again. */
  async show(): Promise<void> {
    await this.page.bringToFront();
    await this.#becomes('visible');
  }

  /** Stops everything in it, as browsers do to save power. It must be hidden: nobody freezes what is looked at. */
  async freeze(): Promise<void> {
    await this.#devTools.send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  async thaw(): Promise<void> {
    await this.#devTools.send('Page.setWebLifecycleState', { state: 'active' });
  }

  async #becomes(state: 'visible' | 'hidden'): Promise<void> {
    await this.page.waitForFunction(`document.visibilityState === '${state}'`, undefined, { polling: 20 });
  }
}
