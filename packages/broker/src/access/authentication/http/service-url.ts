/** Checks the address of a service. */

export type ServiceUrl =
  | { readonly url: URL; readonly problem?: undefined }
  | { readonly url?: undefined; readonly problem: string };

/** @param text as it is configured; the problem does not show it, since there may be a password in it */
export function readServiceUrl(text: string): ServiceUrl {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'expected an address such as https://auth.example/mqtt, got something else' };
  }
  const { protocol, username, password } = url;
  if (protocol !== 'http:' && protocol !== 'https:')
    return { problem: `expected an address that begins with https: or http:, got ${protocol}` };
  if (username !== '' || password !== '')
    return {
      problem:
        'expected an address without user and password, got one: they belong in a header with valueFile',
    };
  return { url };
}
