/** Predefined topics as other gateways have them: lines of `client id or *, topic name, identifier`. */
import { readFile } from 'node:fs/promises';
import type { PredefinedTopic } from '@martlet/gateway-sn';
import { parsePredefinedTopics } from '@martlet/gateway-sn/server';
import { CommandFailure } from '../command-failure.ts';

/**
 * Rejects with a `CommandFailure` that names the line.
 * @param path undefined: there are none
 */
export async function readPredefinedTopics(path: string | undefined): Promise<readonly PredefinedTopic[]> {
  if (path === undefined) return [];
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
  return topicsIn(text, path);
}

function topicsIn(text: string, path: string): readonly PredefinedTopic[] {
  const { topics, problems } = parsePredefinedTopics(text);
  const [first] = problems;
  if (first === undefined) return topics;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new CommandFailure(`${path}:${first.line}: ${first.text}${more}`);
}
