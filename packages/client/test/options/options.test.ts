// What `connect` refuses, at the call and before anything is done.

import type { ClientOptions } from '@martlet/client';
import { ClientError, connect } from '@martlet/client';
import { describe, expect, test } from 'vitest';
import { connect as connectInBrowser } from '../../src/browser.ts';

/** What comes of these options: no connection is opened for them. */
function refusal(options: unknown, from: typeof connect = connect): string {
  let error: unknown;
  try {
    from(options as ClientOptions).close();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ClientError);
  const { code, kind, message } = error as ClientError;
  expect(kind).toBe('local');
  return `${code} ${message}`;
}

const url = 'mqtt://localhost';
const nothing = (): void => {};

describe('An option that cannot be', () => {
  test.each<[unknown, string]>([
    [undefined, 'connect: expected options, got undefined'],
    [null, 'connect: expected options, got null'],
    [{}, 'url: expected one such as mqtt://localhost, or servers in place of it, got none'],
    [{ url: 'http://localhost' }, 'url: expected one that begins with mqtt://'],
    [{ url: 7 }, 'url: expected one like mqtt://localhost:1883'],
    [{ servers: [] }, 'servers: expected an array with at least one URL'],
    [{ servers: {} }, 'servers: expected an array with at least one URL'],
    [{ servers: 'mqtt://a' }, 'servers: expected an array with at least one URL'],
    [{ url, dial: 5 }, 'dial: expected a function'],
    [{ servers: ['mqtt://a'], url }, 'or servers in place of it, got both'],
    [{ servers: ['mqtt://a', 'ftp://b'] }, 'url: expected one that begins with mqtt://'],
    [{ url, clientId: 7 }, 'clientId: expected string, got number'],
    [{ url, clientId: 'a\0' }, 'clientId'],
    [{ url, clientId: '\ud800' }, 'clientId'],
    [{ url, clientId: 'x'.repeat(65_536) }, 'clientId'],
    [{ url, username: null }, 'username: expected string, got null'],
    [{ url, username: 'x'.repeat(65_536) }, 'username'],
    [{ url, password: 7 }, 'expected a Uint8Array or a string as payload, got number'],
    [{ url, username: 'a', password: new Uint8Array(65_536) }, 'password'],
    [{ url, password: 'x', protocolVersion: 4 }, 'expected a password only with a username'],
    [{ url, credentials: {} }, 'credentials: expected function, got object'],
    [{ url, protocolVersion: 6 }, 'protocolVersion: expected one of 5, 4, 3, got 6'],
    [{ url, fallback: 1 }, 'fallback: expected boolean, got number'],
    [{ url, cleanStart: 'no' }, 'cleanStart: expected boolean, got string'],
    [
      { url, sessionExpiryInterval: -1 },
      'sessionExpiryInterval: expected an integer from 0 to 4294967295, got -1',
    ],
    [{ url, keepAlive: 65_536 }, 'keepAlive: expected an integer from 0 to 65535, got 65536'],
    [{ url, keepAlive: 1.5 }, 'keepAlive: expected an integer from 0 to 65535, got 1.5'],
    [{ url, keepAlive: '60' }, 'keepAlive: expected an integer from 0 to 65535, got 60'],
    [{ url, connectTimeoutMs: 0 }, 'connectTimeoutMs: expected an integer from 1 to 2147483647, got 0'],
    [{ url, receiveMaximum: 0 }, 'receiveMaximum: expected an integer from 1 to 65535, got 0'],
    [{ url, maximumPacketSize: 15 }, 'maximumPacketSize: expected an integer from 16 to 268435460, got 15'],
    [{ url, topicAliasMaximum: 65_536 }, 'topicAliasMaximum'],
    [{ url, outgoingTopicAliases: -1 }, 'outgoingTopicAliases'],
    [{ url, quarantineAttempts: 0 }, 'quarantineAttempts: expected an integer from 1 to Infinity, got 0'],
    [
      { url, unroutedMessages: Number.NaN },
      'unroutedMessages: expected an integer from 0 to 1000000, got NaN',
    ],
    [{ url, userProperties: 'a=b' }, 'userProperties: expected object, got string'],
    [{ url, userProperties: [['a', '\0']] }, 'userProperties'],
    [{ url, requestProblemInformation: 1 }, 'requestProblemInformation: expected boolean, got number'],
    [{ url, reconnect: true }, 'reconnect: expected options, got boolean'],
    [{ url, reconnect: { minimumDelayMs: -1 } }, 'reconnect.minimumDelayMs: expected an integer from 0'],
    [{ url, reconnect: { attempts: -1 } }, 'reconnect.attempts: expected an integer from 0 to Infinity'],
    [{ url, reconnect: { maxDelay: 1 } }, 'got reconnect.maxDelay'],
    [{ url, queue: { messages: -1 } }, 'queue.messages: expected an integer from 0 to Infinity, got -1'],
    [
      { url, queue: { whenFull: 'explode' } },
      'queue.whenFull: expected one of reject, dropOldest, dropNewest',
    ],
    [{ url, queue: { limit: 1 } }, 'got queue.limit'],
    [{ url, will: 'gone' }, 'will: expected object, got string'],
    [{ url, will: {} }, 'expected a string as will.topicName, got undefined'],
    [
      { url, will: { topicName: 'a/#' } },
      'expected a topic name as will.topicName, got one that is wildcard',
    ],
    [{ url, will: { topicName: 'a', qos: 3 } }, 'expected an integer from 0 to 2 as will.qos, got 3'],
    [
      { url, will: { topicName: 'a', payload: {} } },
      'expected a Uint8Array or a string as payload, got object',
    ],
    [{ url, will: { topicName: 'a', willDelayInterval: -1 } }, 'willDelayInterval'],
    [{ url, will: { topicName: 'a', delay: 1 } }, 'expected a property of will, got delay'],
    [{ url, store: {}, clientId: 'a' }, 'store: expected something with open, write, close, got object'],
    [
      { url, store: { open: nothing, write: nothing, close: nothing } },
      'store: expected a clientId with it, got none',
    ],
    [{ url, authentication: { method: 'X' } }, 'authentication: expected something with begin, got object'],
    [{ url, authentication: { method: 7, begin: nothing } }, 'authenticationMethod'],
    [
      { url, authentication: { method: 'X', begin: nothing }, protocolVersion: 4 },
      'authentication: expected protocolVersion 5 with it, got 4',
    ],
    [{ url, transport: 'tcp' }, 'transport: expected function, got string'],
    [
      { url, environment: {} },
      'environment: expected something with nowMs, wallMs, random, setTimer, soon, got object',
    ],
  ])('is refused: %j', (options, text) => {
    expect(refusal(options)).toContain(text);
  });

  test.each([
    ['keepalive', 'keepAlive'],
    ['clean', 'cleanStart'],
    ['clientid', 'clientId'],
    ['reconnectPeriod', 'reconnect'],
    ['connectTimeout', 'connectTimeoutMs'],
  ])('is refused by its name, with the one that was meant: %s', (name, meant) => {
    expect(refusal({ url, [name]: 1 })).toBe(
      `INVALID_OPTION expected an option of connect, got ${name}; did you mean ${meant}?`,
    );
  });

  test('is refused by a name that is like none, and where only Node.js has it', () => {
    expect(refusal({ url, qwerty: 1 })).toContain(
      'INVALID_OPTION expected an option of connect, got qwerty (there are clientId, username, ',
    );
    expect(refusal({ url: 'ws://a', tls: {} }, connectInBrowser)).toContain('got tls');
  });

  test('is a server that is not reached over WebSocket, in a browser', () => {
    expect(refusal({ url }, connectInBrowser)).toContain(
      'url: expected ws:// or wss:// in a browser, got mqtt://',
    );
    expect(refusal({ servers: ['ws://a', url] }, connectInBrowser)).toContain('got mqtt://');
  });

  test('never shows the password of a URL', () => {
    expect(refusal({ url: 'mqtt://ann:secret@:1883' })).not.toContain('secret');
  });

  test('is fine when it is undefined', async () => {
    const unsaid = { clientId: undefined, will: undefined, queue: undefined, keepAlive: undefined };
    const options: object = { url, transport: () => new Promise(() => {}), ...unsaid };
    const client = connect(options as ClientOptions);
    await client.close();
    expect(client.clientId).toMatch(/^martlet-[0-9a-z]{15}$/);
  });
});

describe('A wrong argument of close', () => {
  test('is refused, and closes nothing', async () => {
    const client = connect(url, { transport: () => new Promise(() => {}) });
    expect(() => client.close({ reasonCode: 0x81 })).toThrow(
      'reasonCode: expected one of 0, 4, 128, 131, 152, got 129',
    );
    expect(client.state).toBe('connecting');
    await client.close();
  });
});
