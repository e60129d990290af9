/** Collects what the checks find, each with the place of its key. */
import type { ConfigurationProblem } from './configuration-error.ts';
import type { KeyPath } from './key-path.ts';
import { keyText } from './key-path.ts';
import type { Source } from './source.ts';

export class Findings {
  readonly problems: ConfigurationProblem[] = [];
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  error(path: KeyPath, code: string, text: string): void {
    this.#add(path, 'error', code, text);
  }

  notice(path: KeyPath, code: string, text: string): void {
    this.#add(path, 'notice', code, text);
  }

  /** Two entries of a list may not have the same of something. */
  unique<Entry>(
    entries: readonly Entry[],
    path: KeyPath,
    key: string,
    nameOf: (entry: Entry) => string | null,
  ): void {
    const seen = new Map<string, number>();
    for (const [at, entry] of entries.entries()) {
      const name = nameOf(entry);
      if (name === null) continue;
      const before = seen.get(name);
      if (before === undefined) seen.set(name, at);
      else {
        const earlier = keyText([...path, before]);
        this.error(
          [...path, at, key],
          'duplicate',
          `expected another one than ${earlier} has, got '${name}' again`,
        );
      }
    }
  }

  #add(path: KeyPath, severity: ConfigurationProblem['severity'], code: string, text: string): void {
    this.problems.push({ ...this.#source.placeOf(path), key: keyText(path), severity, code, text });
  }
}
