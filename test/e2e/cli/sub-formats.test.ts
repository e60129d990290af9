// What `martlet sub` prints, compared byte for byte with Debian's mosquitto_sub, which gets the same messages.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseFormat } from '../../../packages/cli/src/messages/format-pieces.ts';
import { UsageError } from '../../../packages/cli/src/usage-error.ts';
import { debianTool } from '../../debian-tools.ts';
import { MosquittoBroker } from '../../mosquitto-broker.ts';
import { buildMartlet, MAIN } from '../martlet-command.ts';
import type { Program } from '../program.ts';
import { Programs } from '../program.ts';
import { ServedBroker } from '../served-broker.ts';

const pub = debianTool('mosquitto_pub');
const sub = debianTool('mosquitto_sub');
const broker = debianTool('mosquitto');
const isMissing = pub.path === undefined || sub.path === undefined;

/** Nothing that a machine has of its own may count. */
const ENVIRONMENT = { PATH: process.env['PATH'], TZ: 'Europe/Berlin', HOME: '/nonexistent', LC_ALL: 'C' };

/** Every parameter, with every kind of width. */
const WIDTHS = ['', '12', '-12', '012', '-012', '3', '0', '-'];
const PRECISIONS = ['', '.3', '12.3', '-12.3', '.'];
const LETTERS = [...'ACDEFlmPpqRrSt'];
/** `-` without a width means nothing, but theirs adds blanks to payloads. */
const ODD: readonly string[] = ['%-p', '%-x', '%-X'];
const EVERYTHING = [
  ...LETTERS.flatMap((letter) => WIDTHS.map((width) => `%${width}${letter}`)),
  ...[...'xX'].flatMap((letter) => WIDTHS.map((width) => `%${width}${letter}`)),
  ...LETTERS.flatMap((letter) => PRECISIONS.map((width) => `%${width}${letter}`)),
  '%%@@\\\\\\a\\e\\n\\r\\t\\v\\0 plain é text',
]
  .filter((field) => !ODD.includes(field))
  .join('|');

const JSON_FORMATS = ['%j', '%J', '%t %J %j'];

interface Case {
  readonly payload: Buffer | string;
  /** Of MQTT 5. */
  readonly properties?: readonly (readonly string[])[];
}

const PROPERTIES: readonly (readonly string[])[] = [
  ['content-type', 'text/plain; charset="utf-8"'],
  ['correlation-data', 'key\u0001 "1"'],
  ['payload-format-indicator', '1'],
  ['response-topic', 'answers/ü'],
  ['user-property', 'one', '1'],
  ['message-expiry-interval', '100000'],
  ['user-property', 'one', 'again'],
  ['user-property', 'ключ', 'значение'],
];

const CASES: readonly Case[] = [
  { payload: '' },
  { payload: 'on', properties: PROPERTIES },
  { payload: 'ünïcödé €😀', properties: PROPERTIES.slice(4) },
  { payload: '"quoted" \\ / \b\f\n\r\t \u0001\u001f\u007f', properties: [['user-property', 'a', 'b c']] },
  { payload: Buffer.from([0xff, 0xfe, 0x80, 0x41]), properties: [['content-type', 'a/b']] },
  { payload: 'a payload that is longer than any width that is asked for' },
  { payload: Buffer.from([0x80, 0x3f]) },
];

const JSON_PAYLOADS = [
  '{"a":1,"b":[1,2,{"c":null}],"d":{},"e":[],"a":true}',
  ' [ 1.0, -0, 1e3, 1E+2, 1e-7, 1e21, 0.1, 3.141592653589793, 1234567890123456, 1.5e300 ] ',
  '"\\u00e9\\ud83d\\ude00 \\/ \\" \\\\ \\b\\f\\n\\r\\t\\u001f"',
  '[[1,[2,{"a":[]}]],3,[{},{"x":[{}]}]]',
  '{"2":1,"1":2,"__proto__":3,"":4}',
  'true',
  'null',
  '123',
  'no json',
  '{"a":1}x',
  '[1,]',
];

