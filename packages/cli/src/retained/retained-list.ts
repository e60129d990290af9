/** `martlet retained ls`: a line for each retained message. */
import { bytesText, counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { jsonLinePrinter } from '../messages/json-line.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { utf8TextOf } from '../messages/utf8-text.ts';
import { BatchedWriter } from '../sub/batched-writer.ts';
import { textStyleFor } from '../text-style.ts';
import type { RetainedValues } from './retained-client.ts';
import { withRetainedClient } from './retained-client.ts';

/** Of a topic, at most; longer ones push the rest of their line to the right. */
const TOPIC_COLUMNS = 48;
const SIZE_COLUMNS = 12;
const EXPIRY_COLUMNS = 12;
const PREVIEW_CHARACTERS = 60;

export function listRetained(topicFilter: string, values: RetainedValues, io: CommandIo): Promise<number> {
  return withRetainedClient(values, io, async ({ collect, valve }) => {
    const writer = new BatchedWriter(io.stdout, {
      onClogged: () => valve.hold(),
      onFree: () => valve.release(),
      // What standard output says ends the command elsewhere.
      onFailed: () => valve.release(),
    });
    const printer = jsonLinePrinter();
    let messages = 0;
    let bytes = 0;
    if (!values.json) writer.buffer.appendText(headText(io));
    await collect(topicFilter, (message) => {
      messages += 1;
      bytes += message.payload.length;
      if (values.json) printer.append(writer.buffer, message, io.wallMs());
      else writer.buffer.appendText(`${lineText(message)}\n`);
      writer.added();
    });
    await writer.end();
    if (!values.json && !values.quiet)
      io.stderr.write(`${counted(messages, 'retained message')}, ${bytesText(bytes)}\n`);
    return ExitCode.Success;
  });
}

function headText(io: CommandIo): string {
  const style = textStyleFor(io.stdout as NodeJS.WriteStream);
  const line = `${'TOPIC'.padEnd(TOPIC_COLUMNS)} ${'SIZE'.padStart(SIZE_COLUMNS)} ${'EXPIRES IN'.padStart(EXPIRY_COLUMNS)}  PAYLOAD`;
  return `${style('bold', line)}\n`;
}

/** Control characters of whoever has published are never shown as such. */
function lineText({ topicName, payload, properties }: ReceivedMessage): string {
  const expiry = properties.messageExpiryInterval;
  const columns = [
    shown(topicName).padEnd(TOPIC_COLUMNS),
    bytesText(payload.length).padStart(SIZE_COLUMNS),
    (expiry === undefined ? 'never' : `${expiry} s`).padStart(EXPIRY_COLUMNS),
  ];
  return `${columns.join(' ')}  ${preview(payload)}`;
}

function preview(payload: Uint8Array): string {
  const text = utf8TextOf(payload);
  if (text === undefined)
    return `${Buffer.from(payload.subarray(0, PREVIEW_CHARACTERS / 4)).toString('hex')}… (bytes)`;
  return shown(text.length > PREVIEW_CHARACTERS ? `${text.slice(0, PREVIEW_CHARACTERS)}…` : text);
}

function shown(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
