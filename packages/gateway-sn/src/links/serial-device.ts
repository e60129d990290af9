/**
 * A serial device by Node's own terminal handles, so that nothing native has to be installed: its speed is set by `stty`, which
 * every Linux and macOS has. Pseudo-terminals are devices like others.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { platform } from 'node:os';
import { ReadStream, WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import type { OpenByteStream } from './byte-stream.ts';

export interface SerialOptions {
  /** Such as `/dev/ttyUSB0`. */
  readonly path: string;
  /** @default 38,400 */
  readonly baudRate?: number;
  /** RTS and CTS. @default false */
  readonly hardwareFlowControl?: boolean;
}

export class SerialDeviceError extends Error {
  override readonly name = 'SerialDeviceError';
}

/** @returns an opener that rejects with a {@link SerialDeviceError} */
export function serialDevice(options: SerialOptions): OpenByteStream {
  const { path } = options;
  return async (onBytes, onClosed) => {
    await setLine(options);
    const reading = await handle(path);
    const writing = await handle(path);
    const source = new ReadStream(reading.fd);
    const target = new WriteStream(writing.fd);
    let closed = false;
    const onEnd = (error?: Error): void => {
      if (!closed) onClosed(error ?? new SerialDeviceError(`${path} is gone`));
    };
    source.setRawMode(true);
    source.on('data', (bytes: Buffer) => onBytes(new Uint8Array(bytes)));
    source.on('error', onEnd);
    source.on('close', () => onEnd());
    target.on('error', onEnd);
    return {
      name: path,
      write: (bytes) => {
        if (!closed) target.write(bytes);
      },
      close: async () => {
        closed = true;
        source.destroy();
        target.destroy();
        await Promise.all([reading.close().catch(() => {}), writing.close().catch(() => {})]);
      },
    };
  };
}

async function handle(path: string) {
  try {
    // Not to become this process's controlling terminal, and not to wait for a modem's carrier.
    const file = await open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    return file;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SerialDeviceError(`${path} cannot be opened: ${code}`, { cause: error });
  }
}

async function setLine({
  path,
  baudRate = 38_400,
  hardwareFlowControl = false,
}: SerialOptions): Promise<void> {
  const flag = platform() === 'darwin' ? '-f' : '-F';
  const flow = hardwareFlowControl ? 'crtscts' : '-crtscts';
  try {
    await promisify(execFile)('stty', [
      flag,
      path,
      String(baudRate),
      'raw',
      '-echo',
      'cs8',
      '-cstopb',
      '-parenb',
      flow,
      'clocal',
    ]);
  } catch (error) {
    const text = String((error as { stderr?: unknown }).stderr ?? error).trim();
    throw new SerialDeviceError(`${path} cannot be set to ${baudRate} baud: ${text}`, { cause: error });
  }
}