describe.skipIf(isMissing)(`martlet sub and mosquitto_sub ${sub.label}`, () => {
  const programs = new Programs();
  let served: ServedBroker;

  beforeAll(async () => {
    buildMartlet();
    served = await ServedBroker.start();
  });
  afterEach(() => programs.stopAll());
  afterAll(() => served.close());

  const at = (port: number): readonly string[] => ['-h', '127.0.0.1', '-p', String(port)];

  function start(which: 'ours' | 'theirs', port: number, args: readonly string[]): Program {
    const [command, first] = which === 'ours' ? [process.execPath, [MAIN, 'sub']] : [sub.path!, []];
    return programs.start(command!, [...first!, ...at(port), ...args], { env: ENVIRONMENT });
  }

  async function publish(port: number, each: Case, ...args: string[]): Promise<void> {
    const version = args[args.indexOf('-V') + 1];
    const properties = version === 'mqttv5' ? (each.properties ?? []) : [];
    const program = programs.start(
      pub.path!,
      [
        ...at(port),
        ...args,
        ...properties.flatMap((words) => ['-D', 'publish', ...words]),
        ...(each.payload.length === 0 ? ['-n'] : ['-s']),
      ],
      { env: ENVIRONMENT },
    );
    program.child.stdin!.end(each.payload);
    expect(await program.exit).toMatchObject({ code: 0, stderr: '' });
  }

  /** Both print what is published; what each wrote. */
  async function both(
    args: readonly string[],
    cases: readonly Case[],
    version: string,
    qos: string,
  ): Promise<readonly (readonly [stdout: string, stderr: string, code: number | null])[]> {
    const isSubscribed = served.next('subscribed', () => true, 2);
    const all = ['-V', version, '-q', qos, '-t', 'formats/#', '-C', String(cases.length), ...args];
    const subscribers = [start('ours', served.port, all), start('theirs', served.port, all)];
    // One that ends before has something to say.
    const early = subscribers.map(async ({ exit }) => {
      throw new Error(`expected a subscriber, got the end of one: ${JSON.stringify(await exit)}`);
    });
    await Promise.race([isSubscribed, ...early]);
    for (const each of early) each.catch(() => {});
    for (const [index, each] of cases.entries())
      await publish(served.port, each, '-V', version, '-q', qos, '-t', `formats/ü/${index}`);
    const exits = await Promise.all(subscribers.map((subscriber) => subscriber.exit));
    return exits.map(({ stdout, stderr, code }) => [withoutTime(stdout), stderr, code]);
  }

  const VERSIONS = ['mqttv31', 'mqttv311', 'mqttv5'] as const;

  test.each(VERSIONS.flatMap((version) => ['0', '1', '2'].map((qos) => [version, qos] as const)))(
    'print the same for every parameter and width, %s, QoS %s',
    async (version, qos) => {
      const withNul = [...CASES, { payload: Buffer.from('a\0b\0') }];
      const [ours, theirs] = await both(['-F', EVERYTHING], withNul, version, qos);
      expect(ours![0]).not.toBe('');
      expect(ours).toEqual(theirs);
    },
  );

  test.each(VERSIONS.flatMap((version) => JSON_FORMATS.map((format) => [version, format] as const)))(
    'print the same JSON, %s, %s, and the same errors',
    async (version, format) => {
      const payloads = JSON_PAYLOADS.map((payload) => ({ payload }));
      const [ours, theirs] = await both(['-F', format], [...CASES, ...payloads], version, '1');
      expect(ours![0]).toContain('"tst":"-"');
      expect(ours).toEqual(theirs);
    },
  );

  test('print the same JSON over several lines', async () => {
    const payloads = JSON_PAYLOADS.map((payload) => ({ payload }));
    const [ours, theirs] = await both(['-F', '%J|%j', '--pretty'], [...CASES, ...payloads], 'mqttv5', '2');
    expect(ours![0]).toContain('\t');
    expect(ours).toEqual(theirs);
  });

  test.each([
    [[]],
    [['-v']],
    [['-N']],
    [['-v', '-N']],
    [['-F', '%p', '-v']],
    [['-v', '-F', '%q']],
    [['-F', '%l', '-N']],
    [['-F', '']],
    [['-T', 'formats/+/1', '-T', 'formats/+/2', '-C', '5']],
  ] as const)('print the same with %j', async (args) => {
    const [ours, theirs] = await both(args, CASES, 'mqttv311', '1');
    expect(ours).toEqual(theirs);
  });

  test('a NUL ends the payload in their JSON, and not in ours', async () => {
    const [ours, theirs] = await both(['-F', '%j'], [{ payload: Buffer.from('a\0b') }], 'mqttv5', '0');
    expect(theirs![0]).toContain('"payloadlen":3,"payload":"a"}');
    expect(ours![0]).toContain('"payloadlen":3,"payload":"a\\u0000b"}');
  });

  test('a number that 64 bits cannot hold keeps its digits in our JSON', async () => {
    const payload = '[123456789012345678901234567890, 0.30000000000000004, 1e400]';
    const [ours, theirs] = await both(['-F', '%J'], [{ payload }], 'mqttv5', '0');
    expect(theirs![0]).toContain('[1.2345678901234568e+29,0.3,null]');
    expect(ours![0]).toContain('[123456789012345678901234567890,0.30000000000000004,1e400]');
  });

  test('print the same retained messages of Debian’s broker', async ({ skip }) => {
    if (broker.path === undefined) skip(broker.label);
    const mosquitto = await MosquittoBroker.start(broker.path!);
    try {
      const port = mosquitto.tcpPort;
      for (const [index, each] of CASES.entries()) {
        if (each.payload.length > 0)
          await publish(port, each, '-V', 'mqttv5', '-q', '1', '-r', '-t', `formats/${index}`);
      }
      const args = ['-V', 'mqttv5', '-q', '1', '-t', 'formats/#', '-C', String(CASES.length - 1)];
      // What is left of its expiry depends on the moment.
      const format = `${EVERYTHING.replaceAll(/%[-.\d]*E/g, '')}%j`;
      const exits = await Promise.all(
        (['ours', 'theirs'] as const).map((which) => start(which, port, [...args, '-F', format]).exit),
      );
      const [ours, theirs] = exits.map(({ stdout }) =>
        withoutTime(stdout).replaceAll(/"message-expiry-interval":\d+/g, ''),
      );
      expect(ours).toContain('"retain":1');
      expect(ours).toBe(theirs);
    } finally {
      await mosquitto.close();
    }
  });

  test.each([
    '%',
    '@',
    '\\',
    '%Z',
    '\\q',
    '%-',
    '%10',
    '%10.',
    '%10.3',
    '%0-5l',
    '%--5t',
    '%1-t',
    '%..t',
    '%5 t',
  ])('refuse the format %s with the same words under the same name', async (format) => {
    const theirs = await start('theirs', served.port, ['-t', 'x', '-F', format]).exit;
    let text: string | undefined;
    try {
      parseFormat(format);
    } catch (error) {
      if (error instanceof UsageError) text = error.mosquittoText;
    }
    expect(theirs.stderr.split('\n')[0]).toBe(`Error: ${text}`);
  });
});

/** Two programs do not look at the clock at the same moment. */
function withoutTime(text: string): string {
  return text.replaceAll(/("tst":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\+0[12]00"/g, '$1"-"');
}
