// A subscriber that checks every frame: none missing, none twice, none out of order, every byte as it was sent.

import mqtt from 'mqtt';

export class Viewer {
  received = 0;
  /** Frames that came twice or not in their order. */
  misplaced = 0;
  /** Frames with a byte that is not as it was sent. */
  damaged = 0;
  /**
   * Ms from publishing to here, for each frame.
   * @type {number[]}
   */
  latenciesMs = [];
  /** @type {import('mqtt').MqttClient} */
  #client;
  #nextNumber = 0;
  /** @type {() => void} */
  #onFrame = () => {};

  /**
   * @param {import('mqtt').MqttClient} client
   * @param {import('./video-frame.mjs').Video} video
   */
  constructor(client, video) {
    this.#client = client;
    client.on('message', (_topicName, payload) => {
      const frame = video.read(payload);
      if (frame === undefined) {
        this.damaged++;
      } else {
        if (frame.number !== this.#nextNumber) this.misplaced++;
        this.#nextNumber = frame.number + 1;
        this.latenciesMs.push(performance.now() - frame.sentAtMs);
        this.received++;
      }
      this.#onFrame();
    });
  }

  /**
   * Connects and subscribes at QoS 1.
   * @param {string} url
   * @param {string} topicName
   * @param {import('./video-frame.mjs').Video} video
   */
  static async connect(url, topicName, video) {
    const client = await mqtt.connectAsync(url, { protocolVersion: 5 });
    const viewer = new Viewer(client, video);
    await client.subscribeAsync(topicName, { qos: 1 });
    return viewer;
  }

  /**
   * Fulfils when so many frames have come, or when nothing has come for a while.
   * @param {number} frames
   * @param {number} patienceMs
   */
  waitFor(frames, patienceMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patienceMs);
      this.#onFrame = () => {
        timer.refresh();
        if (this.received + this.damaged < frames) return;
        clearTimeout(timer);
        resolve(undefined);
      };
      this.#onFrame();
    });
  }

  close() {
    return this.#client.endAsync();
  }
}
