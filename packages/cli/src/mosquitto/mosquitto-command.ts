/** `martlet mosquitto`, and `mosquitto` by a link of that name: the broker with Mosquitto's command line, files, habits and words. */
import type { Command, CommandIo } from '../command.ts';
import { HelpRequest } from '../flags/help-request.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { backgroundReady, startInBackground } from '../start/daemon.ts';
import { UsageError } from '../usage-error.ts';
import { asksForMosquittoHelp, checkPorts, MOSQUITTO_FLAGS, withHelpSpelledOut } from './mosquitto-flags.ts';
import { MosquittoStatus } from './mosquitto-status.ts';

export const command: Readonly<Command> = {
  name: 'mosquitto',
  summary: 'Start a broker as mosquitto: its command line, its file, its habits',
  usage: '[-c file] [-d] [-p port] [-q] [-v] [--test-config] [--tls-keylog file]',
  flags: MOSQUITTO_FLAGS,
  examples: [
    { line: '-c /etc/mosquitto/mosquitto.conf', text: 'by a file of Mosquitto' },
    { line: '-p 1884 -v', text: 'for this machine only, and tell everything' },
    { line: '-c mosquitto.conf --test-config', text: 'what is wrong with the file' },
  ],
  run,
};

/** The name of the link. */
const MOSQUITTO = 'mosquitto';

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  try {
    const { values } = parseFlags(MOSQUITTO_FLAGS, withHelpSpelledOut(words), {
      asMosquitto: io.programName === MOSQUITTO,
    });
    checkPorts(values.port);
    const tellReady = backgroundReady();
    if (values.daemon && tellReady === undefined) return await startInBackground();
    const { runMosquitto } = await import('./run-mosquitto.ts');
    return await runMosquitto(values, io, tellReady);
  } catch (error) {
    return endFor(error, words, io);
  }
}

/** It ends as `mosquitto` does, and under its own name says what that says. `--help` of `martlet mosquitto` is as of every command. */
async function endFor(error: unknown, words: readonly string[], io: CommandIo): Promise<number> {
  const { programName, stdout, stderr } = io;
  const isMosquitto = programName === MOSQUITTO;
  if (error instanceof HelpRequest && (isMosquitto || asksForMosquittoHelp(words))) {
    const { mosquittoHelp } = await import('./mosquitto-help.ts');
    stdout.write(mosquittoHelp());
    return MosquittoStatus.Invalid;
  }
  if (!(error instanceof UsageError)) throw error;
  stderr.write(isMosquitto ? `Error: ${error.mosquittoText}\n` : `${programName}: ${error.message}\n`);
  return MosquittoStatus.Invalid;
}
