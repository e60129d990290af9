/** Where a listener is, by what its configuration says: two with the same place cannot be open at once. */
import type { ListenerConfiguration } from '../../config/listener-configuration.ts';

/** Stable text, equal for two listeners of the same place. A port of 0 is a place of its own, by the listener's name. */
export function placeOf(listener: ListenerConfiguration): string {
  const { name, protocol, host, port, family, path, socketActivation, mqttSn } = listener;
  if (protocol === 'mqtt-sn' && mqttSn.serial !== null) return `serial:${mqttSn.serial.device}`;
  if (path !== null) return `unix:${path}`;
  if (socketActivation !== null) return `socket:${socketActivation}`;
  if (port === 0) return `free:${name}`;
  const network = listener.interface === null ? host : `interface ${listener.interface}`;
  const kind = protocol === 'mqtt-sn' ? 'udp' : 'port';
  return `${kind}:${port} ${network} ${family}`;
}

/** Whether the one has to let go of its address before the other can have it, as far as the configuration tells. */
export function isInTheWay(one: ListenerConfiguration, other: ListenerConfiguration): boolean {
  if (placeOf(one) === placeOf(other)) return true;
  const isSameKind = (one.protocol === 'mqtt-sn') === (other.protocol === 'mqtt-sn');
  return isPort(one) && isPort(other) && isSameKind && one.port === other.port;
}

function isPort({ protocol, path, socketActivation, port, mqttSn }: ListenerConfiguration): boolean {
  if (protocol === 'mqtt-sn' && mqttSn.serial !== null) return false;
  return path === null && socketActivation === null && port !== 0;
}
