/** `martlet store check`: is everything there that was kept? */
import type { CheckResult, Finding, StoreUse } from '@martlet/broker';
import { checkStore, StoreLock } from '@martlet/broker';
import { bytesText, counted } from './amount-text.ts';
import { escapeControls } from './escape-controls.ts';
import { ExitCode } from './exit-code.ts';
import { endAtSignal } from './interruption.ts';
import { withProgress } from './progress-bar.ts';
import { print } from './standard-output.ts';
import { chosenDirectory, withStoreIn } from './store-directory.ts';
import { checkJson } from './store-json.ts';
import type { StoreReportOptions } from './store-options.ts';
import { storeStateText } from './store-state-text.ts';
import type { TextStyle } from './text-style.ts';
import { textStyleFor } from './text-style.ts';

/** Findings that a person is shown; with `--json` there are more. */
const SHOWN_FINDINGS = 20;

/** @returns `Failure` for a damaged store */
export async function checkCommand({ dataDir, json }: StoreReportOptions): Promise<ExitCode> {
  const directory = chosenDirectory(dataDir);
  endAtSignal();
  const result = await withProgress('Checking the store', (progress) =>
    withStoreIn(directory, () =>
      checkStore(directory, {
        onProgress: (phase, done, total) =>
          phase === 'log' ? progress.show(done, total) : progress.show(done, total, 'message'),
      }),
    ),
  );
  const use = await StoreLock.use(directory);
  const text =
    json === true
      ? checkJson(directory, use, result)
      : checkText(directory, result, use, textStyleFor(process.stdout));
  await print(`${text}\n`);
  return result.isSound ? ExitCode.Success : ExitCode.Failure;
}

export function checkText(directory: string, result: CheckResult, use: StoreUse, style: TextStyle): string {
  const { isSound, damageCount, files, fileBytes, batches, isClean, figures } = result;
  const verdict = isSound
    ? 'sound'
    : `${style('red', 'damaged')}: ${counted(damageCount, 'place')} ${damageCount === 1 ? 'is' : 'are'} not as kept`;
  const stop = storeStateText(use, isClean);
  const { sessions, subscriptions, retained, queued, inFlight } = figures;
  return [
    `The store in ${directory} is ${verdict}.`,
    `  ${counted(files, 'file')}, ${bytesText(fileBytes)}, ${counted(batches, 'commit')}; ${stop}`,
    `  ${isSound ? '' : 'beside the damage: '}${counted(sessions, 'session')}, ${counted(subscriptions, 'subscription')}, ${counted(retained, 'retained message')}, ` +
      `${counted(queued, 'message')} queued, ${inFlight.toLocaleString('en-US')} in flight`,
    ...findingLines(result),
    ...(isSound ? [] : wayOut(directory)),
  ].join('\n');
}

function findingLines({ findings, findingCount }: CheckResult): readonly string[] {
  // What is damaged comes first; a note tells of a crash that did no harm.
  const shown = [...findings.filter(isDamage), ...findings.filter((finding) => !isDamage(finding))].slice(
    0,
    SHOWN_FINDINGS,
  );
  const lines = shown.map((finding) => `  ${findingText(finding)}`);
  const rest = findingCount - shown.length;
  if (rest > 0) lines.push(`  and ${rest.toLocaleString('en-US')} more (--json shows up to 1,000)`);
  return lines;
}

function isDamage({ isDamage: damaged }: Finding): boolean {
  return damaged;
}

export function findingText({ code, isDamage: damaged, file, offset, text }: Finding): string {
  const place = file === '' ? '' : `${file}, byte ${offset}: `;
  // Topic names and client identifiers are in it, which peers chose.
  return escapeControls(`${damaged ? '' : 'note: '}${place}${text} (${code})`);
}

function wayOut(directory: string): readonly string[] {
  return [
    '',
    'Nothing was changed. A broker refuses to start on it, so that nothing is lost unnoticed. Go on with the latest backup:',
    `  put the copy that martlet store backup made where the store was, or start with --data-dir on the copy`,
    'or with what can still be read:',
    `  martlet store export --salvage --data-dir ${directory} --output rescued.ndjson`,
    '  martlet store import --data-dir NEW_DIRECTORY --input rescued.ndjson',
    'and keep the damaged directory until you know that nothing is missed.',
  ];
}
