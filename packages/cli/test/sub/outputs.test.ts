import { Writable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import type { CommandIo } from '../../src/command.ts';
import { formatPrinter } from '../../src/messages/message-printer.ts';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import { LineOutput } from '../../src/sub/line-output.ts';
import { MessageFilter } from '../../src/sub/message-filter.ts';
import type { OutputOwner } from '../../src/sub/output.ts';
import { RateOutput } from '../../src/sub/rate-output.ts';
import type { SubValues } from '../../src/sub/sub-flags.ts';

const message = (payload: string, retain = false): ReceivedMessage => ({
  topicName: 'a/b',
  payload: Buffer.from(payload),
  qos: 0,
  retain,
  properties: {},
});

const plain = { format: undefined, verbose: false, noEndOfLine: false, pretty: false };

/** A stream that takes a write only when it is told to. */
class SlowStream extends Writable {
  readonly written: string[] = [];
  #taken: ((error?: Error | null) => void) | undefined;

  constructor() {
    super({ highWaterMark: 10, decodeStrings: true });
  }

  override _write(chunk: Buffer, _encoding: string, taken: (error?: Error | null) => void): void {
    this.written.push(chunk.toString());
    this.#taken = taken;
  }

  take(error?: Error): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.(error ?? null);
  }
}

class Owner implements OutputOwner {
  readonly told: string[] = [];
  onClogged(): void {
    this.told.push('clogged');
  }
  onFree(): void {
    this.told.push('free');
  }
  onFailed(error: Error): void {
    this.told.push(error.message);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('an output of lines', () => {
  function start(): { stream: SlowStream; owner: Owner; output: LineOutput } {
    const stream = new SlowStream();
    const owner = new Owner();
    const output = new LineOutput(
      stream,
      formatPrinter(plain, () => {}),
      owner,
    );
    output.start();
    return { stream, owner, output };
  }

  test('writes once for all messages of a turn', async () => {
    const { stream, output } = start();
    for (let i = 0; i < 1000; i++) output.message(message(String(i)), 0);
    expect(stream.written).toEqual([]);
    await nextTurn();
    expect(stream.written).toHaveLength(1);
    expect(stream.written[0]!.split('\n')).toHaveLength(1001);
  });

  test('writes in between when a turn brings much', () => {
    const { stream, output } = start();
    for (let i = 0; i < 65; i++) output.message(message('x'.repeat(1023)), 0);
    expect(stream.written[0]).toHaveLength(64 * 1024);
  });

  test('says when much waits to be written, and when it has left', async () => {
    const { stream, owner, output } = start();
    output.message(message('a message of some length'), 0);
    await nextTurn();
    expect(owner.told).toEqual(['clogged']);
    stream.take();
    await nextTurn();
    expect(owner.told).toEqual(['clogged', 'free']);
  });

  test('ends when all has been written', async () => {
    const { stream, output } = start();
    output.message(message('1'), 0);
    let hasEnded = false;
    const ended = output.end().then(() => {
      hasEnded = true;
    });
    await nextTurn();
    expect([stream.written, hasEnded]).toEqual([['1\n'], false]);
    stream.take();
    await nextTurn();
    stream.take();
    await ended;
    expect(hasEnded).toBe(true);
  });

  test.each([
    ['ENOSPC', ['no space']],
    ['EPIPE', []],
  ])('that fails with %s tells %j, and ends', async (code, told) => {
    const { stream, owner, output } = start();
    stream.on('error', () => {});
    output.message(message('1'), 0);
    await nextTurn();
    stream.take(Object.assign(new Error('no space'), { code }));
    await nextTurn();
    output.message(message('2'), 0);
    await output.end();
    expect(owner.told).toEqual(told);
    expect(stream.written).toEqual(['1\n']);
  });
});

test('an output of rates counts for as long as its timer took', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate'] });
  try {
    const stream = new SlowStream();
    let nowMs = 0;
    const output = new RateOutput(stream, { nowMs: () => nowMs } as CommandIo, new Owner());
    output.start();
    for (let i = 0; i < 30; i++) output.message();
    nowMs = 1500;
    vi.advanceTimersByTime(1000);
    vi.advanceTimersByTime(1);
    expect(stream.written).toEqual(['20\n']);
  } finally {
    vi.useRealTimers();
  }
});

describe('a filter of messages', () => {
  const values = (more: Partial<SubValues>): SubValues => ({ filterOut: [], ...more }) as SubValues;
  const judge = (more: Partial<SubValues>, each: ReceivedMessage, random = 0): unknown =>
    new MessageFilter(values(more), () => random).judge(each);

  test('prints by chance, and counts what it leaves out', () => {
    expect(judge({ randomFilter: 50 }, message('1'), 0.49)).toMatchObject({ isPrinted: true, isTaken: true });
    expect(judge({ randomFilter: 50 }, message('1'), 0.5)).toMatchObject({ isPrinted: false, isTaken: true });
    expect(judge({ randomFilter: 100 }, message('1'), 0.999)).toMatchObject({ isPrinted: true });
  });

  test('removes retained messages that it does not print, but not those of -T', () => {
    const retained = message('1', true);
    expect(judge({ noRetained: true, removeRetained: true }, retained)).toEqual({
      isRemoved: true,
      isTaken: false,
      isPrinted: false,
    });
    expect(judge({ filterOut: ['a/+'], removeRetained: true }, retained)).toEqual({
      isRemoved: false,
      isTaken: false,
      isPrinted: false,
    });
    expect(judge({ removeRetained: true }, message('1'))).toMatchObject({
      isRemoved: false,
      isPrinted: true,
    });
  });
});
