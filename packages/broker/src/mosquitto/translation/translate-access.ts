/** Who may connect, and what they may do: for all listeners, or for one. */
import { resolve } from 'node:path';
import type { KeyPath } from '../../config/key-path.ts';
import type { UsernameSource } from '../../config/listener-configuration.ts';
import type { Setting, Settings } from '../reading/settings.ts';
import type { ConfigurationDraft, DraftValue, Origin } from './configuration-draft.ts';
import type { AccessPlugin } from './plugin-uses.ts';

export interface AccessRules {
  readonly plugins: readonly AccessPlugin[];
  readonly security: Settings;
  /** Of `allow_anonymous`, if no line says. */
  readonly anonymous: boolean;
  /** Of a listener whose clients are named by what they prove in TLS. */
  readonly usernameFrom: UsernameSource;
  /** `listener_allow_anonymous`, which comes first. */
  readonly listenerAnonymous: Setting | undefined;
  /** What relative paths are relative to. */
  readonly directory: string;
}

/**
 * Mosquitto asks plugins in their order, then `password_file`, and takes the first definite answer; of rights it is the same.
 * @param path of what gets `authentication` and `authorization`: the root, or a listener
 */
export function translateAccess(path: KeyPath, rules: AccessRules, draft: ConfigurationDraft): void {
  const anonymous = rules.listenerAnonymous ?? rules.security.find('allow_anonymous');
  const at = (...keys: KeyPath): KeyPath => [...path, ...keys];
  draft.set(at('authentication', 'anonymous'), anonymous?.value ?? rules.anonymous, anonymous);
  for (const [index, [method, origin]] of authenticationMethods(rules).entries()) {
    draft.set(at('authentication', 'methods', index), method, origin);
  }
  // Mosquitto neither delays nor bans.
  draft.set(at('authentication', 'failures'), { delayMs: 0, banAfter: 0 });
  draft.set(at('authorization', 'default'), 'allow');
  for (const [index, [method, origin]] of authorizationMethods(rules).entries()) {
    draft.set(at('authorization', 'methods', index), method, origin);
  }
}

type Method = readonly [{ readonly [key: string]: DraftValue }, Origin];

function authenticationMethods({ plugins, security, usernameFrom, directory }: AccessRules): Method[] {
  const methods: Method[] = [];
  // A name that was proved in TLS needs no password.
  if (usernameFrom !== 'connect') {
    methods.push([{ type: usernameFrom === 'psk' ? 'psk' : 'certificate' }, undefined]);
  }
  for (const { kind, file, origin } of plugins) {
    if (kind === 'dynamicSecurity') methods.push([{ type: 'dynamicSecurity' }, origin]);
    if (kind === 'passwordFile') methods.push([{ type: 'passwordFile', file }, origin]);
  }
  const passwords = security.find('password_file');
  if (passwords !== undefined) {
    methods.push([{ type: 'passwordFile', file: resolve(directory, String(passwords.value)) }, passwords]);
  }
  return methods;
}

function authorizationMethods({ plugins, security, directory }: AccessRules): Method[] {
  const methods: Method[] = [];
  for (const { kind, file, origin } of plugins) {
    if (kind === 'dynamicSecurity') methods.push([{ type: 'dynamicSecurity' }, origin]);
    if (kind === 'aclFile') methods.push([aclFile(file), origin]);
  }
  const acl = security.find('acl_file');
  if (acl !== undefined) methods.push([aclFile(resolve(directory, String(acl.value))), acl]);
  return methods;
}

/** Mosquitto grants every subscription; what may not be read does not come. */
function aclFile(file: string): { readonly [key: string]: DraftValue } {
  return { type: 'aclFile', file, denySubscribe: false };
}

/** The one file of dynamic security, whichever listeners it decides for. */
export function translateDynamicSecurity(plugins: readonly AccessPlugin[], draft: ConfigurationDraft): void {
  let first: (AccessPlugin & { readonly kind: 'dynamicSecurity' }) | undefined;
  for (const plugin of plugins) {
    if (plugin.kind !== 'dynamicSecurity') continue;
    if (first !== undefined && first.file !== plugin.file) {
      const text = `expected the file of the plugin in line ${first.origin?.line} again, got another one; there is one dynamic security`;
      draft.error(plugin.origin!, 'contradiction', text);
    }
    first ??= plugin;
  }
  if (first === undefined) return;
  draft.set(['dynamicSecurity', 'file'], first.file, first.origin);
  if (first.initialPasswordFile !== undefined) {
    draft.set(['dynamicSecurity', 'initialPasswordFile'], first.initialPasswordFile, first.origin);
  }
}
