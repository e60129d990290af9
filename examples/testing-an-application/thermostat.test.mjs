// The thermostat's tests, for Node's own test runner: `node --test examples/testing-an-application/thermostat.test.mjs`.
// Half an hour passes in them in a few milliseconds. No port is opened.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { connect } from '@martlet/client';
import { createTestBroker } from '@martlet/testing';
import { SILENCE_MS, startThermostat } from './thermostat.mjs';

/** @type {import('@martlet/testing').TestBroker} */
let broker;
/** @type {import('@martlet/client').Client} */
let client;

beforeEach(async () => {
  broker = createTestBroker();
  client = connect({ ...broker.clientOptions(), clientId: 'thermostat' });
  await startThermostat(client, 20, broker.environment());
});
afterEach(async () => {
  await client.close();
  await broker.close();
});

const heater = () => broker.retained.get('home/heater')?.text();
const alarms = () => broker.messages.filter(({ topicName }) => topicName === 'home/alarm').length;

/** @param {number | string} degrees */
const measure = (degrees) => broker.publish('home/thermometer', `${degrees}`, { qos: 1 });

test('heats below the target, until it is half a degree above it', async () => {
  assert.equal(heater(), 'off');
  await measure(19.9);
  assert.equal(heater(), 'on');
  await measure(20.4);
  assert.equal(heater(), 'on');
  await measure(20.6);
  assert.equal(heater(), 'off');
});

test('does not believe a thermometer that has been silent for five minutes', async () => {
  await measure(15);
  await broker.advance(SILENCE_MS - 1);
  assert.deepEqual([heater(), alarms()], ['on', 0]);
  await broker.advance(1);
  assert.deepEqual([heater(), alarms()], ['off', 1]);
});

test('believes one that measures every four minutes', async () => {
  for (let i = 0; i < 8; i++) {
    await measure(15);
    await broker.advance(240_000);
  }
  assert.deepEqual([heater(), alarms()], ['on', 0]);
});

test('goes on after what is no temperature', async () => {
  /** @type {unknown[]} */
  const errors = [];
  client.on('handlerError', ({ error }) => errors.push(error));
  await measure('warm');
  await measure(15);
  assert.match(String(errors), /expected degrees, got "warm"/);
  assert.equal(heater(), 'on');
});

test('switches the heater although the connection breaks before the broker has answered', async () => {
  broker.faults.cutAfterBytes(5, { clientId: 'thermostat', direction: 'toBroker' });
  await measure(15);
  assert.equal(heater(), 'off');
  await broker.waitFor(() => heater() === 'on', { withinMs: 60_000 });
});

test('learns what was measured while the broker could not be reached', async () => {
  await broker.takeDown();
  await broker.comeBack();
  await measure(15);
  assert.equal(heater(), 'off');
  await broker.waitFor(() => heater() === 'on', { withinMs: 60_000 });
});
