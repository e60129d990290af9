// What wakes a client in a browser, by stand-ins for the page's events; Chromium's own are in test/browser.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plugIntoBrowser } from '../../src/client/plug-into-browser.ts';

class Page extends EventTarget {
  visibilityState = 'visible';
}

describe('A client in a page', () => {
  const scope = new EventTarget();
  const page = new Page();
  let wakes = 0;
  let unplug = (): void => {};
  beforeEach(() => {
    wakes = 0;
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope));
    vi.stubGlobal('removeEventListener', scope.removeEventListener.bind(scope));
    vi.stubGlobal('document', page);
    unplug = plugIntoBrowser(() => wakes++);
  });
  afterEach(() => {
    unplug();
    vi.unstubAllGlobals();
  });

  test('is woken by the network, and when the page comes back', () => {
    scope.dispatchEvent(new Event('online'));
    scope.dispatchEvent(new Event('pageshow'));
    expect(wakes).toBe(2);
  });

  test('is woken when somebody looks at it, not when nobody does any more', () => {
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(0);
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(1);
  });

  test('listens to nothing once it has ended', () => {
    unplug();
    scope.dispatchEvent(new Event('online'));
    scope.dispatchEvent(new Event('pageshow'));
    page.dispatchEvent(new Event('visibilitychange'));
    expect(wakes).toBe(0);
  });
});

test('A worker without such events has a client all the same', () => {
  plugIntoBrowser(() => {})();
});
