/** A `mosquitto.conf` as a `martlet.yaml` that means the same, and a report of what became of each of its lines. */
import type { Document, Node } from 'yaml';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import type { KeyPath } from '../config/key-path.ts';
import { keyText } from '../config/key-path.ts';
import type { DraftedConfiguration } from './drafted-configuration.ts';
import { draftConfiguration } from './drafted-configuration.ts';
import { tellOfDatabases } from './load-mosquitto-configuration.ts';
import { optionNamed } from './options/options.ts';
import type { Place } from './reading/configuration-lines.ts';
import { shortened } from './reading/configuration-lines.ts';
import { mosquittoDatabases } from './translation/translate-store.ts';
import type { TranslationSurroundings } from './translation/translation-surroundings.ts';

/** What became of a line. */
export type MigrationFate =
  /** It is in the new file. */
  | 'works'
  /** Something else does what it did, or it had no effect. */
  | 'replaced'
  /** It is left out, and the new file does not mean the same. */
  | 'refused'
  /** It works as before; whoever changes over should look at it. */
  | 'to decide';

export interface MigratedLine {
  readonly file: string;
  /** Undefined: it is about the file as a whole. */
  readonly line: number | undefined;
  /** The option; empty: none. */
  readonly name: string;
  readonly fate: MigrationFate;
  /** Keys of the new file, or what was wrong, or what to do. */
  readonly text: string;
}

export interface Migration {
  /** The text of the new file. */
  readonly yaml: string;
  /** In the order of the files. Values are not shown. */
  readonly lines: readonly MigratedLine[];
  /** Whether passwords or keys stand in the new file. */
  readonly hasSecrets: boolean;
}

/**
 * @throws {ConfigurationError} if a file cannot be read
 * @example
 * const { yaml, lines } = await migrateMosquittoConfiguration('/etc/mosquitto/mosquitto.conf', { directory: '/', env: {} });
 */
export async function migrateMosquittoConfiguration(
  path: string,
  surroundings: TranslationSurroundings,
): Promise<Migration> {
  const drafted = await draftConfiguration(path, surroundings);
  const { draft, lines, settings, plugins, problems } = drafted;
  const { store } = draft.root as { readonly store: { readonly directory: string | false } };
  if (store.directory !== false) {
    tellOfDatabases(mosquittoDatabases(settings, plugins, store.directory), store.directory, problems);
  }
  return {
    yaml: await yamlOf(drafted, path),
    lines: [...migratedLines(drafted), ...decisions(drafted, path)],
    hasSecrets: lines.some(({ name }) => optionNamed(name)?.secret === true),
  };
}

function migratedLines({ lines, draft, problems }: DraftedConfiguration): readonly MigratedLine[] {
  const byPlace = grouped(problems, placeText);
  const keys = grouped(draft.origins, ([, origin]) => placeText(origin));
  const migrated = lines.map((line): MigratedLine => {
    const place = placeText(line);
    const found = byPlace.get(place) ?? [];
    byPlace.delete(place);
    return migratedLine(line, found, keys.get(place)?.map(([key]) => key) ?? []);
  });
  // What belongs to no line that was understood: bytes that are no text, a file as a whole.
  const others = [...byPlace.values()].flat().map(
    ({ file, line, key, severity, text }): MigratedLine => ({
      file,
      line,
      name: key,
      fate: severity === 'error' ? 'refused' : 'to decide',
      text,
    }),
  );
  return [...migrated, ...others];
}

