/** `martlet bench`: how fast a server is, and whether it keeps its promises meanwhile. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { ExitCode } from '../exit-code.ts';
import { Interrupted } from '../interruption.ts';
import { BENCH_FLAGS } from './bench-flags.ts';
import { isGood } from './judgement.ts';
import { makePlan, onlyScenario, parseScenario } from './plan-making.ts';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';

export const command: Readonly<Command> = {
  name: 'bench',
  summary: 'Measure a server: rates, latencies, losses',
  usage: `[${SCENARIO_NAMES.join(' | ')}] [-h host] [-p port] [options]`,
  flags: BENCH_FLAGS,
  words: SCENARIO_NAMES,
  examples: [
    { line: '-q 1 --rate 5k', text: 'latencies at 5,000 messages a second, 10 publishers to 10 subscribers' },
    { line: '-q 1 --html report.html', text: 'as fast as it goes, with a report that has plots' },
    ...SCENARIOS.slice(1).map(({ name, text }) => ({ line: name, text })),
    { line: 'fan-in --broker-pid $(pidof mosquitto)', text: 'with CPU time and memory of the server' },
    { line: '--compare a.json b.json', text: 'two results that --json has written' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags(BENCH_FLAGS, words, io, {
    positionals: { name: words.includes('--compare') ? 'file' : 'scenario', minimum: 0, maximum: 2 },
  });
  if (values.compare) {
    const { compareFiles } = await import('./comparing.ts');
    return compareFiles(positionals, values, io);
  }
  const scenario = parseScenario(onlyScenario(positionals));
  const { availableParallelism } = await import('node:os');
  const runId = Math.floor(io.random() * 0x1_0000_0000);
  const plan = makePlan(scenario, values, runId, availableParallelism());
  // All of it is loaded, and the files are known to be writable, before an hour of measuring begins.
  const { measure } = await import('./measuring.ts');
  const { refuseUnwritable, writeResult } = await import('./result-writing.ts');
  await refuseUnwritable(values);
  const result = await measure(plan, values, io);
  await writeResult(result, values, io);
  const reason: unknown = io.signal.reason;
  if (reason instanceof Interrupted) return reason.exitCode;
  return isGood(result) ? ExitCode.Success : ExitCode.Failure;
}
