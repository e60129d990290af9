/**
 * Looks at what is retained, as a newcomer sees it: for each topic the last acknowledged message, or one that was sent
 * later and is not acknowledged.
 */
import { Wire } from './wire.mjs';

/** @typedef {import('./ledger.mjs').Ledger} Ledger */
/** @typedef {import('./ledger.mjs').Topic} Topic */

/**
 * Counts faults in the ledger, and fulfils when every retained message that must be there has come, or never will, or
 * when the broker has gone.
 * @param {number} port
 * @param {Ledger} ledger
 * @param {readonly Topic[]} topics
 * @param {number} patienceMs what has not come by then is missing
 * @returns {Promise<void>}
 */
export function readRetained(port, ledger, topics, patienceMs) {
  return new Promise((resolve) => {
    /** @type {Map<Topic, number>} */
    const shown = new Map();
    /** What was acknowledged when the broker was asked. @type {Map<Topic, number>} */
    const floors = new Map();
    let done = false;
    const missing = () =>
      topics.filter((topic) => {
        const floor = floors.get(topic) ?? -1;
        if (floor < 0 || shown.has(topic)) return false;
        return topic.messages.slice(floor).every(({ bytes }) => bytes > 0);
      });
    /** @param {boolean} judge */
    const finish = (judge) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      wire.destroy();
      if (judge) {
        ledger.retainedChecked += topics.length;
        ledger.faults.retainedWrong += missing().length;
      }
      resolve();
    };
    const timer = setTimeout(() => finish(true), patienceMs);
    const wire = new Wire(port, 5, {
      onOpen: () =>
        wire.send({
          type: 'connect',
          protocolVersion: 5,
          clientId: 'retained-reader',
          cleanStart: true,
          keepAlive: 0,
          properties: {},
        }),
      onPacket: (packet) => {
        if (packet.type === 'connack') {
          for (const topic of topics) floors.set(topic, topic.acknowledgedUpTo);
          wire.send({
            type: 'subscribe',
            packetId: 1,
            subscriptions: [
              {
                topicFilter: 'retained/#',
                qos: 0,
                noLocal: false,
                retainAsPublished: false,
                retainHandling: 0,
              },
            ],
            properties: {},
          });
        } else if (packet.type === 'publish' && packet.retain) {
          const message = ledger.retainedMessageOf(packet.topicName, packet.payload);
          if (message === null) ledger.faults.strange++;
          else {
            shown.set(message.topic, message.number);
            if (message.number < (floors.get(message.topic) ?? -1)) ledger.faults.retainedWrong++;
          }
          if (missing().length === 0) wire.send({ type: 'pingreq' });
        } else if (packet.type === 'suback' && missing().length === 0) {
          wire.send({ type: 'pingreq' });
        } else if (packet.type === 'pingresp') {
          finish(true);
        }
      },
      onClosed: () => finish(false),
    });
  });
}
