/** Names for listeners whose usual name, such as `tcp:1883`, would be that of another one. */
import type { ListenerSettings } from '../reading/settings.ts';

/** @returns a name for each, or undefined where the usual one is free */
export function listenerNames(listeners: readonly ListenerSettings[]): readonly (string | undefined)[] {
  const taken = new Set<string>();
  return listeners.map((listener) => {
    const usual = usualName(listener);
    if (!taken.has(usual)) {
      taken.add(usual);
      return undefined;
    }
    const { address } = listener;
    const host = address.kind === 'tcp' ? (address.host ?? '*') : address.path;
    let name = `${usual}@${host}`;
    for (let number = 2; taken.has(name); number++) name = `${usual}@${host}#${number}`;
    taken.add(name);
    return name;
  });
}

/** As the configuration has it. */
function usualName({ address, options }: ListenerSettings): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const isSecure = options.find('certfile') !== undefined || options.find('psk_hint') !== undefined;
  const isWebSocket = options.find('protocol')?.value === 'websockets';
  const kind = isWebSocket ? (isSecure ? 'wss' : 'websocket') : isSecure ? 'tls' : 'tcp';
  return `${kind}:${address.port}`;
}
