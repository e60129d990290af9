/** `martlet retained export`: what is retained, as a recording of its own, in which everything comes at once. */
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { serverUrlsFor } from '../connection/server-urls-for.ts';
import { ExitCode } from '../exit-code.ts';
import { RecordingFile } from '../record/recording-file.ts';
import type { RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

export function exportRetained(
  topicFilter: string,
  path: string,
  values: RetainedValues,
  io: CommandIo,
): Promise<number> {
  return withRetainedClient(values, io, async ({ collect, valve }) => {
    const [server = ''] = await serverUrlsFor(values);
    const header = { startedAt: new Date(io.wallMs()).toISOString(), server, filters: [topicFilter] };
    const place = { path, force: values.force, stdout: io.stdout };
    const file = await RecordingFile.create(place, header, {
      onClogged: () => valve.hold(),
      onFree: () => valve.release(),
      onFailed: () => {},
    });
    try {
      await collect(topicFilter, (message) => file.add(message, 0, io.wallMs()));
    } finally {
      await file.close();
    }
    if (file.failure !== undefined) throw file.failure;
    if (!values.quiet) io.stderr.write(`${counted(file.messages, 'retained message')}: ${path}\n`);
    return ExitCode.Success;
  });
}
