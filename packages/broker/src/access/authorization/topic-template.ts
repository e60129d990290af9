/**
 * A topic filter in a rule, in which a level `%c` stands for the client identifier and a level `%u` for the user name.
 *
 * They stand for one whole level. A client whose identifier or user name has a `+`, `#` or `/` in it, or is empty, gets no
 * filter from such a template: it could otherwise choose a name that reaches further than the rule was meant to. Nor does a
 * template whose first level stands for a name make a filter that begins with `$`.
 */
import type { TopicProblem } from '@martlet/protocol';
import { checkTopicFilter } from '@martlet/protocol';
import type { Levels } from './topic-levels.ts';

/** Whose names stand in a template. */
export interface TemplateNames {
  readonly clientId: string;
  readonly username: string | undefined;
}

export class TopicTemplate {
  /** As it was written. */
  readonly text: string;
  /** Whether it is another filter for each client. */
  readonly isPersonal: boolean;
  readonly #levels: Levels;

  /** @param text a valid topic filter: see {@link topicTemplate} */
  constructor(text: string, substitutes = true) {
    this.text = text;
    this.#levels = text.split('/');
    this.isPersonal = substitutes && this.#levels.some((level) => level === '%c' || level === '%u');
  }

  /** The filter that it is for this client, by its levels, or null if it is none. */
  for({ clientId, username }: TemplateNames): Levels | null {
    if (!this.isPersonal) return this.#levels;
    const filter: string[] = [];
    for (const [at, level] of this.#levels.entries()) {
      if (level !== '%c' && level !== '%u') {
        filter.push(level);
        continue;
      }
      const name = level === '%c' ? clientId : username;
      if (name === undefined || !fillsOneLevel(name) || (at === 0 && name.startsWith('$'))) return null;
      filter.push(name);
    }
    return filter;
  }
}

/** @returns the template, or why its text is not a topic filter. */
export function topicTemplate(text: string): TopicTemplate | TopicProblem {
  return checkTopicFilter(text) ?? new TopicTemplate(text);
}

function fillsOneLevel(name: string): boolean {
  return name !== '' && !/[+#/]/.test(name);
}
