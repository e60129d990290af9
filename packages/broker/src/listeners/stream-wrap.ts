/**
 * The part of Node.js that `net.Socket` itself stands on: the handle of a socket, and the words in which the handle
 * reports. Both are undocumented, so this file is the only one that knows how to get at them, and it checks what it
 * gets: where something is missing or looks different, the caller uses `net.Socket` (socket-transport.ts).
 *
 * Why they are used at all: decision 0010. A connection without `net.Socket` costs 3.5 KB less, is accepted in
 * half the time, and writes with fewer steps between us and the kernel. The same shape was seen in Node.js 20, 22, 24 and 26.
 */
import type { SocketConstructorOpts } from 'node:net';
import { Socket } from 'node:net';

/** The handle of a TCP or Unix socket (`TCP` or `Pipe`). Calls return 0 or a negative error number. */
export interface StreamHandle {
  /** Called for every read, its end and its failure. A buffer that it returns is used for the next reads. */
  onread: (this: StreamHandle) => Uint8Array | undefined;
  /** Reads go here instead of into fresh memory. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  writev(request: WriteRequest, pieces: readonly Uint8Array[], allBuffers: true): number;
  /** Sends FIN after everything written has left; 1: done already. */
  shutdown(request: ShutdownRequest): number;
  close(done: () => void): void;
  /** TCP only. */
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
  getpeername?(out: { address?: string; port?: number }): number;
}

/** The handle of a listening socket. */
export interface ServerHandle {
  onconnection: (this: unknown, status: number, handle: unknown) => void;
}

/** One write that the kernel did not take at once. `memory` keeps what it reads from being collected. */
export interface WriteRequest {
  oncomplete: ((this: WriteRequest, status: number) => void) | undefined;
  owner: unknown;
  memory: unknown;
}

export interface ShutdownRequest {
  oncomplete: (status: number) => void;
}

/** The words in which handles report. */
export interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest;
  readonly ShutdownWrap: new () => ShutdownRequest;
  /** What the latest call or event of any handle reported, by the two indexes below. */
  readonly streamBaseState: Int32Array;
  /** Index: how many bytes were read, or a negative error number. */
  readonly kReadBytesOrError: number;
  /** Index: 0 if the kernel took everything during the call. */
  readonly kLastWriteWasAsync: number;
}

/** The stream wrap of this process, or null where `net.Socket` must do. */
export function findStreamWrap(): StreamWrap | null {
  // On Windows a read may be under way in a buffer while another connection is given the same one.
  if (process.platform === 'win32') return null;
  // Whoever asked to be told of such uses gets the documented way instead of a warning.
  if (tellsOfPendingDeprecations()) return null;
  try {
    const { binding } = process as unknown as { binding(name: string): unknown };
    const found = binding.call(process, 'stream_wrap');
    return isStreamWrap(found) ? found : null;
  } catch {
    return null; // No such binding, or the permission model forbids it.
  }
}

function tellsOfPendingDeprecations(): boolean {
  const flag = '--pending-deprecation';
  const { NODE_OPTIONS, NODE_PENDING_DEPRECATION } = process.env;
  return (
    process.execArgv.includes(flag) || (NODE_OPTIONS ?? '').includes(flag) || NODE_PENDING_DEPRECATION === '1'
  );
}

function isStreamWrap(value: unknown): value is StreamWrap {
  const wrap = value as Partial<StreamWrap> | undefined;
  const state = wrap?.streamBaseState;
  const isIndex = (index: unknown): boolean =>
    state instanceof Int32Array && Number.isInteger(index) && (index as number) < state.length;
  return (
    typeof wrap?.WriteWrap === 'function' &&
    typeof wrap.ShutdownWrap === 'function' &&
    isIndex(wrap.kReadBytesOrError) &&
    isIndex(wrap.kLastWriteWasAsync)
  );
}

/** The handle that a listening `net.Server` or a `net.Socket` stands on. */
export function handleOf(owner: object): unknown {
  return (owner as { readonly _handle?: unknown })._handle;
}

/** A `net.Socket` on a handle that was just accepted. */
export function socketOf(handle: unknown, allowHalfOpen: boolean): Socket {
  return new Socket({ handle, allowHalfOpen, readable: true, writable: true } as SocketConstructorOpts);
}

export function isServerHandle(value: unknown): value is ServerHandle {
  return typeof (value as Partial<ServerHandle> | null | undefined)?.onconnection === 'function';
}

export function isStreamHandle(value: unknown): value is StreamHandle {
  const handle = value as Partial<StreamHandle> | null | undefined;
  return (
    typeof handle?.useUserBuffer === 'function' &&
    typeof handle.readStart === 'function' &&
    typeof handle.readStop === 'function' &&
    typeof handle.writeBuffer === 'function' &&
    typeof handle.writev === 'function' &&
    typeof handle.shutdown === 'function' &&
    typeof handle.close === 'function'
  );
}
