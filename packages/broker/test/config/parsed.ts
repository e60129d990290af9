import type { Configuration, ConfigurationProblem, LoadOptions } from '@martlet/broker/config';
import { ConfigurationError, parseConfiguration, problemText } from '@martlet/broker/config';

export const FILE = '/etc/martlet/martlet.yaml';

export function parsed(text: string, options: LoadOptions = {}): Configuration {
  return parseConfiguration(text, FILE, options).configuration;
}

/** What is wrong with it; none: nothing. */
export function problemsOf(text: string, options: LoadOptions = {}): readonly ConfigurationProblem[] {
  try {
    parseConfiguration(text, FILE, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

/** The same in lines, without the directory of the file. */
export function errorLines(text: string, options: LoadOptions = {}): readonly string[] {
  return problemsOf(text, options).map((problem) => problemText(problem).replace('/etc/martlet/', ''));
}
