/**
 * What a field must be to be written: what MQTT cannot carry is the caller's mistake, and is thrown before a packet leaves.
 */
import { checkTopicName } from '../topic-name.ts';

/** @throws {RangeError} when the value is no integer from `minimum` to `maximum`. */
export function checkInteger(value: unknown, minimum: number, maximum: number, field: string): void {
  if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum) {
    throw new RangeError(
      `expected an integer from ${minimum} to ${maximum} as ${field}, got ${String(value)}`,
    );
  }
}

export function checkQos(value: unknown, field: string): void {
  checkInteger(value, 0, 2, field); // [MQTT-3.3.1-4] [MQTT-3.3.1-4] 3.1.1
}

/** Of a string that a Topic Name is to be. How many levels it may have is the server's policy. */
export function checkTopicNameField(topicName: string, field: string): void {
  const problem = checkTopicName(topicName, Number.POSITIVE_INFINITY);
  if (problem !== null) throw new RangeError(`expected a topic name as ${field}, got one that is ${problem}`); // [MQTT-3.3.2-2] [MQTT-4.7.3-1]
}
