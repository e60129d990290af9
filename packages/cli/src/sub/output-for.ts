/** The output that the flags ask for. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import type { MessagePrinter } from '../messages/message-printer.ts';
import { formatPrinter } from '../messages/message-printer.ts';
import { isMosquittoName } from '../run-command.ts';
import type { TextStyle } from '../text-style.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import { LineOutput } from './line-output.ts';
import type { Output, PictureOwner } from './output.ts';
import type { SubValues } from './sub-flags.ts';

/**
 * @throws {UsageError} for a format that cannot be meant, and for a picture without a terminal
 * @throws {CommandFailure} for a file that cannot be written
 */
export async function outputFor(values: SubValues, io: CommandIo, owner: PictureOwner): Promise<Output> {
  if (values.table || values.tree) return pictureFor(values, io, owner);
  if (values.messageRate) {
    const { RateOutput } = await import('./rate-output.ts');
    return new RateOutput(await streamFor(values, io), io, owner);
  }
  const printer = await printerFor(values, io);
  const stream = await streamFor(values, io);
  if (values.watch && io.stdout.isTTY === true) {
    const { WatchOutput } = await import('./watch-output.ts');
    return new WatchOutput(io.stdout, printer, owner);
  }
  return new LineOutput(stream, printer, owner);
}

async function pictureFor(values: SubValues, io: CommandIo, owner: PictureOwner): Promise<Output> {
  if (io.stdout.isTTY !== true || io.env['TERM'] === 'dumb')
    throw new UsageError(
      `${values.table ? '--table' : '--tree'}: expected standard output to be a terminal that can be drawn on; --ndjson is for programs`,
    );
  const { PictureOutput } = await import('./picture-output.ts');
  const title = values.topicFilters.join(' ') || values.url?.topic || '';
  const picture = values.table
    ? new (await import('./table-picture.ts')).TablePicture(title, io.nowMs())
    : new (await import('./tree-picture.ts')).TreePicture(title, io.nowMs());
  return new PictureOutput(picture, io, styleFor(values, io), owner, values.quiet);
}

async function printerFor(values: SubValues, io: CommandIo): Promise<MessagePrinter> {
  if (values.ndjson) return (await import('../messages/json-line.ts')).jsonLinePrinter();
  if (values.csv) return (await import('../messages/csv-line.ts')).csvPrinter();
  if (values.pretty && values.format === undefined && !isMosquittoName(io.programName)) {
    const { prettyPrinter } = await import('../messages/pretty-printer.ts');
    return prettyPrinter(styleFor(values, io), values.verbose);
  }
  return formatPrinter(values, (text) => {
    if (!values.quiet) io.stderr.write(text);
  });
}

/** A file has no colours. */
function styleFor({ outputFile }: SubValues, { stdout }: CommandIo): TextStyle {
  return outputFile === undefined ? textStyleFor(stdout as NodeJS.WriteStream) : (_style, text) => text;
}

/** Opened now, so that a file that cannot be written is told before anything else happens. */
async function streamFor({ outputFile }: SubValues, io: CommandIo): Promise<Writable> {
  if (outputFile === undefined) return io.stdout;
  const stream = createWriteStream(outputFile);
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error) => reject(CommandFailure.ofFile(outputFile, error)));
  });
  return stream;
}
