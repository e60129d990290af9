// A broker on free loopback ports for the tests of one file, and what tests wait for at it.

import type { Broker, BrokerEventName, BrokerEvents, BrokerOptions, Listener } from '@martlet/broker';
import { createBroker } from '@martlet/broker';

export class ServedBroker {
  readonly broker: Broker;
  readonly tcp: Listener;
  readonly webSocket: Listener;
  readonly port: number;

  private constructor(broker: Broker, tcp: Listener, webSocket: Listener) {
    this.broker = broker;
    this.tcp = tcp;
    this.webSocket = webSocket;
    if (tcp.address.kind !== 'tcp') throw new Error('expected a TCP port');
    this.port = tcp.address.port;
  }

  static async start(options?: BrokerOptions): Promise<ServedBroker> {
    const broker = createBroker(options);
    return new ServedBroker(
      broker,
      await broker.listen({ port: 0 }),
      await broker.listenWebSocket({ port: 0 }),
    );
  }

  /** The next so many events of a name for which the condition holds. */
  next<Name extends BrokerEventName>(
    name: Name,
    condition: (event: BrokerEvents[Name]) => boolean = () => true,
    count = 1,
  ): Promise<readonly BrokerEvents[Name][]> {
    return new Promise((resolve) => {
      const events: BrokerEvents[Name][] = [];
      const off = this.broker.on(name, (event) => {
        if (!condition(event)) return;
        events.push(event);
        if (events.length < count) return;
        off();
        resolve(events);
      });
    });
  }

  close(): Promise<void> {
    return this.broker.close();
  }
}
