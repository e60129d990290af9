/** All that is known of one topic, as lines. */
import { bytesText, counted } from '../amount-text.ts';
import { prettyPayload } from '../messages/pretty-printer.ts';
import { barChart } from '../terminal/bar-chart.ts';
import type { Line } from '../terminal/line.ts';
import { shortAge, shortRate } from '../terminal/short-amount.ts';
import { shownText } from '../terminal/shown-text.ts';
import { jsonChanges } from './json-changes.ts';
import type { TopicReading } from './live-topic.ts';
import type { PastMessage } from './topic-history.ts';
import type { TreeNode } from './topic-tree.ts';
import { valueText } from './value-text.ts';

/** Lines of a payload; the keys that scroll reach all of them. */
const MOST_PAYLOAD_LINES = 1000;
const MOST_CHANGES = 10;
const CHART_ROWS = 4;
const TIME_COLUMNS = 10;

/** As many as there are: whoever shows them chooses which. @param columns of each line */
export function topicDetails(node: TreeNode, columns: number, nowMs: number): readonly Line[] {
  const lines: Line[] = [[{ column: 0, text: shownText(node.name, columns), style: 'cyan' }]];
  const { topic } = node;
  if (topic === undefined || node.topics > 1)
    lines.push(
      plain(
        `${counted(node.topics, 'topic')}, ${counted(node.messages, 'message')}, ${shortRate(node.seconds.rate(nowMs))}/s`,
        columns,
      ),
    );
  if (topic === undefined) return lines;
  const reading = topic.reading(nowMs);
  return [
    ...lines,
    ...figures(reading, columns),
    [],
    ...payloadLines(reading, columns),
    ...changes(node.previous, reading, columns),
    ...chart(reading, columns),
    [],
    ...history(node.history.latest, columns),
  ];
}

function plain(text: string, columns: number): Line {
  return [{ column: 0, text: shownText(text, columns) }];
}

function titled(title: string, columns: number): Line {
  return [{ column: 0, text: shownText(title, columns), style: 'dim' }];
}

function figures(reading: TopicReading, columns: number): readonly Line[] {
  const { count, bytes, rate, qos, isRetained, payloadLength, wallMs, ageMs } = reading;
  return [
    `${counted(count, 'message')}, ${bytesText(bytes)}, ${shortRate(rate)}/s`,
    `${timeText(wallMs)}, ${shortAge(ageMs)} ago, QoS ${qos}${isRetained ? ', retained' : ''}, ${payloadLength === 1 ? '1 byte' : bytesText(payloadLength)}`,
    ...propertyTexts(reading),
  ].map((text) => plain(text, columns));
}

function propertyTexts({ properties }: TopicReading): readonly string[] {
  const { contentType, responseTopic, correlationData, messageExpiryInterval, payloadFormatIndicator } =
    properties;
  const texts: string[] = [];
  if (contentType !== undefined) texts.push(`content-type: ${contentType}`);
  if (responseTopic !== undefined) texts.push(`response-topic: ${responseTopic}`);
  if (correlationData !== undefined)
    texts.push(`correlation-data: ${Buffer.from(correlationData).toString('hex')}`);
  if (messageExpiryInterval !== undefined) texts.push(`message-expiry-interval: ${messageExpiryInterval} s`);
  if (payloadFormatIndicator !== undefined) texts.push(`payload-format-indicator: ${payloadFormatIndicator}`);
  for (const [name, value] of properties.userProperties ?? []) texts.push(`${name}: ${value}`);
  return texts;
}

/** JSON and CBOR over several lines, other text as it is, bytes in hexadecimal. */
function payloadLines(reading: TopicReading, columns: number): readonly Line[] {
  const { topicName, payload, payloadLength, qos, properties } = reading;
  const message = { topicName, payload, qos, retain: false, properties };
  const text = prettyPayload(message, (_style, shown) => shown);
  const lines = text.split('\n', MOST_PAYLOAD_LINES).map((line) => plain(line, columns));
  if (payload.length === payloadLength) return lines;
  return [...lines, titled(`the first ${bytesText(payload.length)} of ${bytesText(payloadLength)}`, columns)];
}

function changes(
  previous: Uint8Array | undefined,
  { payload }: TopicReading,
  columns: number,
): readonly Line[] {
  const texts = previous === undefined ? [] : jsonChanges(previous, payload);
  if (texts.length === 0) return [];
  return [
    [],
    titled('changed', columns),
    ...texts.slice(0, MOST_CHANGES).map((text) => plain(text, columns)),
  ];
}

function chart({ isNumeric, trend }: TopicReading, columns: number): readonly Line[] {
  if (!isNumeric || trend.length < 2) return [];
  const bars = barChart(trend, columns, CHART_ROWS).map((text): Line => [{ column: 0, text, style: 'cyan' }]);
  const shown = trend.slice(-columns);
  const range = `last ${shown.length}: ${Math.min(...shown)} to ${Math.max(...shown)}`;
  return [[], ...bars, titled(range, columns)];
}

function history(messages: readonly PastMessage[], columns: number): readonly Line[] {
  const room = columns - TIME_COLUMNS;
  return [
    titled(`last ${counted(messages.length, 'message')}`, columns),
    ...messages.map(({ wallMs, payload, payloadLength }): Line => {
      const isCut = payloadLength > payload.length;
      const text = payloadLength === 0 ? shownText('(empty)', room) : valueText(payload, room, isCut);
      return [
        { column: 0, text: shownText(timeText(wallMs), columns), style: 'dim' },
        { column: TIME_COLUMNS, text },
      ];
    }),
  ];
}

/** Of the day, where this machine stands: `09:05:01`. */
function timeText(wallMs: number): string {
  return new Date(wallMs).toTimeString().slice(0, 8);
}
