/** What is wrong with files of a listener, as the configuration names them: `caFile` of the options is `listeners[0].tls.caFile`. */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { Source } from '../../config/source.ts';

/** Problems with the options of TLS, with the keys of the listener at this place of the configuration. */
export function listenerProblems(
  problems: readonly ConfigurationProblem[],
  index: number,
): readonly ConfigurationProblem[] {
  return problems.map((problem) => {
    const { key } = problem;
    return key === '' || key.startsWith('listeners[')
      ? problem
      : { ...problem, key: `listeners[${index}].tls.${key}` };
  });
}

/** The same for an error that is about a configuration; every other is given back. */
export function withListenerKeys(error: unknown, index: number): unknown {
  if (!(error instanceof ConfigurationError) || index < 0) return error;
  return new ConfigurationError(listenerProblems(error.problems, index), { cause: error });
}

/** An error that is about a configuration speaks as its file does; every other is given back. */
export function inWordsOfFile(error: unknown, source: Source): unknown {
  if (!(error instanceof ConfigurationError)) return error;
  return new ConfigurationError(source.named(error.problems), { cause: error });
}
