/** `martlet sn gateway`: MQTT-SN over UDP or a serial line, in front of any MQTT broker. */
import { readFile } from 'node:fs/promises';
import { openNodeTransport, parseServerUrl } from '@martlet/client/node-transport';
import type { Credentials, SnGatewayOptions } from '@martlet/gateway-sn';
import { ClientsFile, Networks, SnGateway, toServer } from '@martlet/gateway-sn';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { listeningFailure } from './listening-failure.ts';
import { readPredefinedTopics } from './predefined-topics-file.ts';
import type { SnValues } from './sn-connection.ts';
import { asFailure, DEFAULT_PORT, framingOf, streamOf } from './sn-connection.ts';

const ANY = 'any';

export async function snGateway(values: SnValues, io: CommandIo): Promise<number> {
  const { broker = 'mqtt://127.0.0.1:1883', verbose } = values;
  const say = (text: string): void => void io.stderr.write(`${io.programName} gateway: ${text}\n`);
  const makeUpstreams = toServer({
    server: serverOf(broker),
    open: openNodeTransport(),
    credentialsOf: await credentials(values),
    onFailure: (reason) => say(`a connection to ${broker}: ${reason}`),
  });
  const memory = await openMemory(values.remember, say);
  const options: SnGatewayOptions = {
    predefinedTopics: await readPredefinedTopics(values.predefinedFile),
    gatewayId: values.gatewayId ?? 1,
    discoverable: values.group !== undefined,
    ...unconnected(values.unconnected),
    ...(memory !== undefined && { memory }),
    ...(verbose && { onClient: (clientId, change, peer) => say(`${clientId} at ${peer.text}: ${change}`) }),
  };
  let onLost = (_error: Error): void => {};
  const lost = new Promise<never>((_resolve, reject) => {
    onLost = (error) => reject(new CommandFailure(error.message, { cause: error }));
  });
  lost.catch(() => {});
  const gateway = await opened(values, options, makeUpstreams, onLost);
  const { host, port } = gateway.address;
  const place = port === 0 ? host : `UDP ${host.includes(':') ? `[${host}]` : host}:${port}`;
  io.stdout.write(`MQTT-SN on ${place}, in front of ${broker}\n`);
  try {
    await Promise.race([aborted(io.signal), lost]);
  } finally {
    await gateway.close();
    await memory?.close();
  }
  return ExitCode.Success;
}

async function opened(
  values: SnValues,
  options: SnGatewayOptions,
  makeUpstreams: ReturnType<typeof toServer>,
  onLost: (error: Error) => void,
): Promise<SnGateway> {
  const { serial, bind = '127.0.0.1', port = DEFAULT_PORT, group, forwarders, maximumMessageBytes } = values;
  try {
    if (serial !== undefined) {
      return await SnGateway.listenOn(streamOf(values), framingOf(values), options, makeUpstreams, onLost);
    }
    return await SnGateway.listen(
      {
        host: bind,
        port,
        ...(group !== undefined && {
          multicast: { group, ...(values.interface !== undefined && { interface: values.interface }) },
        }),
        ...(maximumMessageBytes !== undefined && { maximumMessageBytes }),
        ...(forwarders.length > 0 && { forwarders: forwarders.includes(ANY) ? ANY : forwarders }),
      },
      options,
      makeUpstreams,
      onLost,
    );
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw (
      (serial === undefined ? listeningFailure(error, { port, bind }) : undefined) ??
      asFailure(error, { ...values, host: bind })
    );
  }
}

/** Undefined: nothing outlives the process. Rejects with a `CommandFailure`. */
async function openMemory(
  path: string | undefined,
  say: (text: string) => void,
): Promise<ClientsFile | undefined> {
  if (path === undefined) return undefined;
  const onFailure = ({ message }: Error): void => say(`${path} cannot be written: ${message}`);
  try {
    return await ClientsFile.open({ path, nowMs: () => performance.now(), onFailure });
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

/** @throws {UsageError} */
function serverOf(url: string): ReturnType<typeof parseServerUrl>['server'] {
  try {
    return parseServerUrl(url).server;
  } catch (error) {
    throw new UsageError(`--broker: ${(error as Error).message}`, { cause: error });
  }
}

async function credentials({ username, passwordFile }: SnValues): Promise<() => Credentials> {
  if (passwordFile !== undefined && username === undefined) {
    throw new UsageError('expected --username with --password-file');
  }
  const password = passwordFile === undefined ? undefined : await readSecret(passwordFile);
  return () => ({ ...(username !== undefined && { username }), ...(password !== undefined && { password }) });
}

/** The first line; an editor ends it with a newline that is no part of it. */
async function readSecret(path: string): Promise<Uint8Array> {
  try {
    return Buffer.from((await readFile(path, 'utf8')).split(/\r?\n/u)[0]!);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

function unconnected(networks: readonly string[]): Pick<SnGatewayOptions, 'unconnected'> | undefined {
  if (networks.length === 0) return undefined;
  const accepted = networks.includes(ANY) ? null : networksOf(networks);
  return {
    unconnected: {
      clientId: 'mqtt-sn-qos-minus-one',
      accepts: ({ host }) => accepted === null || accepted.has(host.split('/')[0]!),
    },
  };
}

/** @throws {UsageError} */
function networksOf(networks: readonly string[]): Networks {
  try {
    return new Networks(networks);
  } catch (error) {
    throw new UsageError(`--qos-minus-one: ${(error as Error).message}`, { cause: error });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
