/** `martlet retained export`: what is retained, as a recording of its own, in which everything comes at once. */
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
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
  return withRetainedClient(values, io, async ({ collect }) => {
    const [server = ''] = await serverUrlsFor(values);
    const header = { startedAt: new Date(io.wallMs()).toISOString(), server, filters: [topicFilter] };
    let failure: unknown;
    let free: Promise<void> | undefined;
    let onFree = (): void => {};
    const file = await RecordingFile.create(path, values.force, header, io.stdout, {
      onClogged: () => {
        free = new Promise((resolve) => {
          onFree = resolve;
        });
      },
      onFree: () => {
        free = undefined;
        onFree();
      },
      onFailed: (error) => {
        failure ??= CommandFailure.ofFile(path, error);
        onFree();
      },
    });
    try {
      await collect(topicFilter, (message) => {
        file.add(message, 0, io.wallMs());
        return free;
      });
    } finally {
      await file.close(path !== '-');
    }
    if (failure !== undefined) throw failure;
    if (!values.quiet) io.stderr.write(`${counted(file.messages, 'retained message')}: ${path}\n`);
    return ExitCode.Success;
  });
}
