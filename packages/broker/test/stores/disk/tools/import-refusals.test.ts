import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { StoreLock } from '../../../../src/stores/disk/store-lock.ts';
import { importStore } from '../../../../src/stores/disk/tools/import-store.ts';
import { exported } from './exported.ts';
import { temporaryDirectories } from './temporary-directories.ts';

const pathOf = temporaryDirectories();

const HEAD = '{"format":"martlet-store-export","version":1}';
const SESSION = '{"type":"session","clientId":"c","sessionExpiryInterval":9}';
const MESSAGE = '{"type":"message","message":1,"topicName":"a","qos":1,"retain":false,"payload":"x"}';
const counts = (more: Record<string, number> = {}) => ({
  sessions: 0,
  subscriptions: 0,
  receivedPacketIds: 0,
  messages: 0,
  retained: 0,
  queued: 0,
  inFlight: 0,
  lost: 0,
  ...more,
});
const end = (more: Record<string, number> = {}) => JSON.stringify({ type: 'end', ...counts(more) });

function importing(lines: readonly string[], directory: string) {
  return importStore(Readable.from([lines.join('\n')]), directory);
}

describe('An import', () => {
  test('takes lines however they come in pieces, with empty ones and the ends of lines of Windows', async () => {
    const text = [HEAD, SESSION, '', MESSAGE.replace('"x"', '"ü€"'), end({ sessions: 1, messages: 1 })].join(
      '\r\n',
    );
    const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
    const directory = pathOf('imported');
    await importStore(Readable.from(bytes), directory);
    expect(await exported(directory)).toContain('"sessions":1');
  });

  test('takes an empty directory, and one that a broker has used and that was emptied', async () => {
    const directory = pathOf('imported');
    const lock = await StoreLock.acquire(directory);
    await lock.release();
    await writeFile(join(directory, 'lock.0.sock'), '');
    expect(await importing([HEAD, end()], directory)).toEqual(counts());
  });

  test.each([
    ['no head', [SESSION], 'line 1: expected a field "format" in the line'],
    [
      'a newer version',
      ['{"format":"martlet-store-export","version":2}'],
      'line 1: expected version 1 of the export format, got 2: a newer Martlet wrote it',
    ],
    ['no JSON', [HEAD, 'nonsense'], 'line 2: expected a JSON object, got nonsense'],
    ['no object', [HEAD, '[1]'], 'line 2: expected the line to be an object, got [1]'],
    ['an unknown line', [HEAD, '{"type":"x"}'], 'line 2: expected "type" to be one of session, subscription'],
    [
      'an unknown field',
      [HEAD, SESSION.replace('}', ',"x":1}')],
      'line 2: expected no field "x" in the line',
    ],
    ['a missing field', [HEAD, '{"type":"session"}'], 'line 2: expected a field "clientId" in the line'],
    ['a session twice', [HEAD, SESSION, SESSION], 'line 3: expected session "c" once, got it again'],
    [
      'an expiry that is too long',
      [HEAD, SESSION.replace('9', '4294967296')],
      'line 2: expected "sessionExpiryInterval" to be an integer from 0 to 4294967295, got 4294967296',
    ],
    [
      'a time that is none',
      [HEAD, SESSION.replace('}', ',"disconnectedAt":"soon"}')],
      'line 2: expected "disconnectedAt" to be a time such as',
    ],
    [
      'a null character',
      [HEAD, SESSION.replace('"c"', '"\\u0000"')],
      'line 2: expected "clientId" to be a string of at most 65535 bytes of UTF-8 without U+0000',
    ],
    [
      'a session that was not before',
      [HEAD, '{"type":"received","clientId":"c","packetIds":[1]}'],
      'line 2: expected the line of session "c" before',
    ],
    [
      'a packet identifier of 0',
      [HEAD, SESSION, '{"type":"received","clientId":"c","packetIds":[1,0]}'],
      'line 3: expected "packetIds" to be an array of integers from 1 to 65535',
    ],
    [
      'a filter that is none',
      [
        HEAD,
        SESSION,
        '{"type":"subscription","clientId":"c","topicFilter":"a/#/b","qos":0,"noLocal":false,"retainAsPublished":false,"retainHandling":0}',
      ],
      'line 3: expected a topic filter, "a/#/b" has a # that is not its last character',
    ],
    [
      'a message out of turn',
      [HEAD, MESSAGE, MESSAGE],
      'line 3: expected "message" to be an integer from 2 to 2, got 1',
    ],
    [
      'a topic with a wildcard',
      [HEAD, MESSAGE.replace('"a"', '"a/+"')],
      'line 2: expected a topic name, "a/+" contains a wildcard',
    ],
    [
      'a QoS of 3',
      [HEAD, MESSAGE.replace('"qos":1', '"qos":3')],
      'line 2: expected "qos" to be an integer from 0 to 2',
    ],
    [
      'no payload',
      [HEAD, MESSAGE.replace(',"payload":"x"', '')],
      'line 2: expected either "payload" or "payloadBase64" in the line',
    ],
    [
      'two payloads',
      [HEAD, MESSAGE.replace('}', ',"payloadBase64":""}')],
      'line 2: expected either "payload" or "payloadBase64" in the line',
    ],
    [
      'base64 that is none',
      [HEAD, MESSAGE.replace('"payload":"x"', '"payloadBase64":"_x"')],
      'line 2: expected "payloadBase64" to be base64, got "_x"',
    ],
    [
      'a property that there is not',
      [HEAD, MESSAGE.replace('}', ',"properties":{"colour":"red"}}')],
      'line 2: in "properties" of the line:',
    ],
    [
      'a property of the packet, not of the message',
      [HEAD, MESSAGE.replace('}', ',"properties":{"topicAlias":1}}')],
      'line 2: in "properties" of the line: topicAlias is not a property of the message itself',
    ],
    [
      'bytes that are no properties',
      [HEAD, MESSAGE.replace('}', ',"propertiesBase64":"/w=="}')],
      'line 2: in "propertiesBase64" of the line: expected a whole Variable Byte Integer',
    ],
    [
      'a message that was not before',
      [HEAD, SESSION, '{"type":"queued","clientId":"c","message":1,"qos":1,"retain":false}'],
      'line 3: expected the line of message 1 before',
    ],
    [
      'a packet identifier twice',
      [
        HEAD,
        SESSION,
        MESSAGE,
        ...Array<string>(2).fill(
          '{"type":"in-flight","clientId":"c","message":1,"packetId":5,"state":"awaiting-puback","qos":1,"retain":false}',
        ),
      ],
      'line 5: expected packet identifier 5 once for this session, got it again',
    ],
    [
      'a shared group without a name',
      [
        HEAD,
        MESSAGE,
        '{"type":"queued","group":{"shareName":"","topicFilter":"a"},"message":1,"qos":1,"retain":false}',
      ],
      'line 3: expected a shared group, "" of "a" has an empty share name',
    ],
    [
      'a retained message twice',
      [HEAD, MESSAGE, ...Array<string>(2).fill('{"type":"retained","topicName":"a","message":1}')],
      'line 4: expected one retained message for "a", got another',
    ],
    [
      'wrong counts',
      [HEAD, MESSAGE, end()],
      'line 3: expected 1 as "messages", which is how many there were, got 0',
    ],
    ['something behind the end', [HEAD, end(), SESSION], 'line 3: expected nothing behind the end'],
    [
      'no end',
      [HEAD, MESSAGE],
      'line 3: expected a last line with "type":"end", got none: the export was cut',
    ],
    ['nothing', [], 'line 1: expected a last line with "type":"end"'],
  ])('refuses %s, and leaves nothing behind', async (_title, lines, message) => {
    const directory = pathOf('imported');
    await expect(importing(lines, directory)).rejects.toThrow(message);
    await expect(readdir(directory)).rejects.toThrow('ENOENT');
  });

  test('refuses an export that was cut at any line, and one that was cut within a line', async () => {
    const lines = [HEAD, SESSION, MESSAGE, end({ sessions: 1, messages: 1 })];
    const text = lines.join('\n');
    for (let length = 0; length < text.length; length += 7) {
      const directory = pathOf('imported');
      await expect(importing([text.slice(0, length)], directory), `${length}`).rejects.toThrow(/^line \d: /);
    }
  });

  test('refuses a directory with something in it', async () => {
    const directory = pathOf('imported');
    await mkdir(directory);
    await writeFile(join(directory, 'mine.txt'), 'x');
    await expect(importing([HEAD, end()], directory)).rejects.toMatchObject({
      code: 'target-not-empty',
      message: expect.stringContaining('found "mine.txt" in it'),
    });
  });

  test('refuses a directory that a broker uses', async () => {
    const directory = pathOf('imported');
    const lock = await StoreLock.acquire(directory);
    await expect(importing([HEAD, end()], directory)).rejects.toMatchObject({ code: 'store-in-use' });
    await lock.release();
  });

  test('says what to do where another import was interrupted', async () => {
    const directory = pathOf('imported');
    await mkdir(join(directory, 'unfinished'), { recursive: true });
    await expect(importing([HEAD, end()], directory)).rejects.toThrow(
      'which an interrupted attempt left: delete it',
    );
  });
});
