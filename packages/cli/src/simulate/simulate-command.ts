/** `martlet simulate`: devices that connect, measure, publish and go, from a scenario in a file. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { exampleText } from './scenario-examples.ts';
import type { SimulateFlags } from './simulate-flags.ts';
import { SIMULATE_FLAGS } from './simulate-flags.ts';

export const command: Readonly<Command> = {
  name: 'simulate',
  summary: 'Simulate devices from a scenario',
  usage: 'scenario.json [options] | --example name',
  flags: SIMULATE_FLAGS,
  examples: [
    { line: '--example home > home.json', text: 'a scenario to begin with' },
    { line: 'home.json', text: 'its devices, until Ctrl+C' },
    {
      line: 'home.json --speed 10 --duration 5m --seed 7',
      text: 'ten times as fast, and the same each time',
    },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags<SimulateFlags>(SIMULATE_FLAGS, words, io, {
    positionals: { name: 'scenario', minimum: 0, maximum: 1 },
  });
  const [path] = positionals;
  if (values.example !== undefined) {
    if (path !== undefined) throw new UsageError('expected a scenario or --example, got both');
    io.stdout.write(exampleText(values.example));
    return ExitCode.Success;
  }
  if (path === undefined)
    throw new UsageError('expected a scenario, got none; --example home prints one to begin with');
  const { simulate } = await import('./simulation.ts');
  return simulate(path, values, io);
}
