import { describe, expect, test } from 'vitest';
import { connectionFailed, connectionLost } from '../../src/transports/connection-failure.ts';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import { RecordingListener } from './recording-listener.ts';

const at = (url: string) => parseServerUrl(url).server;
const systemError = (code: string, message = `connect ${code}`) =>
  Object.assign(new Error(message), { code });

describe('A connection that fails', () => {
  test.each([
    [
      'mqtt://h',
      'ECONNREFUSED',
      'nothing listens on port 1883 of h; is the server running, and is the port right?',
    ],
    ['mqtt+unix:///run/a.sock', 'ECONNREFUSED', 'nothing listens on the socket /run/a.sock'],
    ['mqtt+unix:///run/a.sock', 'ENOENT', 'there is no socket at /run/a.sock'],
    ['mqtt+unix:///run/a.sock', 'EACCES', 'this user may not'],
    ['mqtt://h', 'ENOTFOUND', 'the name h was not found'],
    ['mqtt://h', 'EAI_AGAIN', 'the name h was not found'],
    ['mqtt://h', 'ETIMEDOUT', 'h cannot be reached'],
    ['mqtt://h', 'EHOSTUNREACH', 'does a firewall let port 1883 through?'],
    ['mqtt://h', 'ECONNRESET', 'does it want TLS on this port?'],
    ['wss://h', 'ECONNRESET', 'does it speak TLS on this port'],
    ['mqtts://h', 'CERT_HAS_EXPIRED', "is this machine's clock right?"],
    ['mqtts://h', 'CERT_NOT_YET_VALID', "is this machine's clock right?"],
    ['mqtts://h', 'SELF_SIGNED_CERT_IN_CHAIN', 'as tls.ca'],
    ['wss://h', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'as tls.ca'],
  ])('to %s by %s says what to check', (url, code, advice) => {
    const error = connectionFailed(at(url), systemError(code));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', kind: 'environment', cause: { code } });
    expect(error.message).toContain(`cannot connect to ${at(url).href}: connect ${code}: `);
    expect(error.message).toContain(advice);
  });

  test('by something unknown says what is known', () => {
    const texts = [
      systemError('EWHAT', 'no luck'),
      new Error('no luck'),
      systemError('EWHAT', ''),
      'no luck',
    ].map((cause) => connectionLost(at('mqtt://h'), cause).message);
    expect(texts.map((text) => text.replace('the connection to mqtt://h:1883 broke: ', ''))).toEqual([
      'no luck (EWHAT)',
      'no luck',
      'EWHAT',
      'no luck',
    ]);
  });

  test('at every address of its host is told by the first', () => {
    const cause = new AggregateError([systemError('ECONNREFUSED'), systemError('ENETUNREACH')]);
    const error = connectionFailed(at('mqtt://h'), cause);
    expect(error.message).toContain('connect ECONNREFUSED: nothing listens');
    expect(error.cause).toBe(cause);
  });

  test('is told without the query of its URL', () => {
    const { message } = connectionFailed(at('wss://h/mqtt?X-Signature=s3cret'), systemError('ECONNREFUSED'));
    expect(message).toContain('cannot connect to wss://h:443/mqtt: ');
    expect(message).not.toContain('s3cret');
  });

  test.each([
    [
      'mqtt+unix:///nowhere/martlet.sock',
      /^cannot connect .+ \/nowhere\/martlet.sock: there is no socket at /,
    ],
    // Node.js 20 would take the beginning of such a path, and connect to another socket.
    [`mqtt+unix:///${'x'.repeat(107)}`, /expected a path of at most \d+ bytes, got 108/],
    ['mqtt://name.invalid', /the name name.invalid was not found/],
    ['mqtts://name.invalid', /the name name.invalid was not found/],
    ['ws://name.invalid', /the name name.invalid was not found/],
  ])('is one of %s', async (url, text) => {
    const opening = openNodeTransport()(at(url), new RecordingListener(), new AbortController().signal);
    await expect(opening).rejects.toMatchObject({ name: 'ClientError', code: 'CONNECTION_FAILED' });
    await expect(opening).rejects.toThrow(text);
  });
});
