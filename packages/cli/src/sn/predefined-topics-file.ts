/** Predefined topics as other gateways have them: lines of `client id or *, topic name, identifier`. */
import type { PredefinedTopic } from '@martlet/gateway-sn';
import { parsePredefinedTopics } from '@martlet/gateway-sn/server';
import { CommandFailure } from '../command-failure.ts';

/** @throws {CommandFailure} that names the line */
export function predefinedTopicsIn(text: string, path: string): readonly PredefinedTopic[] {
  const { topics, problems } = parsePredefinedTopics(text);
  const [first] = problems;
  if (first === undefined) return topics;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  throw new CommandFailure(`${path}:${first.line}: ${first.text}${more}`);
}
