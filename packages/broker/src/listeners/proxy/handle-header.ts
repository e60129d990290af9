/**
 * Takes the PROXY header off the beginning of a handle (see stream-wrap.ts), before it becomes a connection. Bytes that
 * followed the header in the same read are handed on.
 */
import { getSystemErrorName } from 'node:util';
import type { StreamHandle, StreamWrap } from '../stream-wrap.ts';
import type { ProxyHeader } from './proxy-header.ts';
import { readProxyHeader } from './proxy-header.ts';
import type { ProxySettings } from './proxy-settings.ts';

export interface HandleHeaderEvents {
  /** The handle is the callee's again. `rest` is memory of its own. */
  onHeader(header: ProxyHeader, rest: Buffer): void;
  /** Nothing is read any more; the callee closes the handle. */
  onRefused(reason: string): void;
  /** The peer has closed or reset the connection, before its header was whole; the callee closes the handle. */
  onGone(cause: string): void;
}

/**
 * @param handle It reads into `readBuffer`, which others share.
 */
export function takeHandleHeader(
  handle: StreamHandle,
  wrap: StreamWrap,
  readBuffer: Uint8Array,
  settings: ProxySettings,
  events: HandleHeaderEvents,
): void {
  let gathered: Buffer = Buffer.alloc(0);
  handle.onread = (): undefined => {
    const count = wrap.streamBaseState[wrap.kReadBytesOrError]!;
    if (count === 0) return undefined;
    if (count < 0) {
      handle.readStop();
      events.onGone(getSystemErrorName(count));
      return undefined;
    }
    // An incomplete header is shorter than MAXIMUM_HEADER_BYTES, so this does not grow.
    gathered = Buffer.concat([gathered, readBuffer.subarray(0, count)]);
    const result = readProxyHeader(gathered, settings.version);
    if (result.kind === 'incomplete') return undefined;
    handle.readStop();
    if (result.kind === 'header') events.onHeader(result.header, gathered.subarray(result.header.length));
    else events.onRefused(result.reason);
    return undefined;
  };
  const status = handle.readStart();
  if (status < 0) events.onGone(getSystemErrorName(status));
}
