/** Limits and habits of the broker as a whole. */
import { LIMITS } from '../../core/options/limits.ts';
import type { OptionValue } from '../reading/option-value.ts';
import type { MosquittoSettings, Setting } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';
import { parseExpiration } from './expiration.ts';

const MOST_IN_FLIGHT = 65_535;
const ANY_KEEP_ALIVE = 65_535;

export function translateLimits({ global }: MosquittoSettings, draft: ConfigurationDraft): void {
  limitFrom(global.find('global_max_clients'), 'sessions', -1, draft);
  limitFrom(global.find('global_max_connections'), 'connections', -1, draft);
  limitFrom(global.find('max_inflight_bytes'), 'inFlightBytes', 0, draft);
  limitFrom(global.find('max_queued_messages'), 'queuedMessages', 0, draft);
  limitFrom(global.find('max_queued_bytes'), 'queuedBytes', 0, draft);
  limitFrom(global.find('message_size_limit'), 'messageSize', 0, draft);
  const inFlight = global.find('max_inflight_messages');
  if (inFlight !== undefined) {
    const number = inFlight.value === 0 ? MOST_IN_FLIGHT : (inFlight.value as number);
    draft.set(['limits', 'inFlightMessages'], number, inFlight);
    draft.set(['limits', 'receiveMaximum'], number, inFlight);
  }
  const keepAlive = global.find('max_keepalive');
  if (keepAlive !== undefined) {
    const seconds = keepAlive.value === 0 ? ANY_KEEP_ALIVE : (keepAlive.value as number);
    draft.set(['limits', 'maximumKeepAlive'], seconds, keepAlive);
  }
  translatePacketSize(global.find('max_packet_size'), draft);
  translateExpiration(global.find('persistent_client_expiration'), draft);
  habitFrom(global.find('allow_duplicate_messages'), 'deliverOverlapping', draft);
  habitFrom(global.find('check_retain_source'), 'checkRetainSource', draft);
  habitFrom(global.find('queue_qos0_messages'), 'queueQos0', draft);
  habitFrom(global.find('upgrade_outgoing_qos'), 'upgradeOutgoingQos', draft);
  habitFrom(global.find('sys_interval'), 'sysInterval', draft);
}

/** @param unlimited what stands for no limit in Mosquitto's file; below it, too */
function limitFrom(
  setting: Setting | undefined,
  name: keyof typeof LIMITS,
  unlimited: number,
  draft: ConfigurationDraft,
): void {
  if (setting === undefined) return;
  const { minimum, maximum } = LIMITS[name];
  const given = setting.value as number;
  if (given <= unlimited) draft.set(['limits', name], maximum, setting);
  else draft.set(['limits', name], Math.min(Math.max(given, minimum), maximum), setting);
}

function translatePacketSize(setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const { minimum } = LIMITS.maximumPacketSize;
  const bytes = setting.value as number;
  if (bytes < minimum) {
    draft.notice(
      setting,
      'odd-value',
      `expected at least ${minimum} bytes, got ${bytes}; ${minimum} are taken`,
    );
  }
  draft.set(['limits', 'maximumPacketSize'], Math.max(bytes, minimum), setting);
}

function translateExpiration(setting: Setting | undefined, draft: ConfigurationDraft): void {
  if (setting === undefined) return;
  const parsed = parseExpiration(String(setting.value).trim());
  if (typeof parsed === 'string') draft.error(setting, 'bad-value', parsed);
  else draft.set(['limits', 'maximumSessionExpiryInterval'], parsed, setting);
}

function habitFrom(setting: Setting | undefined, name: string, draft: ConfigurationDraft): void {
  if (setting !== undefined) draft.set(['behaviour', name], setting.value satisfies OptionValue, setting);
}
