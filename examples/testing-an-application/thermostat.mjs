/**
 * Switches a heater by what a thermometer publishes: on below the target, off half a degree above it. A thermometer that
 * has been silent for five minutes is not believed any more: the heater goes off, and an alarm is raised.
 *
 * The client and the clock are arguments, which is all that its tests ask of it.
 */

/** @typedef {{ setTimer(callback: () => void, delayMs: number): () => void }} Clock */

export const SILENCE_MS = 300_000;
const HYSTERESIS = 0.5;

/** @type {Clock} */
const realClock = {
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * @param {import('@martlet/client').Client} client
 * @param {number} target In degrees Celsius.
 * @param {Clock} clock
 */
export async function startThermostat(client, target, clock = realClock) {
  let isHeating = false;
  let cancelAlarm = () => {};

  /** @param {boolean} on */
  const heat = async (on) => {
    isHeating = on;
    await client.publish('home/heater', on ? 'on' : 'off', { qos: 1, retain: true });
  };
  const onSilence = async () => {
    await heat(false);
    await client.publish('home/alarm', 'the thermometer is silent', { qos: 1 });
  };
  const expectReading = () => {
    cancelAlarm();
    cancelAlarm = clock.setTimer(() => {
      onSilence().catch((error) => console.error(`the heater may still be on: ${error.message}`));
    }, SILENCE_MS);
  };

  await heat(false);
  const subscription = await client.subscribe(
    'home/thermometer',
    { qos: 1, acknowledge: 'handled' },
    async (message) => {
      const degrees = Number(message.text());
      if (message.text() === '' || Number.isNaN(degrees)) {
        throw new Error(`expected degrees, got ${JSON.stringify(message.text())}`);
      }
      expectReading();
      if (!isHeating && degrees < target) await heat(true);
      else if (isHeating && degrees > target + HYSTERESIS) await heat(false);
    },
  );
  expectReading();
  return {
    async stop() {
      cancelAlarm();
      await subscription.unsubscribe();
    },
  };
}
