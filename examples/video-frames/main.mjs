// Video frames over MQTT: one camera publishes frames as large as JPEG pictures, several viewers get every one.
//
//   node examples/video-frames/main.mjs                        starts a broker of its own
//   node examples/video-frames/main.mjs --url mqtt://host:1883  uses another one
//
// It prints a line a second and a summary, and ends with exit code 1 if a frame was lost, doubled or damaged.

import { parseArgs } from 'node:util';
import { addressText, createBroker } from '@martlet/broker';
import mqtt from 'mqtt';
import { Video } from './video-frame.mjs';
import { Viewer } from './viewer.mjs';

const TOPIC_NAME = 'camera/front/frame';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '30' },
    bytes: { type: 'string', default: '200000' },
    viewers: { type: 'string', default: '3' },
    /** How many seconds to wait for a frame that may never come. */
    patience: { type: 'string', default: '5' },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const frameBytes = Number(values.bytes);
const viewerCount = Number(values.viewers);
const frames = Math.round(seconds * rate);

const { url, closeBroker } = await openBroker();
const video = new Video(frameBytes);
const viewers = await Promise.all(
  Array.from({ length: viewerCount }, () => Viewer.connect(url, TOPIC_NAME, video)),
);
const camera = await mqtt.connectAsync(url, { protocolVersion: 5 });

console.log(
  `${frames} frames of ${frameBytes} bytes, ${rate} a second, at QoS 1, to ${viewerCount} viewers by ${url}`,
);
let acknowledged = 0;
const startMs = performance.now();
for (let number = 0; number < frames; number++) {
  await until(startMs + (number * 1000) / rate);
  camera.publish(TOPIC_NAME, video.frame(number, performance.now()), { qos: 1 }, (error) => {
    if (error == null) acknowledged++;
  });
  if ((number + 1) % rate === 0) {
    const received = viewers.map((viewer) => viewer.received).join(', ');
    console.log(
      `${String((number + 1) / rate).padStart(3)} s: ${number + 1} frames sent, received ${received}`,
    );
  }
}
await Promise.all(viewers.map((viewer) => viewer.waitFor(frames, Number(values.patience) * 1000)));

const lost = viewers.reduce((sum, viewer) => sum + frames - viewer.received, 0);
// The rest of the acknowledgements come first, unless the broker does not take frames of this size.
await camera.endAsync(lost > 0);
await Promise.all(viewers.map((viewer) => viewer.close()));
await closeBroker();

const latenciesMs = viewers.flatMap((viewer) => viewer.latenciesMs).sort((a, b) => a - b);
const misplaced = viewers.reduce((sum, viewer) => sum + viewer.misplaced, 0);
const damaged = viewers.reduce((sum, viewer) => sum + viewer.damaged, 0);
console.log(`frames sent: ${frames}, acknowledged: ${acknowledged}`);
console.log(`frames received: ${viewers.map((viewer) => viewer.received).join(', ')}`);
console.log(`lost: ${lost}, doubled or out of order: ${misplaced}, damaged: ${damaged}`);
console.log(`latency: p50 ${percentile(latenciesMs, 0.5)} ms, p99 ${percentile(latenciesMs, 0.99)} ms`);

process.exitCode = lost + misplaced + damaged === 0 ? 0 : 1;

/** The broker that was named, or one of this process. */
async function openBroker() {
  if (values.url !== undefined) return { url: values.url, closeBroker: async () => {} };
  const broker = createBroker();
  const { address } = await broker.listen({ port: 0 });
  return { url: `mqtt://${addressText(address)}`, closeBroker: () => broker.close() };
}

/** @param {number} dueMs */
function until(dueMs) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
}

/**
 * @param {readonly number[]} sorted
 * @param {number} share
 */
function percentile(sorted, share) {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
}
