import { Broker } from './broker.ts';
import type { BrokerOptions } from './broker-options.ts';

/**
 * Makes a broker that listens nowhere yet. Brokers share nothing: several may run in one process.
 *
 * @example
 * const broker = createBroker();
 * await broker.listen({ port: 1883 });
 * broker.subscribe('home/+/temperature', (message) => console.log(message.topicName, message.text()));
 * await broker.publish('home/kitchen/temperature', '21.5', { retain: true });
 * await broker.close();
 * @throws {TypeError | RangeError} for an unknown or impossible option
 */
export function createBroker(options: BrokerOptions = {}): Broker {
  return new Broker(options);
}
