/**
 * MQTT.js, used as its documentation shows, in the fastest of the ways that were tried: callbacks, which cost less than its promises,
 * one callback shared by all publications, options made once, and a log that does nothing in place of the package `debug`.
 */
import { once } from 'node:events';
import mqtt from 'mqtt';
import { topicNames } from './scenarios.mjs';

/** Publishes until the meter has stopped, and until everything is acknowledged. */
export async function publish(task, meter) {
  const client = await connected(task);
  const measured = meter.run();
  await (task.qos === 0 ? publishBatches(client, task, meter) : publishInFlight(client, task, meter));
  await measured;
  await client.endAsync();
}

/** QoS 0: the callback of the last one of a batch says when the stream takes more. */
async function publishBatches(client, task, meter) {
  const names = topicNames(task);
  const payload = Buffer.alloc(task.bytes, 'x');
  const options = { qos: 0 };
  while (!meter.stopped) {
    for (let i = 1; i < task.batch; i++) client.publish(names[i % names.length], payload, options);
    await new Promise((resolve, reject) => {
      client.publish(names[0], payload, options, (error) => (error ? reject(error) : resolve()));
    });
    meter.messages += task.batch;
    // A callback that came at once has let neither reads nor timers happen.
    await new Promise(setImmediate);
  }
}

/** QoS 1 and 2: each acknowledgement brings the next publication. */
function publishInFlight(client, task, meter) {
  const names = topicNames(task);
  const payload = Buffer.alloc(task.bytes, 'x');
  const options = { qos: task.qos };
  let inFlight = task.window;
  let next = 0;
  return new Promise((resolve, reject) => {
    const publishNext = () => client.publish(names[next++ % names.length], payload, options, onAcknowledged);
    const onAcknowledged = (error) => {
      if (error) return reject(error);
      meter.messages++;
      if (!meter.stopped) publishNext();
      else if (--inFlight === 0) resolve();
    };
    for (let i = 0; i < task.window; i++) publishNext();
  });
}

/** Subscribes; every message is counted. Returns what ends it. */
export async function receive(task, meter) {
  const client = await connected(task);
  client.on('message', (topicName, payload) => meter.onMessage(topicName.length, payload.length));
  const [granted] = await client.subscribeAsync(`${task.prefix}/#`, { qos: task.qos });
  if (granted.qos !== task.qos) throw new Error(`QoS ${task.qos} was asked for, ${granted.qos} granted`);
  return () => client.endAsync();
}

/** Connects again whenever it is cut off; publishes and receives a message each time. Returns what ends it. */
export async function reconnect(task, onMessage) {
  const client = mqtt.connect({ ...optionsOf(task), reconnectPeriod: 1 });
  const options = { qos: task.qos };
  const payload = Buffer.alloc(task.bytes, 'x');
  // A cut is what is measured, so what it does to a socket or to a publication is no failure.
  client.on('error', () => {});
  client.on('message', onMessage);
  client.on('connect', () => client.publish(`${task.prefix}/t/000`, payload, options, () => {}));
  await client.subscribeAsync(`${task.prefix}/#`, options);
  return () => client.endAsync(true);
}

async function connected(task) {
  const client = mqtt.connect(optionsOf(task));
  await once(client, 'connect');
  return client;
}

function optionsOf({ host, port, prefix, version }) {
  const clientId = `${prefix}-mqttjs`;
  return { host, port, protocol: 'mqtt', protocolVersion: version, clientId, log: () => {} };
}
