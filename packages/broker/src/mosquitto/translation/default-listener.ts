/**
 * Whether there is a default listener: the one that options belong to which stand before the first `listener` line of a file.
 * `port` and `bind_address` make one; so do options about where and how to listen, if they say something else than the default.
 */
import type { ListenerSettings, Setting } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';

/** Options that make one, and the value that says nothing; undefined: any value makes one. */
const MAKING: ReadonlyMap<string, string | undefined> = new Map([
  ['port', undefined],
  ['bind_address', undefined],
  ['bind_interface', undefined],
  ['socket_domain', undefined],
  ['max_connections', '-1'],
  ['max_qos', '2'],
  ['use_username_as_clientid', 'false'],
  ['cafile', undefined],
  ['capath', undefined],
  ['certfile', undefined],
  ['keyfile', undefined],
  ['ciphers', undefined],
  ['ciphers_tls1.3', undefined],
  ['crlfile', undefined],
  ['dhparamfile', undefined],
  ['use_identity_as_username', 'false'],
  ['use_subject_as_username', 'false'],
  ['psk_hint', undefined],
]);

/** @param hasOthers whether listeners are defined; if not, options that make none hold for those of this machine */
export function isDefaultListenerUsed(
  { options }: ListenerSettings,
  hasOthers: boolean,
  draft: ConfigurationDraft,
): boolean {
  const mountPoint = options.find('mount_point');
  if (mountPoint !== undefined) {
    draft.error(mountPoint, 'misplaced-option', 'expected a listener line above it');
  }
  const given = [...options];
  if (given.some(makesListener)) return true;
  for (const setting of given) {
    const { name } = setting;
    if (!hasOthers || name === 'mount_point' || saysNothing(setting)) continue;
    draft.notice(
      setting,
      'without-effect',
      'stands before any listener line, and makes no listener by itself',
    );
  }
  return false;
}

function makesListener({ option, value }: Setting): boolean {
  return MAKING.has(option.name) && MAKING.get(option.name) !== String(value);
}

/** What the listeners for this machine are anyway. */
function saysNothing({ option, value }: Setting): boolean {
  return MAKING.get(option.name) === String(value) || (option.name === 'protocol' && value === 'mqtt');
}
