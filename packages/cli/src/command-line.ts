/**
 * The commands of `martlet`, and how each ends: what went wrong is one line on standard error, and an exit code.
 *
 * A command's own modules are loaded when it runs, so that `--help` and a mistyped option answer at once.
 */
import { Command, CommanderError } from 'commander';
import { CommandFailure } from './command-failure.ts';
import { ExitCode } from './exit-code.ts';
import { Interrupted } from './interruption.ts';
import { addOptions } from './option-table.ts';
import { problemLines } from './problem-lines.ts';
import type { StartOptions } from './start/start-options.ts';
import { START_OPTIONS } from './start/start-options.ts';
import { addStoreCommands } from './store-commands.ts';
import { UsageError } from './usage-error.ts';
import { versionText } from './version-text.ts';

const START_EXAMPLES = `
Examples:
  martlet start                          ports 1883 and 8080, this machine only
  martlet start -c martlet.yaml          as a file says, or a mosquitto.conf
  martlet start --port 1884 --no-ws      another port, and no WebSocket
  martlet start --host 0.0.0.0           every machine, without passwords
  martlet start --socket /tmp/mqtt.sock  on a Unix socket too
  martlet start --limit connections=500  at most 500 clients at a time
  martlet start --data-dir /srv/mqtt     what must survive is kept there
  martlet start --durability memory      nothing is written to disk`;

/** Runs the command that the arguments name; sets the exit code of the process when it has ended. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  process.exitCode = await exitCodeOf(args);
}

async function exitCodeOf(args: readonly string[]): Promise<number> {
  let code: ExitCode = ExitCode.Success;
  try {
    const program = createProgram((result) => {
      code = result;
    });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return exitCodeFor(error);
  }
}

/** @param onEnd Told how a command has ended. */
export function createProgram(onEnd: (code: ExitCode) => void): Command {
  const program = new Command('martlet')
    .description('An MQTT broker and its tools')
    .version(versionText(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print what can be said here')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => writeQuietly(text),
      writeErr: (text) => process.stderr.write(text),
      outputError: (text, write) => write(`martlet: ${oneLine(text)}\n`),
    });
  const start = program
    .command('start')
    .description('start a broker in this terminal; Ctrl+C stops it')
    .addHelpText('after', START_EXAMPLES)
    .action(async (options: StartOptions) => {
      const command = await import('./start/start-command.ts');
      const names = Object.keys(options) as (keyof StartOptions)[];
      const given = names.filter((name) => start.getOptionValueSource(name) === 'cli');
      onEnd((await command.start(options, new Set(given))) as ExitCode);
    });
  addOptions(start, START_OPTIONS);
  addStoreCommands(program, onEnd);
  addHelpCommand(program);
  return program;
}

/** Commander's own knows no commands of commands, such as `martlet help store check`. */
function addHelpCommand(program: Command): void {
  program
    .command('help')
    .argument('[command...]', 'such as start, or store check')
    .description('print what can be said of a command')
    .action((names: readonly string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((candidate) => candidate.name() === name);
        if (next === undefined) {
          throw new UsageError(`unknown command '${names.join(' ')}'; martlet help lists them`);
        }
        command = next;
      }
      command.help();
    });
}

/** Commander's `error: …` and its suggestion on a second line. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** `martlet --help | head -1` is no error. */
function writeQuietly(text: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(text);
}

function exitCodeFor(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode;
  // Commander has said what it had to say. Its code 0 is that of --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Success : ExitCode.Usage;
  if (error instanceof UsageError) {
    process.stderr.write(`martlet: ${error.message}\n`);
    return ExitCode.Usage;
  }
  const problems = problemLines(error);
  if (problems !== undefined) {
    process.stderr.write(problems.map((line) => `martlet: ${line}\n`).join(''));
    return ExitCode.Failure;
  }
  const failure = isEnvironmentError(error) ? error : CommandFailure.ofSystem(error);
  if (failure !== null) {
    process.stderr.write(`martlet: ${failure.message}\n`);
    return ExitCode.Failure;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`martlet: this is a bug in Martlet, please report it: ${text}\n`);
  return ExitCode.Failure;
}

/** Errors of the surroundings, by name: the classes themselves would load the broker for every mistyped option. */
const ENVIRONMENT_ERRORS: readonly string[] = [
  'CommandFailure',
  'EnvironmentError',
  'ImportError',
  'MosquittoDatabaseError',
  'StoreLockError',
  'StoreOpenError',
  'StoreFailure',
  'StoreToolError',
];

function isEnvironmentError(error: unknown): error is Error {
  return error instanceof Error && ENVIRONMENT_ERRORS.includes(error.name);
}
