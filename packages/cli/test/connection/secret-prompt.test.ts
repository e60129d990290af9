import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { askSecret } from '../../src/connection/secret-prompt.ts';
import { Interrupted } from '../../src/interruption.ts';

function terminal() {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode: (isRaw: boolean) => raw.push(isRaw) });
  const output = new PassThrough();
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
  };
  return { input, output, close, raw, shown: () => shown, isClosed: () => isClosed };
}

describe('A password that is asked for', () => {
  test.each([
    ['secret\r', 'secret'],
    ['sex\x7fcret\n', 'secret'],
    ['wrong\x15secret\r', 'secret'],
    ['\x7f\x7fa\r', 'a'],
    ['p\x1bä🔑\x01\r', 'pä🔑'],
    ['\r', ''],
    ['first\rsecond', 'first'],
  ])('by the keys %j is %j', async (keys, secret) => {
    const at = terminal();
    const asked = askSecret('Password: ', at);
    at.input.write(keys);
    expect(await asked).toBe(secret);
    expect(at.shown()).toBe('Password: \n');
    expect(at.raw).toEqual([true, false]);
    expect(at.isClosed()).toBe(true);
  });

  test('is interrupted by Ctrl-C, and is none after Ctrl-D or when the terminal is gone', async () => {
    const interrupted = terminal();
    const first = askSecret('', interrupted);
    interrupted.input.write('abc\x03');
    await expect(first).rejects.toBeInstanceOf(Interrupted);
    expect(interrupted.raw).toEqual([true, false]);
    const ended = terminal();
    const second = askSecret('', ended);
    ended.input.write('\x04');
    await expect(second).rejects.toThrow('got the end of input');
    const gone = terminal();
    const third = askSecret('', gone);
    gone.input.end();
    await expect(third).rejects.toThrow('got the end of input');
  });
});
