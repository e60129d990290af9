/** The predefined topics of a listener: those of the configuration, and those of the file that it names. */
import type { ConfigurationProblem, KeyPath, MqttSnConfiguration } from '@martlet/broker/config';
import { ConfigurationError, keyText } from '@martlet/broker/config';
import { readListedFile, textOf } from '@martlet/broker/server';
import type { PredefinedTopic } from '../core/predefined-topics.ts';
import { parsePredefinedTopics } from './predefined-topics-file.ts';

const MAXIMUM_FILE_BYTES = 16 * 1024 * 1024;
/** Who has mended so many can ask again. */
const MAXIMUM_PROBLEMS = 100;

/**
 * @param at where the listener stands in the configuration
 * @throws {ConfigurationError} for a file that cannot be read, and for each of its lines that is none
 */
export async function predefinedTopicsOf(
  mqttSn: MqttSnConfiguration,
  at: KeyPath,
): Promise<readonly PredefinedTopic[]> {
  const own = mqttSn.predefinedTopics.map(
    ({ topicId, topicName, clientId }): PredefinedTopic => ({
      topicId,
      topicName,
      ...(clientId !== null && { clientId }),
    }),
  );
  const { predefinedTopicsFile: path } = mqttSn;
  if (path === null) return own;
  const key = keyText([...at, 'mqttSn', 'predefinedTopicsFile']);
  const file = await readListedFile(path, key, MAXIMUM_FILE_BYTES);
  const { topics, problems } = parsePredefinedTopics(textOf(file, key));
  const found = [
    ...problems.map(({ line, text }) => problemOf(path, line, text)),
    ...contradictions(own, topics).map((text) => problemOf(path, undefined, text)),
  ];
  if (found.length > 0) throw new ConfigurationError(found.slice(0, MAXIMUM_PROBLEMS));
  return [...own, ...topics];
}

function problemOf(file: string, line: number | undefined, text: string): ConfigurationProblem {
  return { file, line, key: '', severity: 'error', code: 'bad-predefined-topic', text };
}

/** Numbers that the configuration and the file give to different topics. */
function contradictions(
  own: readonly PredefinedTopic[],
  topics: readonly PredefinedTopic[],
): readonly string[] {
  const names = new Map(own.map((topic) => [`${topic.topicId} ${topic.clientId ?? ''}`, topic.topicName]));
  return topics.flatMap(({ topicId, topicName, clientId }) => {
    const before = names.get(`${topicId} ${clientId ?? ''}`);
    return before === undefined || before === topicName
      ? []
      : [`expected for ${topicId} the topic ${before}, as in mqttSn.predefinedTopics, got ${topicName}`];
  });
}
