import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientError } from '../../src/client-error.ts';
import { checkBrowserServer, openBrowserTransport } from '../../src/transports/open-browser-transport.ts';
import { parseBrowserUrl } from '../../src/transports/parse-browser-url.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import { RecordingListener } from './recording-listener.ts';

const server = (url: string | URL) => parseServerUrl(url).server;

describe('A URL of a server', () => {
  test.each([
    ['mqtt://localhost', 'mqtt', 'localhost', 1883, '', 'mqtt://localhost:1883'],
    ['mqtts://localhost', 'mqtts', 'localhost', 8883, '', 'mqtts://localhost:8883'],
    ['ws://localhost', 'ws', 'localhost', 80, '/', 'ws://localhost:80/'],
    ['wss://localhost', 'wss', 'localhost', 443, '/', 'wss://localhost:443/'],
    ['tcp://localhost', 'mqtt', 'localhost', 1883, '', 'mqtt://localhost:1883'],
    ['ssl://localhost', 'mqtts', 'localhost', 8883, '', 'mqtts://localhost:8883'],
    ['tls://localhost:1', 'mqtts', 'localhost', 1, '', 'mqtts://localhost:1'],
    ['mqtt://localhost:65535/', 'mqtt', 'localhost', 65_535, '', 'mqtt://localhost:65535'],
    ['mqtt://localhost:80', 'mqtt', 'localhost', 80, '', 'mqtt://localhost:80'],
    ['mqtts://localhost:443', 'mqtts', 'localhost', 443, '', 'mqtts://localhost:443'],
    ['ws://h:8080/mqtt?a=b%20c', 'ws', 'h', 8080, '/mqtt?a=b%20c', 'ws://h:8080/mqtt?a=b%20c'],
    ['MQTT://Broker.Example', 'mqtt', 'broker.example', 1883, '', 'mqtt://broker.example:1883'],
    [
      'mqtt://b%C3%BCcher.example',
      'mqtt',
      'xn--bcher-kva.example',
      1883,
      '',
      'mqtt://xn--bcher-kva.example:1883',
    ],
    ['mqtt://[::1]', 'mqtt', '::1', 1883, '', 'mqtt://[::1]:1883'],
    ['wss://[2001:DB8::1]:8443/', 'wss', '2001:db8::1', 8443, '/', 'wss://[2001:db8::1]:8443/'],
    [' mqtt://10.0.0.1:1884\n', 'mqtt', '10.0.0.1', 1884, '', 'mqtt://10.0.0.1:1884'],
  ])('%j is taken apart', (url, scheme, host, port, path, href) => {
    expect(server(url)).toEqual({ scheme, host, port, path, href });
    expect(server(new URL(url))).toEqual({ scheme, host, port, path, href });
  });

  test.each([
    ['mqtt+unix:///run/martlet.sock', '/run/martlet.sock', 'mqtt+unix:///run/martlet.sock'],
    ['mqtt+unix:/run/martlet.sock', '/run/martlet.sock', 'mqtt+unix:///run/martlet.sock'],
    ['mqtt+unix:///a%20b%3Fc', '/a b?c', 'mqtt+unix:///a%20b%3Fc'],
  ])('%j is the path of a Unix socket', (url, path, href) => {
    expect(server(url)).toEqual({ scheme: 'mqtt+unix', host: '', port: 0, path, href });
  });

  test.each([
    ['mqtt://ann:secret@h', 'ann', 'secret'],
    ['mqtt://ann@h', 'ann', undefined],
    ['mqtt://ann:@h', 'ann', undefined],
    ['mqtt://:secret@h', undefined, 'secret'],
    ['mqtt://@h', undefined, undefined],
    ['wss://a%40b:p%3A%2F%23%25@h/mqtt', 'a@b', 'p:/#%'],
    ['mqtt://%C3%A4:pa@ss@h', 'ä', 'pa@ss'],
  ])('%j says who connects', (url, username, password) => {
    const parsed = parseServerUrl(url);
    expect({ username: parsed.username, password: parsed.password }).toEqual({ username, password });
    expect(parsed.server.host).toBe('h');
    expect(parsed.server.href).not.toContain('@');
  });

  test.each([
    ['', 'got none'],
    ['localhost', 'such as mqtt://localhost,'],
    ['localhost:1883', 'such as mqtt://localhost:1883,'],
    ['127.0.0.1:1883', 'such as mqtt://127.0.0.1:1883,'],
    ['http://h', 'begins with mqtt://, mqtts://, ws://, wss:// or mqtt+unix:///, got http:'],
    ['constructor://h', 'got constructor:'],
    [`${'x'.repeat(1000)}://h`, `got ${'x'.repeat(20)}`],
    ['mqtt:', 'with a host name or an address'],
    ['mqtt://', 'with a host name or an address'],
    ['mqtt:localhost', 'without path and query'],
    ['mqtt:///', 'with a host name or an address'],
    ['mqtt://%00', 'with a host name or an address'],
    ['mqtt://%zz', 'with a host name or an address'],
    ['mqtt://a%2Fb', 'with a host name or an address'],
    ['mqtt://h/a/b', 'without path and query'],
    ['mqtt://h?a', 'without path and query'],
    ['mqtt://h#a', 'without a fragment'],
    ['wss://h/mqtt#a', 'without a fragment'],
    ['mqtt://h:0', 'a port from 1 to 65535, got 0'],
    ['ws://h:0', 'a port from 1 to 65535, got 0'],
    ['mqtt://h:65536', 'got none'],
    ['mqtt://h:port', 'got none'],
    ['mqtt://[::1', 'got none'],
    ['mqtt://[fe80::1%25eth0]', 'got none'],
    ['mqtt+unix://run/a.sock', 'a path and nothing else'],
    ['mqtt+unix:///', 'a path and nothing else'],
    ['mqtt+unix:a.sock', 'a path and nothing else'],
    ['mqtt+unix:///a%00b', 'a path and nothing else'],
    ['mqtt+unix:///a?b', 'a path and nothing else'],
    ['mqtt://%ff@h', 'percent-encoded UTF-8'],
    ['mqtt://a:%@h', 'percent-encoded UTF-8'],
    ['mqtt+unix:///%ff', 'percent-encoded UTF-8'],
  ])('%j is refused', (url, text) => {
    const refusal = caught(url);
    expect(refusal).toMatchObject({ code: 'INVALID_OPTION', kind: 'local' });
    expect(refusal!.message).toMatch(/^url: expected one .+, got .+/);
    expect(refusal!.message).toContain(text);
  });

  test.each([undefined, null, 1883, {}, Symbol('mqtt')])('%p is none', (value) => {
    expect(caught(value as unknown as string)).toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('is refused without showing its password', () => {
    for (const url of [
      'mqtt://ann:s3cret#1@h',
      'mqtt://ann:s3cret/1@h',
      'mqtt://ann:s3cret%@h',
      'mqtt://ann:s3cret@h:0',
      'mqtt://ann:s3cret@h/path',
      'mqtt://ann:s3cret@',
      'nothing://ann:s3cret@h',
      'mqtt+unix://ann:s3cret@/run/a.sock',
    ]) {
      const refusal = caught(url);
      expect(refusal, url).toBeInstanceOf(ClientError);
      expect(`${refusal!.message} ${String(refusal!.cause)}`).not.toContain('s3cret');
    }
  });

  test('is either an address that parses to itself, or refused as an option', () => {
    const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.webAuthority(), fc.constant(''));
    const scheme = fc.constantFrom(
      'mqtt://',
      'mqtts://',
      'ws://',
      'wss://',
      'mqtt+unix:///',
      'mqtt+unix:',
      'mqtt:',
    );
    fc.assert(
      fc.property(scheme, part, part, (first, second, third) => {
        const url = `${first}${second}${third}`;
        let parsed: ReturnType<typeof server>;
        try {
          parsed = server(url);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ClientError', code: 'INVALID_OPTION' });
          return;
        }
        expect(server(parsed.href)).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('A URL of a server, as a browser takes it apart,', () => {
  test.each([
    'ws://localhost',
    'wss://Localhost',
    'ws://h:8080/mqtt?a=b%20c',
    'wss://[2001:DB8::1]:8443/',
    'wss://a%40b:p%3A%2F%23%25@h/mqtt',
    'ws://ann:@h',
    'ws://b%C3%BCcher.example:443',
  ])('%s is what it is elsewhere', (url) => {
    expect(parseBrowserUrl(url)).toEqual(parseServerUrl(url));
    expect(parseBrowserUrl(new URL(url))).toEqual(parseServerUrl(url));
  });

  test('is what it is elsewhere, or is refused there too', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aä0:/@?#%[]. \0') });
    fc.assert(
      fc.property(fc.constantFrom('ws://', 'wss://'), part, (scheme, rest) => {
        const of = (parse: typeof parseServerUrl): unknown => {
          try {
            return parse(scheme + rest);
          } catch (error) {
            return (error as ClientError).code;
          }
        };
        expect(of(parseBrowserUrl)).toEqual(of(parseServerUrl));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['', 'localhost', 'ws://h:0', 'wss://h/mqtt#s3cret', 'ws://ann:s3cret%@h', 'ws://ann:s3cret@'])(
    '%j is refused without showing its password',
    (url) => {
      expect(() => parseBrowserUrl(url)).toThrow(/^url: expected one like wss:.+, got another$/);
      expect(() => parseBrowserUrl(url)).not.toThrow(/s3cret/);
    },
  );

  test('may have a scheme of a transport that the application brings', () => {
    expect(parseBrowserUrl('mqtt://h:1883').server).toMatchObject({ scheme: 'mqtt', host: 'h', port: 1883 });
  });
});

describe('In a browser', () => {
  test.each(['mqtt://h', 'mqtts://h', 'mqtt+unix:///a'])('%s is refused with what to do', async (url) => {
    expect(() => checkBrowserServer(server(url))).toThrow(
      /expected ws:\/\/ or wss:\/\/ in a browser, got mqtt/,
    );
    const opening = openBrowserTransport(() => () => {})(
      server(url),
      new RecordingListener(),
      new AbortController().signal,
    );
    await expect(opening).rejects.toMatchObject({ code: 'INVALID_OPTION', kind: 'local' });
  });

  test.each(['ws://h', 'wss://h/mqtt'])('%s is not', (url) => {
    checkBrowserServer(server(url));
  });
});

function caught(url: string): ClientError | undefined {
  try {
    parseServerUrl(url);
  } catch (error) {
    return error as ClientError;
  }
  return undefined;
}
