/** Checks the address of a service. */

export type ServiceUrl =
  | { readonly url: URL; readonly problem?: undefined; readonly isOpen: boolean }
  | { readonly url?: undefined; readonly problem: string; readonly isOpen?: undefined };

/** @returns with `isOpen`, if it goes over a network in the clear */
export function readServiceUrl(text: string): ServiceUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'expected an address such as https://auth.example/mqtt, got something else' };
  }
  const { protocol, username, password, hostname } = url;
  if (protocol !== 'http:' && protocol !== 'https:')
    return { problem: `expected an address that begins with https: or http:, got ${protocol}` };
  if (username !== '' || password !== '')
    return {
      problem:
        'expected an address without user and password, got one: they belong in a header with valueFile',
    };
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return { url, isOpen: protocol === 'http:' && !isHere };
}
