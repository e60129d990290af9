/** What the flags of TLS mean to the client. */
import { appendFileSync } from 'node:fs';
import type { ConnectOptions } from '@martlet/client';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { UsageError } from '../usage-error.ts';
import type { ConnectionValues } from './connection-flags.ts';

type TlsOptions = NonNullable<ConnectOptions['tls']>;

/** The port at which servers await TLS, and at which Mosquitto's tools speak it without being told. */
const TLS_PORT = 8883;

/** Whether the connection is over TLS: the URL says so, something is said of whom to trust, or it is the port for it. */
export function wantsTls(values: ConnectionValues): boolean {
  const { url, noTls, cafile, capath, osCertificates, psk } = values;
  if (noTls || values.unix !== undefined) return false;
  return (
    url?.scheme === 'mqtts' ||
    url?.scheme === 'wss' ||
    cafile !== undefined ||
    capath !== undefined ||
    osCertificates ||
    psk !== undefined ||
    (values.port ?? url?.port) === TLS_PORT
  );
}

/**
 * Reads the files that the flags name.
 * @throws {UsageError} for flags that do not go together, and for what Martlet does not have
 * @throws {CommandFailure} for files that cannot be read
 */
export async function tlsOptionsFor(
  values: ConnectionValues,
  io: CommandIo,
): Promise<TlsOptions | undefined> {
  refuseCombinations(values);
  if (!wantsTls(values)) return undefined;
  const { ciphers, tlsVersion, tlsAlpn, insecure, tlsKeylog } = values;
  return {
    ...(values.psk === undefined ? await certificateOptions(values, io) : keyOptions(values)),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(tlsVersion === undefined ? {} : { minVersion: tlsVersion }),
    ...(tlsAlpn.length === 0 ? {} : { ALPNProtocols: tlsAlpn }),
    // As in Mosquitto: any name, but still signed by somebody trusted.
    ...(insecure ? { checkServerIdentity: () => undefined } : {}),
    ...(tlsKeylog === undefined ? {} : { onKeylog: keylogTo(tlsKeylog) }),
  };
}

function refuseCombinations(values: ConnectionValues): void {
  const { cert, key, keyForm, psk, pskIdentity, cafile, capath, tlsEngine, tlsEnginePassword } = values;
  if (tlsEngine !== undefined || tlsEnginePassword !== undefined || keyForm === 'engine')
    throw new UsageError(
      '--tls-engine, --keyform engine: Martlet has no engines of OpenSSL; expected a key in a file (--key)',
    );
  if (keyForm !== undefined && key === undefined)
    throw new UsageError(
      '--keyform: expected --key with it, got none',
      'If keyform is set, keyfile must be also specified.',
    );
  if (keyForm !== undefined && keyForm !== 'pem')
    throw new UsageError(`--keyform: expected pem, got '${keyForm}'`);
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError(
      `expected --cert and --key together, got only ${cert === undefined ? '--key' : '--cert'}`,
      'Both certfile and keyfile must be provided if one of them is set.',
    );
  if (psk !== undefined && (cafile !== undefined || capath !== undefined))
    throw new UsageError(
      '--psk: expected it without --cafile and --capath, got both',
      'Only one of --psk or --cafile/--capath may be used at once.',
    );
  if (psk !== undefined && pskIdentity === undefined)
    throw new UsageError(
      '--psk: expected --psk-identity with it, got none',
      '--psk-identity required if --psk used.',
    );
}

async function certificateOptions(values: ConnectionValues, io: CommandIo): Promise<TlsOptions> {
  const { cafile, capath, osCertificates, cert, key } = values;
  const files = await import('./certificates.ts');
  const ca = [
    ...(cafile === undefined ? [] : [await files.certificatesInFile(cafile)]),
    ...(capath === undefined ? [] : await files.certificatesInDirectory(capath)),
  ];
  if (osCertificates || ca.length === 0) ca.push(...(await files.systemCertificates(io.env)));
  if (cert === undefined || key === undefined) return { ca };
  const pem = await files.readPem(key);
  return {
    ca,
    cert: await files.certificatesInFile(cert),
    key: pem,
    ...(isEncrypted(pem) ? { passphrase: await askPassphrase(key) } : {}),
  };
}

function isEncrypted(pem: string): boolean {
  return pem.includes('ENCRYPTED');
}

async function askPassphrase(path: string): Promise<string> {
  const { askSecret } = await import('./secret-prompt.ts');
  return askSecret(`Passphrase of ${path}: `);
}

function keyOptions({ psk = '', pskIdentity = '' }: ConnectionValues): TlsOptions {
  if (!/^(?:[\da-f]{2})+$/i.test(psk))
    throw new UsageError(
      '--psk: expected a key in hexadecimal, two digits for each byte, got another text',
      'Problem setting TLS-PSK options.',
    );
  return { psk: { identity: pskIdentity, key: Buffer.from(psk, 'hex') } };
}

function keylogTo(path: string): (line: Uint8Array) => void {
  try {
    // It opens every connection of its time.
    appendFileSync(path, '', { mode: 0o600 });
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  return (line) => appendFileSync(path, line);
}
