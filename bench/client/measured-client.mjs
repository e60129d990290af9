/**
 * One client and one scenario, in a process of its own, which `measure-clients.mjs` starts. It takes the task as JSON in its only
 * argument. Over the channel to its parent it tells when it is ready, what it measured, and how many messages there were.
 */
import { once } from 'node:events';
import { Meter } from './meter.mjs';
import { measureReconnects } from './reconnects.mjs';

/** Without a message for so long, what is missing stays missing. */
const PATIENCE_MS = 3000;

const task = JSON.parse(process.argv[2]);
const client = await import(`./${task.client}-client.mjs`);
const ways = {
  publish: measurePublish,
  receive: measureReceive,
  reconnect: () => measureReconnects(client, task, tell),
};
// Whoever started this process has gone.
process.on('disconnect', () => process.exit(1));
await ways[task.way]();
// What a client has left open does not matter any more; a profile is still written.
process.exit(0);

async function measurePublish() {
  const meter = new Meter(task, () => {});
  await client.publish(task, meter);
  await tell({ result: meter.result, messages: meter.messages });
}

async function measureReceive() {
  const meter = new Meter(task, (messages) => process.send({ credit: messages }));
  const end = await client.receive(task, meter);
  await tell({ ready: true });
  await meter.run();
  await tell({ result: meter.result });
  const [{ sent }] = await once(process, 'message');
  for (let before = -1; meter.messages < sent && meter.messages !== before; ) {
    before = meter.messages;
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  }
  await tell({ messages: meter.messages });
  await end();
}

function tell(message) {
  return new Promise((resolve) => process.send(message, resolve));
}
