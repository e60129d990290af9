/** Why a UDP port cannot be listened on, and what to do. */
import { CommandFailure } from '../command-failure.ts';

const TEXTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else does; choose another with --port',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --bind',
  EACCES: 'ports below 1024 need a privilege; choose another with --port',
  ENODEV: 'no interface of this machine reaches the group; choose one with --interface',
  EINVAL: 'expected an address of this machine, and a group of multicast such as 225.1.1.1',
};

/** Undefined if the error says nothing of that. */
export function listeningFailure(
  error: unknown,
  { port, bind }: { readonly port: number; readonly bind: string },
): CommandFailure | undefined {
  const text = TEXTS[(error as NodeJS.ErrnoException).code ?? ''];
  if (text === undefined) return undefined;
  return new CommandFailure(`cannot listen on UDP port ${port} of ${bind}: ${text}`, { cause: error });
}
