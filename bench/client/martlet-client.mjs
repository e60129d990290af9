/**
 * Our client, used as its guide shows: a loop that awaits every so many messages until they are handed to the network, loops
 * that await each message of QoS 1 and 2, and a handler for what arrives.
 */
import { connect } from '../../packages/client/dist/index.js';
import { topicNames } from './scenarios.mjs';

/** Publishes until the meter has stopped, and until everything is acknowledged. */
export async function publish(task, meter) {
  const client = connect(urlOf(task), optionsOf(task));
  await client.connected();
  const measured = meter.run();
  await (task.qos === 0 ? publishBatches(client, task, meter) : publishInFlight(client, task, meter));
  await measured;
  await client.close();
}

/** QoS 0: the last one of a batch is awaited, so that no more is made than the network takes. */
async function publishBatches(client, task, meter) {
  const names = topicNames(task);
  const payload = new Uint8Array(task.bytes).fill(0x78);
  while (!meter.stopped) {
    for (let i = 1; i < task.batch; i++) client.publish(names[i % names.length], payload);
    await client.publish(names[0], payload).sent;
    meter.messages += task.batch;
  }
}

/** QoS 1 and 2: as many loops as messages may be under way, each of which awaits its acknowledgement. */
async function publishInFlight(client, task, meter) {
  const names = topicNames(task);
  const payload = new Uint8Array(task.bytes).fill(0x78);
  const options = { qos: task.qos };
  let next = 0;
  const publishInTurn = async () => {
    while (!meter.stopped) {
      await client.publish(names[next++ % names.length], payload, options);
      meter.messages++;
    }
  };
  await Promise.all(Array.from({ length: task.window }, publishInTurn));
}

/** Subscribes; every message is counted. Returns what ends it. */
export async function receive(task, meter) {
  const client = connect(urlOf(task), optionsOf(task));
  const subscription = await client.subscribe(`${task.prefix}/#`, { qos: task.qos }, (message) => {
    meter.onMessage(message.topicName.length, message.payload.length);
  });
  if (subscription.qos !== task.qos) {
    throw new Error(`QoS ${task.qos} was asked for, ${subscription.qos} granted`);
  }
  return () => client.close();
}

/** Connects again whenever it is cut off; publishes and receives a message each time. Returns what ends it. */
export async function reconnect(task, onMessage) {
  const client = connect(urlOf(task), {
    ...optionsOf(task),
    reconnect: { minimumDelayMs: 0, maximumDelayMs: 1 },
  });
  const options = { qos: task.qos };
  const payload = new Uint8Array(task.bytes).fill(0x78);
  // A cut is what is measured, so what it does to a publication is no failure.
  client.on('error', () => {});
  client.on('online', () => client.publish(`${task.prefix}/t/000`, payload, options));
  await client.subscribe(`${task.prefix}/#`, options, onMessage);
  return () => client.close({ timeoutMs: 0 });
}

function urlOf({ host, port }) {
  return `mqtt://${host}:${port}`;
}

function optionsOf({ prefix, version }) {
  return { clientId: `${prefix}-martlet`, protocolVersion: version };
}
