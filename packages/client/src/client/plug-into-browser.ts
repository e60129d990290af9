/**
 * What a browser knows of the network and of its user: the network is back, the tab is looked at again, the page comes out
 * of the back/forward cache. Then the client connects at once, or asks the server for a sign of life.
 */
export function plugIntoBrowser(wake: () => void): () => void {
  const scope: Partial<EventTarget> = globalThis as never;
  const page = (globalThis as { readonly document?: Document }).document;
  const plugged = new AbortController();
  const { signal } = plugged;
  scope.addEventListener?.('online', wake, { signal });
  scope.addEventListener?.('pageshow', wake, { signal });
  page?.addEventListener('visibilitychange', () => page.visibilityState === 'visible' && wake(), { signal });
  return () => plugged.abort();
}
