import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { InputDefaults, InputMessage } from '../../src/messages/input-message.ts';
import { InputStream } from '../../src/pub/input-stream.ts';
import { LineSource } from '../../src/pub/line-source.ts';
import type { MakerOptions } from '../../src/pub/message-maker.ts';
import { asCbor, MessageMaker } from '../../src/pub/message-maker.ts';
import type { MessageSource } from '../../src/pub/message-source.ts';
import type { RecordReader } from '../../src/pub/record-source.ts';
import { CsvReader, JsonReader, RecordSource } from '../../src/pub/record-source.ts';
import { RepeatedSource } from '../../src/pub/repeated-source.ts';

const NONE: InputDefaults = { topicName: undefined, options: {} };

function inputOf(...parts: readonly (string | Uint8Array)[]): InputStream {
  const stream = Readable.from(parts.map((part) => Buffer.from(part as string)));
  return new InputStream('the input', stream, 0);
}

async function allOf(source: MessageSource): Promise<readonly InputMessage[]> {
  const all: InputMessage[] = [];
  for (let some = await source.next(); some !== undefined; some = await source.next()) all.push(...some);
  return all;
}

const textOf = ({ payload }: InputMessage): string => Buffer.from(payload as string).toString();

describe('Lines', () => {
  test('are messages, counted from 0 on', async () => {
    const source = new LineSource(inputOf('a\nb', 'c\n', '\nd'), (index, payload) => ({
      topicName: `t/${index}`,
      payload,
      options: {},
    }));
    const all = await allOf(source);
    expect(all.map((message) => [message.topicName, textOf(message)])).toEqual([
      ['t/0', 'a'],
      ['t/1', 'bc'],
      ['t/2', ''],
      ['t/3', 'd'],
    ]);
    expect(source.progress.done).toBe(7);
    expect(await source.next()).toBeUndefined();
  });

  test('that are not what they must be are named', async () => {
    const source = new LineSource(inputOf('1\nx\n'), (_index, line) => ({
      topicName: 't',
      payload: asCbor(line),
      options: {},
    }));
    await expect(allOf(source)).rejects.toThrow('the input, line 2: payload: expected JSON');
  });

  test('end when they are closed, also while the next one is waited for', async () => {
    const source = new LineSource(
      new InputStream('the input', new Readable({ read: () => {} }), 0),
      (_index, payload) => ({ topicName: 't', payload, options: {} }),
    );
    const next = source.next();
    source.close();
    expect(await next).toBeUndefined();
    expect(await source.next()).toBeUndefined();
  });
});

describe('Records', () => {
  const sourceOf = (reader: RecordReader, input: InputStream, onSkipped?: (text: string) => void) =>
    new RecordSource(input, reader, (message) => message, onSkipped);

  test('of JSON and of CSV are messages', async () => {
    const json = sourceOf(new JsonReader(NONE), inputOf('{"topic":"a","payload":"1"}\n\n{"top', 'ic":"b"}'));
    expect((await allOf(json)).map(({ topicName }) => topicName)).toEqual(['a', 'b']);
    const csv = sourceOf(new CsvReader(NONE), inputOf('topic,payload\r\na,"1\n', '2"\r\nb,\xff'));
    expect((await allOf(csv)).map(textOf)).toEqual(['1\n2', '\xff']);
  });

  test('that are none end it, with their line', async () => {
    const json = sourceOf(new JsonReader(NONE), inputOf('{"topic":"a"}\n\n{"topic":""}\n'));
    await expect(allOf(json)).rejects.toThrow(
      'the input, line 3: expected a topic (or -t, for lines without one), got none; --skip-bad-lines goes on',
    );
    const csv = sourceOf(new CsvReader(NONE), inputOf('topic,qos\na,1\nb,"x\ny"\nc,9\n'));
    await expect(allOf(csv)).rejects.toThrow("the input, line 3: qos: expected 0, 1 or 2, got 'x");
    const bytes = sourceOf(new JsonReader(NONE), inputOf(Uint8Array.of(0xff, 0x0a)));
    await expect(allOf(bytes)).rejects.toThrow('the input, line 1: expected text in UTF-8');
  });

  test('that are none are told of and left out, where that is asked for', async () => {
    const told: string[] = [];
    const source = sourceOf(new JsonReader(NONE), inputOf('x\n{"topic":"a"}\n{}\n'), (text) =>
      told.push(text),
    );
    expect((await allOf(source)).map(({ topicName }) => topicName)).toEqual(['a']);
    expect(source.skipped).toBe(2);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^the input, line 1: expected a JSON object, got 'x': /);
  });

  test('of CSV whose columns are unknown, or whose marks are wrong, end it in any case', async () => {
    const skip = (): void => {};
    const columns = sourceOf(new CsvReader(NONE), inputOf('topic,pay\n'), skip);
    await expect(allOf(columns)).rejects.toThrow('the input: expected the first line to name the columns');
    const marks = sourceOf(new CsvReader(NONE), inputOf('topic\n"a'), skip);
    await expect(allOf(marks)).rejects.toThrow(
      'the input: expected a closing quotation mark for that of line 2',
    );
  });
});

