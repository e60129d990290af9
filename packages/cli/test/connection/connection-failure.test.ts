import { ClientError } from '@martlet/client';
import { describe, expect, test } from 'vitest';
import {
  connectionFailureOf,
  connectionText,
  exitCodeForConnection,
} from '../../src/connection/connection-failure.ts';
import { UsageError } from '../../src/usage-error.ts';

const refused = (reasonCode: number): ClientError =>
  new ClientError('REFUSED', 'refused', undefined, reasonCode as never);

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('The exit code', () => {
  test.each([
    [0x84, 1],
    [0x85, 2],
    [0x88, 3],
    [0x86, 4],
    [0x87, 5],
    [0x97, 1],
  ])('of a refusal with %i is %i before MQTT 5, and the reason code in it', (reasonCode, returnCode) => {
    expect(exitCodeForConnection(refused(reasonCode), 4)).toBe(returnCode);
    expect(exitCodeForConnection(refused(reasonCode), 3)).toBe(returnCode);
    expect(exitCodeForConnection(refused(reasonCode), 5)).toBe(reasonCode);
  });

  test('of a server that does not speak MQTT is 1, and not the reason for which we leave it', () => {
    const broken = new ClientError('PROTOCOL_BROKEN', 'expected CONNACK', undefined, 0x81 as never);
    expect([4, 5].map((version) => exitCodeForConnection(broken, version))).toEqual([1, 1]);
  });

  test.each([
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'INVALID_CA',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ])('of TLS that does not come about is 8: %s', (code) => {
    expect(exitCodeForConnection(new ClientError('CONNECTION_FAILED', '…', systemError(code)), 5)).toBe(8);
  });

  test('of a connection without an answer is 7, of a handshake that the server broke off 8, else 1', () => {
    const lost = new ClientError('CONNECTION_LOST', 'the connection to mqtt://h:1 broke: …');
    const lostTls = new ClientError('CONNECTION_LOST', 'the connection to mqtts://h:1 broke: …');
    const alert = new ClientError('CONNECTION_FAILED', '…', systemError('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'));
    const down = new ClientError('CONNECTION_FAILED', '…', new AggregateError([systemError('ECONNREFUSED')]));
    const codes = [lost, lostTls, alert, down, new Error('x'), 'x'];
    expect(codes.map((error) => exitCodeForConnection(error, 4))).toEqual([7, 1, 8, 1, 1, 1]);
  });
});

describe('What is said of a failure', () => {
  test('is what to do about a refusal, and the name of the reason where nothing can be done', () => {
    expect(connectionText(refused(0x86), 'mqtt://h')).toBe(
      'mqtt://h refused the connection: user name or password are wrong (-u, and -P or --password-prompt)',
    );
    expect(connectionText(refused(0x95), 'mqtt://h')).toBe('refused');
  });

  test('has the names of our flags', () => {
    const advice =
      'nobody trusted here has signed its certificate; give the one who has as tls.ca, tls.cert and tls.key, tls.ALPNProtocols, another tls.psk';
    expect(connectionText(new ClientError('CONNECTION_FAILED', advice))).toBe(
      'nobody trusted here has signed its certificate; give the one who has as --cafile, --cert and --key, --tls-alpn, another --psk',
    );
    const bind = new ClientError('CONNECTION_FAILED', 'bind 1.2.3.4', systemError('EADDRNOTAVAIL'));
    expect(connectionText(bind)).toBe('bind 1.2.3.4: is that an address of this machine (-A)?');
    expect(connectionText(new Error('other'))).toBe('other');
  });

  test('is about the command line where the client would not even try', () => {
    const error = connectionFailureOf(new ClientError('INVALID_OPTION', 'clientId: too long'), 4, 'x');
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('-i: too long');
    expect(connectionFailureOf(refused(0x87), 5, 'x')).toMatchObject({ exitCode: 135 });
  });
});
