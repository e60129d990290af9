/** `martlet test`: does a server keep to the specification? */
import { open, writeFile } from 'node:fs/promises';
import type { Command, CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { Interrupted } from '../interruption.ts';
import { ProgressBar } from '../progress-bar.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import type { CheckGroup } from './checks.ts';
import { CHECK_GROUPS } from './checks.ts';
import type { ServerReport, TestReport, Version } from './report.ts';
import { isConformant } from './report.ts';
import { targetsFor } from './target-for.ts';
import type { TestFlags } from './test-flags.ts';
import { TEST_FLAGS } from './test-flags.ts';
import { countChecks, testServer } from './test-server.ts';

export const command: Readonly<Command> = {
  name: 'test',
  summary: 'Check whether a server keeps to the specification',
  usage: '[host | host:port | URL]... [options]',
  flags: TEST_FLAGS,
  examples: [
    { line: 'localhost', text: 'MQTT 5.0 and 3.1.1, and what the server can' },
    { line: 'localhost:1883 localhost:1884 --html brokers.html', text: 'two servers side by side' },
    { line: 'localhost -V 5 --only will -v', text: 'the checks of wills, each with its statements' },
    {
      line: 'localhost --junit results.xml',
      text: 'for continuous integration; exit code 1 if anything failed',
    },
  ],
  run,
};

type TestValues = FlagValues<TestFlags>;

const DEFAULT_TIMEOUT_MS = 2000;
const DEFAULT_PARALLEL = 8;
const DEFAULT_PREFIX = 'martlet-test';
const MOST_SERVERS = 16;

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags(TEST_FLAGS, words, io, {
    positionals: { name: 'host', minimum: 0, maximum: MOST_SERVERS },
  });
  const versions = versionsOf(values);
  const groups = groupsFor(values.only, versions);
  if (values.list) {
    const { listText } = await import('./reports/list-text.ts');
    io.stdout.write(listText(groups, versions));
    return ExitCode.Success;
  }
  const targets = await targetsFor(positionals, values, io);
  for (const path of [values.json, values.junit, values.html]) if (path !== undefined) await beWritable(path);
  const report = await testAll(targets, values, groups, versions, io);
  await writeReports(report, values);
  const { textReport } = await import('./reports/text-report.ts');
  const style = textStyleFor(io.stdout as NodeJS.WriteStream);
  const [first] = report.servers;
  if (report.servers.length === 1 && first?.unreachable !== undefined)
    throw new CommandFailure(first.unreachable);
  io.stdout.write(textReport(report, { style, verbose: values.verbose }));
  const { reason } = io.signal;
  if (reason instanceof Interrupted) return reason.exitCode;
  return isConformant(report) ? ExitCode.Success : ExitCode.Failure;
}

function versionsOf({ protocolVersion }: TestValues): readonly Version[] {
  if (protocolVersion === undefined) return [5, 4];
  if (protocolVersion === 3)
    throw new UsageError('-V: expected 5 or 311, for which there are checks, got 31');
  return [protocolVersion];
}

/** The checks that were asked for, under their headings. */
function groupsFor(only: readonly string[], versions: readonly Version[]): readonly CheckGroup[] {
  if (only.length === 0) return CHECK_GROUPS;
  const wanted = only.map((word) => word.toLowerCase());
  const groups = CHECK_GROUPS.map(({ heading, checks }) => ({
    heading,
    checks: checks.filter(({ id, v5 = [], v311 = [] }) => {
      const names = [id, ...v5, ...v311].map((name) => name.toLowerCase());
      return wanted.some((word) =>
        names.some((name) => name === word || (name === id && name.includes(word))),
      );
    }),
  })).filter(({ checks }) => checks.length > 0);
  if (countChecks({ groups, versions }) === 0)
    throw new UsageError(
      `--only: expected a part of an id, or the number of a statement, got '${only.join("', '")}'; --list shows them`,
    );
  return groups;
}

async function testAll(
  targets: Awaited<ReturnType<typeof targetsFor>>,
  values: TestValues,
  groups: readonly CheckGroup[],
  versions: readonly Version[],
  io: CommandIo,
): Promise<TestReport> {
  const startedAt = new Date(io.wallMs()).toISOString();
  const progress = new ProgressBar(io.stderr, textStyleFor(io.stderr as NodeJS.WriteStream), 'Checking', () =>
    io.nowMs(),
  );
  const total = targets.reduce(
    (sum, { isWebSocket }) => sum + countChecks({ groups, versions }, isWebSocket),
    0,
  );
  let done = 0;
  const servers: ServerReport[] = [];
  try {
    for (const target of targets) {
      if (io.signal.aborted) break;
      servers.push(
        await testServer(
          target,
          {
            groups,
            versions,
            timeoutMs: values.timeout ?? DEFAULT_TIMEOUT_MS,
            parallel: values.parallel ?? DEFAULT_PARALLEL,
            topicPrefix: values.topicPrefix ?? DEFAULT_PREFIX,
            withCapabilities: !values.noCapabilities && values.only.length === 0,
            onChecked: () =>
              progress.show(++done, total, 'check', targets.length > 1 ? target.name : undefined),
          },
          io,
        ),
      );
    }
  } finally {
    progress.end();
  }
  // Whoever reads the output has gone, or it cannot be written: nobody is left to tell.
  if (io.signal.aborted && !(io.signal.reason instanceof Interrupted)) throw io.signal.reason;
  return {
    format: 'martlet-test-1',
    startedAt,
    servers,
    ...(io.signal.aborted ? { interrupted: true } : {}),
  };
}

async function writeReports(report: TestReport, { json, junit, html }: TestValues): Promise<void> {
  if (json !== undefined) await writeText(json, `${JSON.stringify(report, null, 1)}\n`);
  if (junit !== undefined) {
    const { junitReport } = await import('./reports/junit-report.ts');
    await writeText(junit, junitReport(report));
  }
  if (html !== undefined) {
    const { htmlReport } = await import('./reports/html-report.ts');
    await writeText(html, htmlReport(report));
  }
}

/** Before a run that may be long, and without a change to what is there. */
async function beWritable(path: string): Promise<void> {
  try {
    const file = await open(path, 'a');
    await file.close();
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}

async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw CommandFailure.ofFile(path, error);
  }
}
