/** Predefined topics as other gateways have them: lines of `client id or *, topic name, identifier`. */
import type { PredefinedTopic } from '@martlet/gateway-sn';
import { CommandFailure } from '../command-failure.ts';

/** @throws {CommandFailure} that names the line */
export function parsePredefinedTopics(text: string, path: string): readonly PredefinedTopic[] {
  return text.split('\n').flatMap((line, i) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    const [clientId = '', topicName = '', number = '', ...more] = content
      .split(',')
      .map((part) => part.trim());
    if (clientId === '' || topicName === '' || !/^\d{1,5}$/u.test(number) || more.length > 0) {
      throw new CommandFailure(
        `${path}: line ${i + 1}: expected client id or *, topic name, identifier, with commas between, such as *,sensors/all,1`,
      );
    }
    return [{ topicName, topicId: Number(number), ...(clientId !== '*' && { clientId }) }];
  });
}
