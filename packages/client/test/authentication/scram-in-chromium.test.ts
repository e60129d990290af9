// SCRAM with the cryptography of a real browser, and on a page where a browser has none.

import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { chromium as launcher } from 'playwright-core';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../../../test/debian-tools.ts';
import type * as Scram from '../../src/authentication/scram.ts';
import { ScramServer } from './scram-server.ts';

declare global {
  var scramEntry: typeof Scram;
}

const chromium = debianTool('chromium');

describe.skipIf(chromium.path === undefined)(`SCRAM in Chromium ${chromium.label}`, () => {
  let browser: Browser;
  let script: string;

  beforeAll(async () => {
    const bundle = await rolldown({
      input: fileURLToPath(new URL('../../src/authentication/scram.ts', import.meta.url)),
      resolve: { conditionNames: ['martlet-source'] },
    });
    const { output } = await bundle.generate({ format: 'iife', name: 'scramEntry' });
    script = output[0].code;
    browser = await launcher.launch({ executablePath: chromium.path!, args: ['--no-sandbox'] });
  });

  afterAll(() => browser?.close());

  /** A page that came from there; nothing leaves this machine. */
  async function pageFrom(url: string) {
    const page = await browser.newPage();
    await page.route('**/*', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>SCRAM</title>' }),
    );
    await page.goto(url);
    await page.addScriptTag({ content: script });
    return page;
  }

  test.each([
    ['SHA-256', 'sha256'],
    ['SHA-512', 'sha512'],
  ] as const)('convinces a server by %s, and is convinced by it', async (hash, node) => {
    const page = await pageFrom('http://localhost/');
    const [username, password] = ['Müller, Ada', 'pass wörd ﬁ'];
    const prepared = 'pass wörd fi';
    const account = { username, password: prepared, hash: node, salt: new Uint8Array(16), iterations: 4096 };
    const server = new ScramServer(account, 'server');
    await page.exposeFunction('challenge', (first: string) => server.challenge(first));
    await page.exposeFunction('signature', (final: string) => server.signature(final));
    const outcome = await page.evaluate(
      async ([name, secret, algorithm]) => {
        const asks = globalThis as unknown as Record<
          'challenge' | 'signature',
          (text: string) => Promise<string>
        >;
        const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
        const bytes = (from: string): Uint8Array => new TextEncoder().encode(from);
        const exchange = globalThis.scramEntry
          .scram({ username: name, password: secret, hash: algorithm })
          .begin();
        const challenge = await asks.challenge(text(await exchange.first()));
        const signature = await asks.signature(text(await exchange.next(bytes(challenge))));
        const wrong = await Promise.resolve(exchange.last(bytes('v=AAAA'))).catch((error) => error.code);
        await exchange.last(bytes(signature));
        return wrong;
      },
      [username, password, hash] as const,
    );
    expect(outcome).toBe('AUTHENTICATION_FAILED');
    await page.close();
  });

  test('says what is missing on a page that came by http: from elsewhere', async () => {
    const page = await pageFrom('http://broker.example/');
    const error = await page.evaluate(() => {
      try {
        globalThis.scramEntry.scram({ username: 'a', password: 'b', hash: 'SHA-256' });
        return 'nothing';
      } catch (caught) {
        const { code, message } = caught as Error & { readonly code: string };
        return `${code}: ${message}`;
      }
    });
    expect(error).toMatch(/^INVALID_OPTION: .*crypto\.subtle.*https:/);
    await page.close();
  });
});
