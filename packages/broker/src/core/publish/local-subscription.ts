import type { Message } from './message.ts';

/** A subscription of the application that embeds the broker. Its messages are handed over by the host after the turn. */
export class LocalSubscription {
  readonly kind = 'local';
  readonly topicFilter: string;
  readonly handler: (message: Message, retained: boolean) => void;
  /** It gets what there is, and whether anybody is subscribed is answered as if it were not there. */
  readonly observes: boolean;
  /** RouteTable's; 0 until it has one. */
  routeNumber: number;
  /** True from the moment it is taken off. */
  ended: boolean;

  constructor(
    topicFilter: string,
    handler: (message: Message, retained: boolean) => void,
    observes: boolean,
  ) {
    this.topicFilter = topicFilter;
    this.handler = handler;
    this.observes = observes;
    this.routeNumber = 0;
    this.ended = false;
  }
}

/** A message on its way to the application. */
export interface LocalDelivery {
  readonly subscription: LocalSubscription;
  readonly message: Message;
  /** It was retained before the subscription was made. */
  readonly retained: boolean;
}
