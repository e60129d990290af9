/**
 * A serial device by Node's own terminal handles, so that nothing native has to be installed: its speed is set by `stty`, which
 * every Linux and macOS has. Pseudo-terminals are devices like others.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { platform } from 'node:os';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { BoundedWriting } from './bounded-writing.ts';
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

const DEFAULT_BAUD_RATE = 38_400;
/** What waits longer than so long is late even for an answer. */
const MOST_WAITING_SECONDS = 5;
/** A start bit, eight of data, a stop bit. */
const BITS_PER_BYTE = 10;
const LEAST_WAITING_BYTES = 2048;

/**
 * A device that is opened when somebody needs it, and closed by who has opened it; one that vanishes is told of once.
 * @returns an opener that rejects with a {@link SerialDeviceError}
 * @example
 * const gateway = await SnGateway.listenOn(serialDevice({ path: '/dev/ttyUSB0' }), new RawFraming(), {}, toBroker(broker));
 */
export function serialDevice(options: SerialOptions): OpenByteStream {
  const { path, baudRate = DEFAULT_BAUD_RATE } = options;
  return async (onBytes, onClosed) => {
    await setLine(options);
    const file = await handle(path);
    const line = await terminal(file, path);
    let closed = false;
    // The stream reads and writes by a handle of its own; this one it was made of.
    const close = async (): Promise<void> => {
      closed = true;
      const ended = line.closed ? undefined : new Promise<void>((resolve) => line.once('close', resolve));
      line.destroy();
      await ended;
      await file.close().catch(() => {});
    };
    const onEnd = (cause?: Error): void => {
      if (closed) return;
      const error = new SerialDeviceError(
        `${path} is gone${cause === undefined ? '' : `: ${cause.message}`}`,
        {
          cause,
        },
      );
      void close().then(() => onClosed(error));
    };
    line.on('data', (bytes: Buffer) => {
      if (!closed) onBytes(new Uint8Array(bytes));
    });
    line.on('error', onEnd);
    line.on('end', () => onEnd());
    line.on('close', () => onEnd());
    const mostBytes = (MOST_WAITING_SECONDS * baudRate) / BITS_PER_BYTE;
    const writing = new BoundedWriting(line, Math.max(LEAST_WAITING_BYTES, mostBytes));
    return {
      name: path,
      get overflowed() {
        return writing.overflowed;
      },
      write: (bytes) => {
        if (!closed) writing.write(bytes);
      },
      close,
    };
  };
}

/** For both directions: Node's stream for writing to terminals would stand still with the line, and the process with it. */
async function terminal(file: FileHandle, path: string): Promise<ReadStream> {
  try {
    const line = new ReadStream(file.fd);
    line.setRawMode(true);
    return line;
  } catch (error) {
    await file.close();
    throw new SerialDeviceError(`${path} is no serial device`, { cause: error });
  }
}

async function handle(path: string): Promise<FileHandle> {
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
  baudRate = DEFAULT_BAUD_RATE,
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
