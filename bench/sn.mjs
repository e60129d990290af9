/**
 * 10,000 sensors on one gateway for MQTT-SN: what each of them holds, connected and asleep, and what a message costs from a
 * sensor's datagram to a subscriber over TCP, and back. Prints a table in Markdown.
 *
 *     npm run build && node bench/sn.mjs [sensors]
 *
 * Broker and gateway are one process of their own, in memory; sensors and the subscriber are this one. CPU is that of the broker's
 * process, all threads, kernel included; memory is what is left after full collections. No more is under way at a time than a
 * socket's buffer holds, so that nothing is lost and retried.
 */
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const IN_THE_BROKER = 'broker';
/** Requests under way at once, of all sensors together. */
const WINDOW = 100;
const PAYLOAD = Buffer.from('{"t":21.5,"h":48}');
const MESSAGES = 100_000;
const PATIENCE_MS = 20_000;

async function main(sensors) {
  const broker = new MeasuredBroker();
  await broker.ready;
  const subscriber = await subscribe(broker.port, 'sensors/#');
  const all = Array.from({ length: sensors }, (_, i) => new Sensor(i, broker.snPort));
  const load = loadavg()[0].toFixed(1);
  const rows = [];
  const step = async (name, count, work, holds) => {
    const before = await broker.sample();
    await work();
    const after = await broker.sample();
    const cpu = ((after.cpuUs - before.cpuUs) / count).toFixed(1);
    const bytes = holds ? Math.round((after.heldBytes - base.heldBytes) / sensors) : '';
    rows.push(`| ${name} | ${count.toLocaleString('en')} | ${cpu} | ${bytes} |`);
  };
  const each = (work) => () => overAll(all, work);
  // What is compiled by the first ones is not measured.
  await overAll(all.slice(0, 1000), (sensor) => sensor.connect(true));
  await overAll(all.slice(0, 1000), (sensor) => sensor.goodbye());
  const base = await broker.sample();
  await step(
    'connect',
    sensors,
    each((sensor) => sensor.connect(true)),
    true,
  );
  await step(
    'register a topic each',
    sensors,
    each((sensor) => sensor.register()),
    true,
  );
  for (const qos of [0, 1, 2]) {
    const round = () => publishAll(all, qos, MESSAGES, subscriber);
    await publishAll(all, qos, 20_000, subscriber);
    await step(`publish at QoS ${qos}, to one subscriber over TCP`, MESSAGES, round, false);
  }
  await overAll(all, (sensor) => sensor.goodbye());
  await overAll(all, (sensor) => sensor.connect(false));
  await overAll(all, (sensor) => sensor.subscribe());
  await step(
    'fall asleep, with a subscription each',
    sensors,
    each((sensor) => sensor.sleep()),
    true,
  );
  const commands = () => broker.command(sensors);
  await step('a message of QoS 1 for each sleeper', sensors, commands, true);
  await step(
    'wake, take it, sleep on',
    sensors,
    each((sensor) => sensor.wake()),
    false,
  );
  const { retransmissions, datagramsReceived } = await broker.numbers();
  console.log('| step | times | µs of CPU each | bytes that a sensor holds |\n|---|---:|---:|---:|');
  console.log(rows.join('\n'));
  console.log(
    `\n${sensors.toLocaleString('en')} sensors, ${datagramsReceived.toLocaleString('en')} datagrams came in, ${retransmissions} went out again; load average ${load} before.`,
  );
  subscriber.close();
  for (const sensor of all) sensor.close();
  broker.stop();
}

