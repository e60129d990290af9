/** MQTT-SN as a protocol of a server's listeners. */
export { mqttSnOpener } from './mqtt-sn-opener.ts';
export type { PredefinedTopicsFile, PredefinedTopicsProblem } from './predefined-topics-file.ts';
export { parsePredefinedTopics } from './predefined-topics-file.ts';
