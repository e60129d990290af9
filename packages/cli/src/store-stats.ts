/** `martlet store stats`: what is kept, for whom it waits, and the space it takes. */
import type { QueueStats, StoreStats, StoreUse } from '@martlet/broker';
import { StoreLock, storeStats } from '@martlet/broker';
import { bytesText, counted } from './amount-text.ts';
import { escapeControls } from './escape-controls.ts';
import { ExitCode } from './exit-code.ts';
import { endAtSignal } from './interruption.ts';
import { barText, withProgress } from './progress-bar.ts';
import { print } from './standard-output.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import { statsJson } from './store-json.ts';
import type { StoreReportOptions } from './store-options.ts';
import { storeStateText } from './store-state-text.ts';
import type { TextStyle } from './text-style.ts';
import { textStyleFor } from './text-style.ts';

const BAR_COLUMNS = 24;
/** Of a client identifier or shared group that is shown. */
const OWNER_COLUMNS = 32;

export async function statsCommand({ dataDir, json }: StoreReportOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  endAtSignal();
  const stats = await withProgress('Reading the store', (progress) =>
    withStoreIn(directory, () =>
      storeStats(directory, { onProgress: (done, total) => progress.show(done, total) }),
    ),
  );
  const use = await StoreLock.use(directory);
  const text =
    json === true
      ? statsJson(directory, use, stats)
      : statsText(directory, stats, use, textStyleFor(process.stdout));
  await print(`${text}\n`);
  return ExitCode.Success;
}

export function statsText(directory: string, stats: StoreStats, use: StoreUse, style: TextStyle): string {
  const { queued, inFlight, oldestMessage } = stats;
  const rows: readonly (readonly [string, string])[] = [
    ['state', storeStateText(use, stats.stop === 'clean')],
    [
      'sessions',
      `${number(stats.sessions)} (${connectedText(stats.connectedSessions, use)}), ${counted(stats.subscriptions, 'subscription')}`,
    ],
    [
      'waiting',
      `${number(queued)}, and ${number(inFlight)} in flight; once for each session or shared group`,
    ],
    ['retained', number(stats.retained)],
    ['messages', `${number(stats.messages)}, each kept once; ${bytesText(stats.payloadBytes)} of payload`],
    ['oldest', oldestMessage === undefined ? 'none' : oldestText(oldestMessage)],
    ['files', `${number(stats.segments.length)}, ${bytesText(stats.fileBytes)}`],
    ['', useText(stats, style)],
  ];
  return [
    style('bold', directory),
    ...rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`),
    ...queueLines(stats.biggestQueues, style),
    ...(stats.damageCount === 0
      ? []
      : [
          '',
          style(
            'red',
            `  ${counted(stats.damageCount, 'place')} cannot be read: martlet store check tells more`,
          ),
        ]),
  ].join('\n');
}

/** Without a broker nobody is connected; what is kept is who was when it ended, or was copied. */
function connectedText(count: number, { kind }: StoreUse): string {
  return kind === 'held' || kind === 'silent'
    ? `${number(count)} connected`
    : `${number(count)} connected when last written`;
}

function oldestText({ topicName, keptBeforeWallMs }: NonNullable<StoreStats['oldestMessage']>): string {
  const when =
    keptBeforeWallMs === undefined ? '' : `, kept before ${new Date(keptBeforeWallMs).toISOString()}`;
  return escapeControls(`on ${topicName}${when}`);
}

/** How much of the files is what is kept now; cleaning gives the rest back. */
function useText({ liveBytes, fileBytes }: StoreStats, style: TextStyle): string {
  const share = fileBytes === 0 ? 0 : Math.min(1, liveBytes / fileBytes);
  return `${barText(share, BAR_COLUMNS, style)} ${bytesText(liveBytes)} of it in use`;
}

function queueLines(queues: readonly QueueStats[], style: TextStyle): readonly string[] {
  const [biggest] = queues;
  if (biggest === undefined) return [];
  const most = biggest.queued + biggest.inFlight;
  const owners = queues.map(({ owner }) => ownerText(owner));
  const width = Math.max(...owners.map((owner) => owner.length));
  return [
    '',
    `  The biggest queues`,
    ...queues.map(({ queued, inFlight, payloadBytes }, index) => {
      const bar = barText((queued + inFlight) / most, BAR_COLUMNS, style);
      const flight = inFlight === 0 ? '' : `, ${number(inFlight)} in flight`;
      return `  ${owners[index]!.padEnd(width)}  ${bar}  ${number(queued)}${flight}, ${bytesText(payloadBytes)}`;
    }),
  ];
}

function ownerText(owner: string): string {
  const text = escapeControls(owner);
  return text.length <= OWNER_COLUMNS ? text : `${text.slice(0, OWNER_COLUMNS - 1)}…`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
