/** The options of a gateway: their values, and the check of given ones. The table of them is the configuration's, too. */
import type { MqttSnLimitName, MqttSnLimitRow, MqttSnLimits } from '@martlet/protocol/mqtt-sn';
import { MQTT_SN_LIMITS } from '@martlet/protocol/mqtt-sn';

export type GatewayOptionRow = MqttSnLimitRow;
export type GatewayOptionName = MqttSnLimitName;
/** Every one has a value within its bounds. */
export type GatewayOptions = MqttSnLimits;

export const GATEWAY_OPTIONS: Readonly<Record<GatewayOptionName, GatewayOptionRow>> = MQTT_SN_LIMITS;

/**
 * @throws {TypeError} for an unknown option
 * @throws {RangeError} for a value out of bounds
 */
export function resolveGatewayOptions(options: Partial<GatewayOptions> = {}): GatewayOptions {
  const resolved: Record<string, number> = {};
  for (const [name, { default: value }] of Object.entries(GATEWAY_OPTIONS)) resolved[name] = value;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const known = GATEWAY_OPTIONS[name as GatewayOptionName];
    if (known === undefined) {
      throw new TypeError(
        `unknown option ${name}: expected one of ${Object.keys(GATEWAY_OPTIONS).join(', ')}`,
      );
    }
    const { minimum, maximum, unit } = known;
    if (!(value >= minimum && value <= maximum)) {
      throw new RangeError(`option ${name}: expected ${minimum} to ${maximum} (${unit}), got ${value}`);
    }
    resolved[name] = value;
  }
  return resolved as GatewayOptions;
}
