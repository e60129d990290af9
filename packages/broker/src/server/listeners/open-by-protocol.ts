/** Who opens a listener: the broker itself, or whoever brought its protocol along. */
import { EnvironmentError } from '../../environment-error.ts';
import type { OpenServedListener, ProtocolOpeners } from './listener-opening.ts';

/** @param own opens those of the protocols of MQTT itself */
export function openByProtocol(own: OpenServedListener, openers: ProtocolOpeners): OpenServedListener {
  return (configuration, services) => {
    const { protocol, name } = configuration;
    if (protocol !== 'mqtt-sn') return own(configuration, services);
    const opener = openers[protocol];
    if (opener !== undefined) return opener.open(configuration, services);
    const text = `the listener ${name}: this program does not speak ${protocol}; martlet start does, and programs give startServer an opener for it (@martlet/gateway-sn has one)`;
    return Promise.reject(new EnvironmentError('LISTEN_FAILED', text, undefined));
  };
}
