/** From what stands in a `mosquitto.conf` to what would stand in a `martlet.yaml` that means the same. */
import type { MosquittoSettings } from '../reading/settings.ts';
import type { ConfigurationDraft } from './configuration-draft.ts';
import type { PluginUses } from './plugin-uses.ts';
import { pluginUses } from './plugin-uses.ts';
import { translateAccess, translateDynamicSecurity } from './translate-access.ts';
import { translateBridges } from './translate-bridges.ts';
import { translateLimits } from './translate-limits.ts';
import type { OpenedListener } from './translate-listeners.ts';
import { translateListeners } from './translate-listeners.ts';
import { translateLog } from './translate-log.ts';
import { translateProcess, translateStore } from './translate-store.ts';
import { usernameSource } from './translate-tls.ts';
import type { TranslationSurroundings } from './translation-surroundings.ts';

export interface Translation {
  /** No line defines a listener: those that there are can be reached from this machine only. */
  readonly isLocalOnly: boolean;
  readonly plugins: PluginUses;
}

/** @param draft gets the configuration, and what is wrong */
export function translateConfiguration(
  settings: MosquittoSettings,
  surroundings: TranslationSurroundings,
  draft: ConfigurationDraft,
): Translation {
  draft.set(['profile'], 'mosquitto');
  const { directory } = surroundings;
  const plugins = pluginUses(settings.plugins, directory, draft);
  translateStore(settings, plugins, surroundings, draft);
  const { opened, isLocalOnly } = translateListeners(settings, surroundings, draft);
  const shared = { plugins, directory, isLocalOnly };
  if (!settings.perListener) {
    translateAccess(
      [],
      { ...shared, plugins: plugins.access, security: settings.security, ...EVERYBODY(isLocalOnly) },
      draft,
    );
  } else draft.set(['authentication', 'anonymous'], false);
  const used = opened.flatMap((listener) => translateOwnAccess(listener, settings, shared, draft));
  translateDynamicSecurity([...plugins.access, ...used], draft);
  translateLimits(settings, draft);
  translateLog(settings, surroundings, draft);
  translateProcess(settings, surroundings, draft);
  translateBridges(settings, directory, draft);
  return { isLocalOnly, plugins };
}

const EVERYBODY = (anonymous: boolean) =>
  ({ anonymous, usernameFrom: 'connect', listenerAnonymous: undefined }) as const;

interface SharedAccess {
  readonly plugins: PluginUses;
  readonly directory: string;
  readonly isLocalOnly: boolean;
}

/** Sections of its own for a listener that decides otherwise than all. @returns plugins that decide for it alone */
function translateOwnAccess(
  { path, settings: { options, security, plugins: own } }: OpenedListener,
  { perListener, security: forAll }: MosquittoSettings,
  { plugins, directory, isLocalOnly }: SharedAccess,
  draft: ConfigurationDraft,
): PluginUses['access'] {
  const { from: usernameFrom } = usernameSource(options);
  const listenerAnonymous = options.find('listener_allow_anonymous');
  const isAsAll = usernameFrom === 'connect' && listenerAnonymous === undefined && own.length === 0;
  if (!perListener && isAsAll) return [];
  const used = pluginUses(own, directory, draft);
  if (used.persistence !== undefined) {
    draft.error(
      used.persistence,
      'misplaced-option',
      'expected it before any listener line: it is for all listeners',
    );
  }
  const rules = {
    plugins: [...used.access, ...plugins.access],
    security: perListener ? security : forAll,
    anonymous: isLocalOnly,
    usernameFrom,
    listenerAnonymous,
    directory,
  };
  translateAccess(path, rules, draft);
  return used.access;
}
