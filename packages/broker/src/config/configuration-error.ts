/** What is wrong with a configuration, or worth knowing about it: always with its place. */

/** One thing that is wrong, or worth knowing, with its place. */
export interface ConfigurationProblem {
  /** The file as it was named; `environment` or `command line` for what stands in no file. */
  readonly file: string;
  /** From 1 on. Undefined: the file as a whole, or no file. */
  readonly line: number | undefined;
  /** From 1 on, in characters. */
  readonly column?: number;
  /** The path of the key, such as `listeners[0].tls.caFile`; empty: none. */
  readonly key: string;
  readonly severity: 'error' | 'notice';
  /** Stable: `unknown-key`, `bad-value`, … */
  readonly code: string;
  /** What was expected, what came, the nearest that is known. Never a secret. */
  readonly text: string;
}

/**
 * A configuration, or a file that it names, that cannot be used. Nothing of it has taken effect.
 *
 *     try {
 *       await loadConfiguration('martlet.yaml');
 *     } catch (error) {
 *       if (error instanceof ConfigurationError) for (const each of error.problems) console.error(problemText(each));
 *     }
 */
export class ConfigurationError extends Error {
  override readonly name: string = 'ConfigurationError';
  readonly code: string = 'bad-configuration';
  /** At least one, all of them errors, by file and line. */
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[], options?: ErrorOptions) {
    const [first] = problems;
    if (first === undefined) throw new TypeError('a ConfigurationError: expected at least one problem');
    const more = problems.length - 1;
    super(`${problemText(first)}${more === 0 ? '' : ` (and ${more} more)`}`, options);
    this.problems = problems;
  }
}

/** One line: `martlet.yaml:12:5: limits.queuedMesages: unknown key; did you mean queuedMessages?` */
export function problemText({ file, line, column, key, text }: ConfigurationProblem): string {
  const place = line === undefined ? file : `${file}:${line}${column === undefined ? '' : `:${column}`}`;
  return `${place}: ${key === '' ? '' : `${key}: `}${text}`;
}

/** By file in the order of their first problem, then by line. */
export function inOrder(problems: readonly ConfigurationProblem[]): readonly ConfigurationProblem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return [...problems].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Two sections may name the same file, in which the same is wrong: it is told once, by the first. */
export function withoutRepetitions(
  problems: readonly ConfigurationProblem[],
): readonly ConfigurationProblem[] {
  const told = new Set<string>();
  return problems.filter(({ file, line, text }) => {
    const what = JSON.stringify([file, line, text]);
    return !told.has(what) && told.add(what);
  });
}
