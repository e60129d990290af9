/** The entry `@martlet/client/once` for Node.js, Deno and Bun: one thing done with a client of its own. */
import { nodeEnvironment } from './client/node-environment.ts';
import type { ConnectOptions } from './index.ts';
import { connect } from './index.ts';
import type {
  OneShotFunctions,
  PublishMany,
  PublishOnce,
  ReceiveOnce,
} from './one-shot/one-shot-functions.ts';
import { oneShotFunctions } from './one-shot/one-shot-functions.ts';

export type { PublishMany, PublishOnce, ReceiveOnce } from './one-shot/one-shot-functions.ts';
export type * from './one-shot/one-shot-options.ts';

const functions: Readonly<OneShotFunctions<ConnectOptions>> =
  /* @__PURE__ */ oneShotFunctions<ConnectOptions>({
    connect,
    environment: nodeEnvironment,
  });

/**
 * Connects, publishes one message, and closes. Fulfilled when the server has acknowledged it, as its QoS demands.
 *
 *     await publishOnce('mqtt://raspberrypi.local', 'home/kitchen/light', 'on', { qos: 1, retain: true });
 *
 * Rejected with whatever `connect`, `connected` and `publish` throw or are rejected with; nothing is tried again.
 */
export const publishOnce: PublishOnce<ConnectOptions> = functions.publishOnce;

/**
 * Connects, publishes messages one after the other, and closes. A hundred of them may wait for their acknowledgements: then
 * the next one is not taken before there is room, so that a source without end needs no memory.
 *
 *     await publishMany('mqtt://raspberrypi.local', rows.map((row) => ({ topicName: `log/${row.id}`, payload: row.text })), { qos: 1 });
 *
 * Fulfilled with how many there were; rejected with the first error, after which no more are taken.
 */
export const publishMany: PublishMany<ConnectOptions> = functions.publishMany;

/**
 * Connects, waits for a message, or for `count` of them, and closes.
 *
 *     const message = await receiveOnce('mqtt://raspberrypi.local', 'home/kitchen/temperature', { timeoutMs: 5000 });
 *     const ten = await receiveOnce('mqtt://raspberrypi.local', 'home/#', { count: 10 });
 */
export const receiveOnce: ReceiveOnce<ConnectOptions> = functions.receiveOnce;
