/** What is logged, where and how. */
import { resolve } from 'node:path';
import type { LogType } from '../../config/log-configuration.ts';
import { quoted } from '../reading/configuration-lines.ts';
import type { MosquittoSettings, Setting, Settings } from '../reading/settings.ts';
import type { ConfigurationDraft, DraftValue } from './configuration-draft.ts';
import type { TranslationSurroundings } from './translation-surroundings.ts';

const USUAL_TYPES: readonly LogType[] = ['error', 'warning', 'notice', 'info'];
const ALL_TYPES: readonly LogType[] = [...USUAL_TYPES, 'debug', 'subscribe', 'unsubscribe', 'websockets'];

/** Mosquitto's words for what is logged, and ours. */
const TYPES: ReadonlyMap<string, readonly LogType[]> = new Map([
  ['error', ['error']],
  ['warning', ['warning']],
  ['notice', ['notice']],
  ['information', ['info']],
  ['debug', ['debug']],
  ['subscribe', ['subscribe']],
  ['unsubscribe', ['unsubscribe']],
  ['websockets', ['websockets']],
  // Nothing of ours is for the makers only.
  ['internal', []],
  ['all', ALL_TYPES],
]);

export function translateLog(
  { global }: MosquittoSettings,
  surroundings: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  draft.set(['log', 'format'], 'mosquitto');
  translateTypes(global.all('log_type'), surroundings, draft);
  translateDestinations(global, surroundings, draft);
  translateTimestamps(global, draft);
  const messages = global.find('connection_messages');
  if (messages !== undefined) draft.set(['log', 'connectionMessages'], messages.value, messages);
}

function translateTypes(
  settings: readonly Setting[],
  { logged }: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  const chosen = new Set<LogType>(settings.length === 0 ? USUAL_TYPES : []);
  for (const setting of settings) {
    // Mosquitto looks at the first word only.
    const [word = ''] = String(setting.value).trim().split(' ');
    const types = TYPES.get(word);
    if (word === 'none') chosen.clear();
    else if (types === undefined) {
      const text = `expected ${[...TYPES.keys(), 'none'].join(', ')}, got ${quoted(String(setting.value))}`;
      draft.error(setting, 'bad-value', text);
    } else for (const type of types) chosen.add(type);
  }
  if (logged === 'everything') draft.set(['log', 'types'], ALL_TYPES);
  else if (logged === 'nothing') draft.set(['log', 'types'], []);
  else
    draft.set(
      ['log', 'types'],
      ALL_TYPES.filter((type) => chosen.has(type)),
      settings.at(-1),
    );
}

function translateDestinations(
  global: Settings,
  { directory }: TranslationSurroundings,
  draft: ConfigurationDraft,
): void {
  let chosen: { readonly [key: string]: DraftValue }[] = [];
  let hasFile = false;
  const settings = global.all('log_dest');
  for (const setting of settings) {
    const [word = '', ...rest] = String(setting.value).trim().split(' ');
    switch (word) {
      case 'stdout':
      case 'stderr':
      case 'topic':
        if (!chosen.some(({ type }) => type === word)) chosen.push({ type: word });
        break;
      case 'syslog':
        if (!chosen.some(({ type }) => type === word)) chosen.push(syslog(global));
        break;
      case 'none':
        chosen = [];
        break;
      case 'dlt':
      case 'android':
        draft.notice(setting, 'replaced-option', `there is no ${word} here; nothing is logged there`);
        break;
      case 'file': {
        const path = rest.join(' ').trim();
        if (path === '') draft.error(setting, 'missing-value', 'expected the path of a file, got nothing');
        else if (hasFile) draft.error(setting, 'duplicate-option', 'expected one file, got another one');
        else chosen.push({ type: 'file', path: resolve(directory, path) });
        hasFile = true;
        break;
      }
      default: {
        const expected = 'stdout, stderr, syslog, topic, file and its path, or none';
        draft.error(setting, 'bad-value', `expected ${expected}, got ${quoted(String(setting.value))}`);
      }
    }
  }
  if (settings.length === 0) draft.set(['log', 'destinations'], [{ type: 'stderr' }]);
  else draft.set(['log', 'destinations'], chosen, settings.at(-1));
}

function syslog(global: Settings): { readonly [key: string]: DraftValue } {
  const number = global.number('log_facility');
  return { type: 'syslog', facility: number === undefined ? 'daemon' : `local${number}`, tag: 'mosquitto' };
}

function translateTimestamps(global: Settings, draft: ConfigurationDraft): void {
  const isOn = global.find('log_timestamp');
  const format = global.find('log_timestamp_format');
  if (isOn?.value === false) draft.set(['log', 'timestamps'], 'none', isOn);
  else if (format !== undefined) draft.set(['log', 'timestamps'], String(format.value), format);
  else draft.set(['log', 'timestamps'], 'epoch', isOn);
}
