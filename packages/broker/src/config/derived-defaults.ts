/**
 * Defaults that depend on other keys, put into a configuration as it was given, before it is checked: what is of a wrong kind is
 * passed over here, and told by the check.
 */
import { MOSQUITTO_PROFILE } from '../mosquitto/profile.ts';

type Section = Record<string, unknown>;

/** @param root is changed */
export function addDerivedDefaults(root: Section): void {
  if (root['profile'] === 'mosquitto') {
    const { limits, ...behaviour } = MOSQUITTO_PROFILE;
    completeSection(root, 'limits', limits);
    completeSection(root, 'behaviour', behaviour);
  }
  if (root['listeners'] === undefined || root['listeners'] === null)
    root['listeners'] = [{ protocol: 'mqtt' }, { protocol: 'websocket' }];
  const listeners = Array.isArray(root['listeners']) ? root['listeners'].filter(isSection) : [];
  for (const listener of listeners) completeListener(listener);
  nameListeners(listeners);
  completeAccess(root, listeners);
  for (const listener of listeners) {
    if (isSection(listener['authentication'])) completeAuthentication(listener['authentication'], [listener]);
    if (isSection(listener['authorization'])) completeAuthorization(listener['authorization']);
  }
}

function completeSection(root: Section, name: string, defaults: object | undefined): void {
  const given = root[name] ?? {};
  if (isSection(given)) root[name] = { ...structuredClone(defaults), ...given };
}

function completeListener(listener: Section): void {
  const isWebSocket = listener['protocol'] === 'websocket';
  const { tls, mqttSn } = listener as { readonly tls?: unknown; readonly mqttSn?: unknown };
  if (isSection(mqttSn) && mqttSn['discovery'] === undefined)
    mqttSn['discovery'] = typeof mqttSn['group'] === 'string';
  if (listener['port'] === undefined) listener['port'] = defaultPort(isWebSocket, isSection(tls));
  if (isSection(tls) && isWebSocket && tls['alpn'] === undefined) tls['alpn'] = ['http/1.1'];
}

function defaultPort(isWebSocket: boolean, isSecure: boolean): number {
  if (isWebSocket) return isSecure ? 8084 : 8080;
  return isSecure ? 8883 : 1883;
}

/** By the port, unless somebody else has that name: then by host and port. */
function nameListeners(listeners: readonly Section[]): void {
  const taken = new Set(listeners.map(({ name }) => name));
  for (const listener of listeners) {
    if (listener['name'] !== undefined) continue;
    const short = listenerName(listener);
    const { host = '127.0.0.1', port } = listener;
    let name = taken.has(short) ? short.replace(/:\d+$/, `:${String(host)}:${String(port)}`) : short;
    for (let count = 2; taken.has(name); count++) name = `${short} (${count})`;
    listener['name'] = name;
    taken.add(name);
  }
}

function listenerName({ protocol, path, port, tls, socketActivation, mqttSn }: Section): string {
  if (protocol === 'mqtt-sn') return `sn:${serialDevice(mqttSn) ?? String(port)}`;
  if (typeof path === 'string') return `unix:${path}`;
  if (socketActivation !== undefined && socketActivation !== null)
    return `socket:${String(socketActivation)}`;
  const isSecure = isSection(tls);
  const kind = protocol === 'websocket' ? (isSecure ? 'wss' : 'websocket') : isSecure ? 'tls' : 'tcp';
  return `${kind}:${String(port)}`;
}

function serialDevice(mqttSn: unknown): string | undefined {
  const serial = isSection(mqttSn) ? mqttSn['serial'] : undefined;
  const device = isSection(serial) ? serial['device'] : undefined;
  return typeof device === 'string' ? device : undefined;
}

function completeAccess(root: Section, listeners: readonly Section[]): void {
  root['authentication'] ??= {};
  root['authorization'] ??= {};
  const { authentication, authorization } = root;
  if (isSection(authentication)) completeAuthentication(authentication, listeners);
  if (isSection(authorization)) completeAuthorization(authorization);
}

/** Nobody is let in from a network unless somebody has said so. */
function completeAuthentication(authentication: Section, listeners: readonly Section[]): void {
  const { methods } = authentication as { readonly methods?: unknown };
  if (Array.isArray(methods)) for (const method of methods) if (isSection(method)) completeMethod(method);
  const hasMethods =
    methods !== undefined && methods !== null && !(Array.isArray(methods) && methods.length === 0);
  if (authentication['anonymous'] === undefined)
    authentication['anonymous'] =
      !hasMethods && listeners.every((each) => isForThisMachine(each) || hasOwnAuthentication(each));
}

/** What it says counts there instead of what all listeners have, which then does not concern it. */
function hasOwnAuthentication({ authentication }: Section): boolean {
  return isSection(authentication);
}

function completeMethod(method: Section): void {
  if (method['type'] !== 'jwt' || method['algorithms'] !== undefined) return;
  const hasKeys = [method['keyFile'], method['jwksUrl']].some((each) => typeof each === 'string');
  if (typeof method['secretFile'] === 'string')
    method['algorithms'] = hasKeys ? ['ES256', 'EdDSA', 'RS256', 'PS256', 'HS256'] : ['HS256'];
}

/** Whether only this machine reaches it: a Unix socket, or a loopback address. A multicast group is only where it is searched. */
export function isForThisMachine(listener: Readonly<Record<string, unknown>>): boolean {
  const { path, host = '127.0.0.1', interface: name, socketActivation, mqttSn } = listener;
  // What is at the other end of a serial line may be a radio.
  if (serialDevice(mqttSn) !== undefined) return false;
  if (typeof path === 'string') return true;
  if (typeof name === 'string') return name === 'lo';
  if (socketActivation !== undefined && socketActivation !== null) return false;
  return typeof host === 'string' && /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host);
}

function completeAuthorization(authorization: Section): void {
  const { rules } = authorization as { readonly rules?: unknown };
  const hasRules = Array.isArray(rules) && rules.length > 0;
  if (authorization['methods'] === undefined || authorization['methods'] === null)
    authorization['methods'] = hasRules ? [{ type: 'rules' }] : [];
  const { methods } = authorization;
  const hasMethods = !(Array.isArray(methods) && methods.length === 0);
  if (authorization['default'] === undefined) authorization['default'] = hasMethods ? 'deny' : 'allow';
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
