/** What the flags of `martlet sub` mean together. */
import type { Subscription } from '@martlet/protocol';
import type { GivenProperties } from '../messages/property-flag.ts';
import { collectProperties } from '../messages/property-flag.ts';
import { UsageError } from '../usage-error.ts';
import type { SubValues } from './sub-flags.ts';
import { topicFilterParser } from './topic-filter-flag.ts';

export interface SubPlan {
  readonly subscriptions: readonly Subscription[];
  readonly given: GivenProperties;
  /** The version of MQTT where `-V` is not given. */
  readonly protocolVersion: 4 | 5;
  /** Whether what is printed has packet identifiers in it. */
  readonly hasPacketIds: boolean;
}

const WAYS_TO_PRINT = ['-F', '-v', '--ndjson', '--csv', '--watch', '--message-rate'] as const;

/**
 * @param isMosquitto mean exactly what Mosquitto's tools do
 * @throws {UsageError} for flags that do not go together
 */
export function subPlanFor(values: SubValues, isMosquitto: boolean): SubPlan {
  const topicFilters = [...values.topicFilters, ...filterOfUrl(values)];
  if (topicFilters.length === 0 && values.unsubscribe.length === 0)
    throw new UsageError(
      'expected a topic to subscribe to (-t), got none',
      'You must specify a topic to subscribe to.',
    );
  if (values.noRetained && values.retainedOnly)
    throw new UsageError(
      'expected one of -R and --retained-only, got both: nothing would be printed',
      "Combining '-R' and '--retained-only' makes no sense.",
    );
  refuseTwoOutputs(values);
  refuseBesidePicture(values);
  const { retainHandling } = values;
  const isPicture = values.table || values.tree;
  // A picture shows whether the server keeps a message, which only MQTT 5 tells of one that comes later.
  const retainAsPublished = values.retainAsPublished || isPicture;
  const has5 = retainAsPublished || retainHandling !== undefined;
  const subscriptions = topicFilters.map((topicFilter) => ({
    topicFilter,
    qos: (values.qos ?? 0) as 0 | 1 | 2,
    noLocal: false,
    retainAsPublished,
    retainHandling: retainHandling ?? 0,
  }));
  return {
    subscriptions,
    given: collectProperties(values.properties),
    protocolVersion: values.properties.length > 0 || (has5 && !isMosquitto) ? 5 : 4,
    hasPacketIds:
      (values.qos ?? 0) > 0 && (values.ndjson || values.csv || /%[-\d.]*[mjJ]/.test(values.format ?? '')),
  };
}

/** The path of `-L mqtt://host/topic`. */
function filterOfUrl({ url }: SubValues): readonly string[] {
  return url === undefined || url.topic === '' ? [] : [topicFilterParser('subscription')(url.topic)];
}

/** A picture has the whole terminal, and shows messages in its own way. */
function refuseBesidePicture(values: SubValues): void {
  const {
    table,
    tree,
    format,
    verbose,
    noEndOfLine,
    pretty,
    ndjson,
    csv,
    watch,
    messageRate,
    outputFile,
    debug,
  } = values;
  const others = [
    format !== undefined && '-F',
    verbose && '-v',
    noEndOfLine && '-N',
    pretty && '--pretty',
    ndjson && '--ndjson',
    csv && '--csv',
    watch && '--watch',
    messageRate && '--message-rate',
    outputFile !== undefined && '--output-file',
    debug && '-d',
  ].filter((name) => name !== false);
  if (table && tree) others.push('--tree');
  const picture = table ? '--table' : '--tree';
  if ((table || tree) && others.length > 0)
    throw new UsageError(`${picture}: expected it without ${others.join(', ')}`);
}

function refuseTwoOutputs(values: SubValues): void {
  const { format, ndjson, csv, watch, messageRate, noEndOfLine, pretty, outputFile } = values;
  const isChosen = [format !== undefined, false, ndjson, csv, false, messageRate];
  const chosen = WAYS_TO_PRINT.filter((_, index) => isChosen[index]);
  if (watch && (ndjson || csv || messageRate)) chosen.push('--watch');
  if (chosen.length > 1) throw new UsageError(`expected one of ${chosen.join(' and ')}, got both`);
  const [machine] = chosen.filter((way) => way === '--ndjson' || way === '--csv');
  if (machine !== undefined && (noEndOfLine || pretty))
    throw new UsageError(
      `${machine}: expected it without ${noEndOfLine ? '-N' : '--pretty'}: programs read it line by line`,
    );
  if (watch && outputFile !== undefined)
    throw new UsageError('--watch: expected it without --output-file: a file has no lines to write over');
}
