// Debian's Chromium without a window, and pages in it that run a bundle of ours. One browser serves all tests of a file;
// each page has a context, and so a storage, of its own.

import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { bundleForBrowser } from '../../scripts/browser-bundle.mjs';
import { debianTool } from '../debian-tools.ts';
import { PageServer } from './page-server.ts';

const tool = debianTool('chromium');

/** Whether there is a browser here; `label` ends the name of a suite that needs one. */
export const CHROMIUM = { isMissing: tool.path === undefined, label: tool.label } as const;

/** Names resolve to nothing, so that the browser reaches no other machine, whatever it would like to tell its maker. */
const ARGUMENTS: readonly string[] = [
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--disable-gpu',
];

/** Chromium refuses its sandbox to root, which is who runs the tests in most containers. */
const AS_ROOT = process.getuid?.() === 0;

export class Chromium {
  readonly #browser: Browser;
  readonly #pages: { readonly context: BrowserContext; readonly server: PageServer }[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<Chromium> {
    if (tool.path === undefined) throw new Error(`expected a browser ${tool.label}`);
    const browser = await chromium.launch({
      executablePath: tool.path,
      chromiumSandbox: !AS_ROOT,
      args: [...ARGUMENTS],
    });
    return new Chromium(browser);
  }

  /** Opens a page that runs an ES module, bundled as an application would; `errors` collects what goes wrong in it. */
  async open(source: string): Promise<OpenPage> {
    const { code, imports } = await bundleForBrowser(source);
    if (imports.length > 0) throw new Error(`the bundle lacks ${imports.join(', ')}`);
    const server = await PageServer.start(code);
    const context = await this.#browser.newContext();
    this.#pages.push({ context, server });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(server.url);
    return { page, errors, devTools: await context.newCDPSession(page) };
  }

  /** Closes the pages that are open: after each test. */
  async closePages(): Promise<void> {
    const pages = this.#pages.splice(0);
    await Promise.all(
      pages.map(async ({ context, server }) => {
        await context.close();
        await server.close();
      }),
    );
  }

  async close(): Promise<void> {
    await this.closePages();
    await this.#browser.close();
  }
}

export interface OpenPage {
  readonly page: Page;
  /** What was thrown and not caught, rejected and not handled, or refused by the page's policy. */
  readonly errors: readonly string[];
  /** Chromium's own controls, for what no page can do by itself, such as being frozen. */
  readonly devTools: CDPSession;
}
