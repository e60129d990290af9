/**
 * Where the brokers of a machine have their control sockets, so that commands find them without being told:
 * `$XDG_RUNTIME_DIR/martlet`, `/run/martlet`, or `martlet-UID` in the directory for temporary files; in it a socket for
 * each, by name and process: `martlet.4711.sock`.
 */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { EnvironmentError } from '../../environment-error.ts';

export interface RegistryWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** That of services. */
  readonly systemDirectory: string;
  readonly temporaryDirectory: string;
  readonly uid: number;
}

/** A control socket that was found. Whether anybody listens there shows when it is asked. */
export interface RegisteredBroker {
  readonly name: string;
  readonly pid: number;
  readonly path: string;
}

const DIRECTORY_MODE = 0o700;
/** The path of a Unix socket has about 100 bytes. */
const MAXIMUM_NAME_LENGTH = 32;

/** That of this process. */
export function registryWorld(): RegistryWorld {
  return {
    env: process.env,
    systemDirectory: '/run/martlet',
    temporaryDirectory: tmpdir(),
    uid: process.geteuid?.() ?? 0,
  };
}

/** Every directory in which a broker of this user, or of the system, may have its socket; the first that can be written is taken. */
export function registryDirectories({
  env,
  systemDirectory,
  temporaryDirectory,
  uid,
}: RegistryWorld): readonly string[] {
  const { XDG_RUNTIME_DIR = '' } = env;
  return [
    ...(isAbsolute(XDG_RUNTIME_DIR) ? [join(XDG_RUNTIME_DIR, 'martlet')] : []),
    systemDirectory,
    join(temporaryDirectory, `martlet-${uid}`),
  ];
}

/**
 * Where a broker puts its socket.
 * @param name of the broker, for people; what cannot stand in a file name is replaced
 * @throws {EnvironmentError} if there is no directory that is this user's alone
 */
export function registeredPath(name: string, pid: number, world: RegistryWorld): string {
  const directories = registryDirectories(world);
  const directory = directories.find((each) => isUsable(each, world.uid));
  if (directory === undefined) {
    throw new EnvironmentError(
      'CONTROL_SOCKET_NOT_OPENED',
      `no directory for the control socket: ${directories.join(', ')} cannot be made or are not this user's alone; set control.socket to a path, or to none`,
      undefined,
    );
  }
  const text = name.replaceAll(/[^\w-]/g, '-').slice(0, MAXIMUM_NAME_LENGTH) || 'martlet';
  return join(directory, `${text}.${pid}.sock`);
}

/** Those whose sockets are there, in the order of the directories, then by name. */
export function registeredBrokers(world: RegistryWorld): readonly RegisteredBroker[] {
  return registryDirectories(world).flatMap((directory) => brokersIn(directory, world.uid));
}

/** The name that a broker has by its configuration file: `martlet` for `/etc/martlet.yaml`. */
export function brokerName(file: string | undefined): string {
  return file === undefined ? 'martlet' : basename(file).replace(/\.[^.]*$/, '');
}

function isUsable(directory: string, uid: number): boolean {
  try {
    mkdirSync(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Only the last part is made: where its parent is not there, nothing is.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
  }
  if (!isOwn(directory, uid)) return false;
  try {
    // `access` would ask for the user that started the process, which root is until it has become another one.
    rmdirSync(mkdtempSync(join(directory, '.probe-')));
    return true;
  } catch {
    return false;
  }
}

/** Nobody else may have put something there: then a command would talk to a stranger. */
function isOwn(directory: string, uid: number): boolean {
  const status = lstatSync(directory, { throwIfNoEntry: false });
  const isSomebodys = status !== undefined && (status.uid === uid || status.uid === 0);
  return isSomebodys && status.isDirectory() && (status.mode & 0o022) === 0;
}

function brokersIn(directory: string, uid: number): readonly RegisteredBroker[] {
  try {
    // A service of another user, whose directory root may look into.
    if (uid !== 0 && !isOwn(directory, uid)) return [];
    return readdirSync(directory)
      .sort()
      .flatMap((entry) => {
        const [, name, pid] = /^([\w-]+)\.(\d+)\.sock$/.exec(entry) ?? [];
        return name === undefined ? [] : [{ name, pid: Number(pid), path: join(directory, entry) }];
      });
  } catch {
    return [];
  }
}