describe('One message', () => {
  const WORLD = { env: { NAME: 'x' }, wallMs: () => 0, random: () => 0 };
  const makerOf = (given: Partial<MakerOptions>) =>
    MessageMaker.of({ topicName: 't', options: {}, isTemplate: false, isCbor: false, ...given }, WORLD);

  test('is sent so many times, in batches', async () => {
    const source = new RepeatedSource(
      (index) => ({ topicName: `t/${index}`, payload: '', options: {} }),
      5,
      2,
    );
    expect((await source.next())!.map(({ topicName }) => topicName)).toEqual(['t/0', 't/1']);
    expect(source.progress).toEqual({ done: 2, total: 5, noun: 'message' });
    expect(await allOf(source)).toHaveLength(3);
    const endless = new RepeatedSource(
      () => ({ topicName: 't', payload: '', options: {} }),
      Number.POSITIVE_INFINITY,
      2,
    );
    expect(await endless.next()).toHaveLength(2);
    expect(endless.progress.total).toBe(0);
    endless.close();
    expect(await endless.next()).toBeUndefined();
  });

  test('is filled in anew each time where it is a template: topic, payload and properties', () => {
    const maker = makerOf({
      isTemplate: true,
      topicName: '{{env NAME}}/{{i}}',
      options: {
        qos: 1,
        contentType: 'c{{i}}',
        responseTopic: 'r{{i}}',
        correlationData: Buffer.from('d{{i}}'),
        userProperties: [['k{{i}}', 'v{{i}}']],
      },
    });
    const payloadOf = maker.payloadMaker('p{{i 10}}');
    expect(maker.message(2, payloadOf(2))).toEqual({
      topicName: 'x/2',
      payload: 'p12',
      options: {
        qos: 1,
        contentType: 'c2',
        responseTopic: 'r2',
        correlationData: Buffer.from('d2'),
        userProperties: [['k2', 'v2']],
      },
    });
  });

  test('keeps its braces where it is no template, and can be CBOR', () => {
    const plain = makerOf({ topicName: '{{i}}' });
    expect(plain.message(1, plain.payloadMaker('{{i}}')(1))).toMatchObject({
      topicName: '{{i}}',
      payload: '{{i}}',
    });
    expect(Buffer.from(makerOf({ isCbor: true }).payloadMaker('[1]')(0)).toString('hex')).toBe('8101');
    const filled = makerOf({ isCbor: true, isTemplate: true }).payloadMaker('[{{i}}]');
    expect(Buffer.from(filled(2)).toString('hex')).toBe('8102');
  });

  test('is refused where it cannot be what is asked for', () => {
    expect(() => makerOf({ isTemplate: true, topicName: '{{no}}' })).toThrow('template: expected i, now');
    expect(() => makerOf({ isCbor: true }).payloadMaker('{')).toThrow('expected JSON, to be sent as CBOR');
    expect(() => makerOf({ isTemplate: true }).payloadMaker(Uint8Array.of(0xff))).toThrow(
      'expected text in UTF-8',
    );
    const source = new RepeatedSource(
      (index) => ({ topicName: 't', payload: asCbor(index === 0 ? '1' : 'x'), options: {} }),
      2,
      2,
    );
    return expect(source.next()).rejects.toThrow('message 2: payload: expected JSON');
  });
});