function migratedLine(
  { file, line, name }: Place & { readonly name: string },
  problems: readonly ConfigurationProblem[],
  keys: readonly string[],
): MigratedLine {
  const shown = { file, line, name: shortened(name) };
  const error = problems.find(({ severity }) => severity === 'error');
  if (error !== undefined) return { ...shown, fate: 'refused', text: error.text };
  const notices = problems.filter(({ code }) => code !== 'deprecated-option').map(({ text }) => text);
  const isReplaced = problems.some(({ code }) => code === 'replaced-option' || code === 'without-effect');
  if (isReplaced) return { ...shown, fate: 'replaced', text: notices.join('; ') };
  // Outermost keys say enough: `listeners[0]`, not all that is in it.
  const outermost = keys.filter((key) => !keys.some((above) => key !== above && key.startsWith(`${above}.`)));
  const option = optionNamed(name);
  if (option?.scope === 'bridge') {
    return {
      ...shown,
      fate: 'replaced',
      text: `${outermost.join(', ')}; it is checked, and bridges do not run yet`,
    };
  }
  const place = outermost.length > 0 ? outermost.join(', ') : (option?.key ?? '');
  return { ...shown, fate: 'works', text: [place, ...notices].filter((text) => text !== '').join('; ') };
}

/** What works as in Mosquitto, and could be better. */
function decisions({ draft }: DraftedConfiguration, file: string): readonly MigratedLine[] {
  const about = (name: string, text: string): MigratedLine => ({
    file,
    line: undefined,
    name,
    fate: 'to decide',
    text,
  });
  const all = JSON.stringify(draft.root);
  const decided: MigratedLine[] = [
    about('profile', 'mosquitto keeps its limits and habits; without this key those of Martlet hold'),
    about(
      'authentication.failures',
      'nobody is delayed or banned for wrong passwords, as by Mosquitto; without this key they are',
    ),
  ];
  if (all.includes('"denySubscribe":false')) {
    const text =
      'false: a subscription that can get nothing is granted, as by Mosquitto; without this key it is refused';
    decided.push(about('denySubscribe', text));
  }
  if (draft.lengthOf(['bridges']) > 0) decided.push(about('bridges', 'they are checked, and do not run yet'));
  return decided;
}

function grouped<Each>(all: Iterable<Each>, by: (each: Each) => string): Map<string, Each[]> {
  const groups = new Map<string, Each[]>();
  for (const each of all) {
    const key = by(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return groups;
}

function placeText({ file, line }: { readonly file: string; readonly line: number | undefined }): string {
  return `${file}:${line}`;
}

async function yamlOf({ draft, problems }: DraftedConfiguration, path: string): Promise<string> {
  const { Document: YamlDocument, isNode } = await import('yaml');
  const document: Document = new YamlDocument(draft.root, { aliasDuplicateObjects: false });
  for (const [key, origin] of draft.origins) {
    const way = pathOf(key);
    const node = document.getIn(way, true);
    // What stands below a value of the same line need not say so again.
    if (isNode(node) && !isSaidAbove(way, placeText(origin), draft.origins)) {
      commentOn(node, originText(origin, path));
    }
  }
  const refused = problems.filter(({ severity }) => severity === 'error');
  const head = [
    ` Made by martlet config migrate from ${path}.`,
    ...refused.map(({ file, line, key, text }) => ` Left out: ${file}:${line ?? ''}: ${key}: ${text}`),
  ];
  document.commentBefore = head.map((text) => text.replaceAll(/[\r\n]/g, ' ')).join('\n');
  return document.toString({ lineWidth: 0 });
}

/** The same way as the text of a key says it. */
function pathOf(key: string): KeyPath {
  return [...key.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
    index === undefined ? name! : Number(index),
  );
}

function isSaidAbove(
  way: KeyPath,
  place: string,
  origins: DraftedConfiguration['draft']['origins'],
): boolean {
  return way.some((_part, length) => {
    const above = origins.get(keyText(way.slice(0, length)));
    return above !== undefined && placeText(above) === place;
  });
}

/** Behind a value; before a section or list, which has more lines than one. */
function commentOn(node: Node, text: string): void {
  const isCollection = 'items' in node;
  if (isCollection) node.commentBefore = ` ${text}`;
  else node.comment = ` ${text}`;
}

function originText({ file, line, name }: Place & { readonly name: string }, main: string): string {
  if (file === name) return `the variable ${name}`;
  return file === main ? `line ${line}: ${name}` : `${file}:${line}: ${name}`;
}