/** Not more than `WINDOW` at a time. */
async function overAll(sensors, work) {
  let next = 0;
  const worker = async () => {
    while (next < sensors.length) await work(sensors[next++]);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

async function publishAll(sensors, qos, messages, subscriber) {
  const wanted = subscriber.received + messages;
  let sent = 0;
  const worker = async () => {
    while (sent < messages) {
      const sensor = sensors[sent++ % sensors.length];
      if (qos > 0) await sensor.publish(qos);
      else {
        sensor.publishQos0();
        while (sent - messages + wanted - subscriber.received > WINDOW) await subscriber.some();
      }
    }
  };
  await Promise.all(Array.from({ length: qos === 0 ? 1 : WINDOW }, worker));
  while (subscriber.received < wanted) await subscriber.some();
}

/** A sensor with a socket, and so an address, of its own. */
class Sensor {
  #id;
  #port;
  #socket = createSocket('udp4');
  #waiting = null;
  #topicId = 0;
  #packetId = 0;

  constructor(id, port) {
    this.#id = id;
    this.#port = port;
    this.#socket.on('message', (bytes) => this.#waiting?.(bytes));
  }

  #send(type, ...parts) {
    const body = Buffer.concat(
      parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))),
    );
    this.#socket.send(Buffer.concat([Buffer.from([body.length + 2, type]), body]), this.#port, '127.0.0.1');
  }

  /** The next message of this type; others are answered or passed over by whoever waits. */
  #until(type, answer) {
    return new Promise((resolve) => {
      this.#waiting = (bytes) => {
        if (bytes[1] === type) {
          this.#waiting = null;
          resolve(bytes);
        } else answer?.(bytes);
      };
    });
  }

  #newPacketId() {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return uint16(this.#packetId);
  }

  connect(clean) {
    this.#send(0x04, clean ? 4 : 0, 1, uint16(0), `sensor-${this.#id}`);
    return this.#until(0x05);
  }

  goodbye() {
    this.#send(0x18);
    return this.#until(0x18);
  }

  async register() {
    this.#send(0x0a, uint16(0), this.#newPacketId(), `sensors/${this.#id}/climate`);
    this.#topicId = (await this.#until(0x0b)).readUInt16BE(2);
  }

  publishQos0() {
    this.#send(0x0c, 0, uint16(this.#topicId), uint16(0), PAYLOAD);
  }

  async publish(qos) {
    const packetId = this.#newPacketId();
    this.#send(0x0c, qos << 5, uint16(this.#topicId), packetId, PAYLOAD);
    if (qos === 1) return this.#until(0x0d);
    await this.#until(0x0f);
    this.#send(0x10, packetId);
    return this.#until(0x0e);
  }

  subscribe() {
    this.#send(0x12, 0x20, this.#newPacketId(), `commands/${this.#id}`);
    return this.#until(0x13);
  }

  sleep() {
    this.#send(0x18, uint16(3600));
    return this.#until(0x18);
  }

  /** Takes what waits, registering and acknowledging, until PINGRESP. */
  wake() {
    this.#send(0x16, `sensor-${this.#id}`);
    return this.#until(0x17, (bytes) => {
      if (bytes[1] === 0x0a) this.#send(0x0b, bytes.subarray(2, 6), 0);
      if (bytes[1] === 0x0c) this.#send(0x0d, bytes.subarray(3, 7), 0);
    });
  }

  close() {
    this.#socket.close();
  }
}

function uint16(value) {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Counts what comes to a subscriber over TCP. */
async function subscribe(port, topicFilter) {
  const { connect } = await import('../packages/client/dist/index.js');
  const client = await connect(`mqtt://127.0.0.1:${port}`, { clientId: 'subscriber' });
  const counted = { received: 0, waiting: [] };
  await client.subscribe(topicFilter, { qos: 1 }, () => {
    counted.received++;
    for (const resolve of counted.waiting.splice(0)) resolve();
  });
  return {
    get received() {
      return counted.received;
    },
    /** When something has come; datagrams are lost, should a buffer overflow, and then nothing comes. */
    some: () => {
      const came = new Promise((resolve) => counted.waiting.push(resolve));
      const timer = new Promise((_resolve, reject) => {
        setTimeout(
          reject,
          PATIENCE_MS,
          new Error('messages of QoS 0 were lost; try a smaller window'),
        ).unref();
      });
      timer.catch(() => {});
      return Promise.race([came, timer]);
    },
    close: () => client.close(),
  };
}

class MeasuredBroker {
  #child = fork(SELF, [IN_THE_BROKER], { execArgv: ['--expose-gc'] });
  port = 0;
  snPort = 0;
  ready = once(this.#child, 'message').then(([ports]) => Object.assign(this, ports));

  async #ask(question) {
    this.#child.send(question);
    return (await once(this.#child, 'message'))[0];
  }

  sample = () => this.#ask({ ask: 'sample' });
  numbers = () => this.#ask({ ask: 'numbers' });
  command = (sensors) => this.#ask({ ask: 'command', sensors });
  stop = () => this.#child.kill();
}

/** The process that is measured. */
async function serve() {
  const { createBroker } = await import('../packages/broker/dist/index.js');
  const { SnGateway, toBroker } = await import('../packages/gateway-sn/dist/index.js');
  const broker = createBroker({ sysInterval: 0, limits: { sessions: 1_000_000 } });
  const { address } = await broker.listen({ port: 0 });
  const gateway = await SnGateway.listen({ port: 0 }, {}, toBroker(broker));
  process.on('message', async ({ ask, sensors }) => {
    if (ask === 'numbers') process.send({ ...gateway.metrics });
    if (ask === 'sample') {
      const { user, system } = process.cpuUsage();
      for (let round = 0; round < 3; round++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      const collecting = process.cpuUsage();
      spentOnSamples += collecting.user + collecting.system - user - system;
      process.send({
        cpuUs: collecting.user + collecting.system - spentOnSamples,
        heldBytes: heapUsed + arrayBuffers,
      });
    }
    if (ask === 'command') {
      for (let i = 0; i < sensors; i++) await broker.publish(`commands/${i}`, PAYLOAD, { qos: 1 });
      process.send({});
    }
  });
  process.send({ port: address.port, snPort: gateway.address.port });
}

let spentOnSamples = 0;
if (process.argv[2] === IN_THE_BROKER) await serve();
else await main(Number(process.argv[2] ?? 10_000));
