import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FlagTable } from '../../src/flags/flag.ts';
import { HelpRequest } from '../../src/flags/help-request.ts';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import { choice, text, wholeNumber } from '../../src/flags/value-parsers.ts';
import { UsageError } from '../../src/usage-error.ts';

const FLAGS = {
  host: { kind: 'value', names: ['-h', '--host'], placeholder: 'host', parse: text('a host'), text: '' },
  expiry: { kind: 'value', names: ['-x'], placeholder: 'seconds', parse: wholeNumber(-1, 9), text: '' },
  topics: { kind: 'list', names: ['-t', '--topic'], placeholder: 'topic', parse: text(), text: '' },
  level: { kind: 'value', names: ['--level'], placeholder: 'level', parse: choice('low', 'high'), text: '' },
  any: { kind: 'value', names: ['-m'], placeholder: 'any', parse: text(), takesBytes: true, text: '' },
  debug: { kind: 'switch', names: ['-d', '--debug'], text: '' },
  pair: {
    kind: 'words',
    names: ['-D'],
    placeholder: 'name value',
    text: '',
    take: (words) => {
      if (words.length < 2) throw new UsageError('expected a name and a value');
      return { taken: 2, value: `${words[0]}=${words[1]}` };
    },
  },
} as const satisfies FlagTable;

function errorOf(words: readonly string[], options: Parameters<typeof parseFlags>[2] = {}): UsageError {
  try {
    parseFlags(FLAGS, words, options);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('expected a usage error, got none');
}

describe('Flags', () => {
  test('have the values of the words after them, and nothing where they are not given', () => {
    const { values } = parseFlags(FLAGS, ['-h', 'a', '--topic', 'x', '-t', 'y', '-d', '-D', 'n', 'v']);
    expect(values).toEqual({
      host: 'a',
      expiry: undefined,
      topics: ['x', 'y'],
      level: undefined,
      debug: true,
      pair: ['n=v'],
    });
  });

  test('take the next word as their value whatever it begins with', () => {
    const { values } = parseFlags(FLAGS, ['-x', '-1', '-t', '-h', '-t', '--help', '-t', '--']);
    expect(values).toMatchObject({ expiry: -1, topics: ['-h', '--help', '--'], host: undefined });
  });

  test('may have their value behind an equals sign if they are long', () => {
    const { values, given } = parseFlags(FLAGS, ['--host=a=b', '--topic=', '-d']);
    expect(values).toMatchObject({ host: 'a=b', topics: [''], debug: true });
    expect(given).toEqual([
      { key: 'host', words: ['--host=a=b'] },
      { key: 'topics', words: ['--topic='] },
      { key: 'debug', words: ['-d'] },
    ]);
    expect(errorOf(['-h=a']).message).toContain("unknown option '-h'");
    expect(errorOf(['--debug=yes']).message).toBe("--debug: expected no value, got 'yes'");
  });

  test('count as given last where one value is taken', () => {
    expect(parseFlags(FLAGS, ['-h', 'a', '--host', 'b']).values.host).toBe('b');
  });

  test.each([
    [['--hots', 'x'], "unknown option '--hots'; did you mean --host?", "Unknown option '--hots'."],
    [['--xyzzy=1'], "unknown option '--xyzzy'; --help lists what there is", "Unknown option '--xyzzy=1'."],
    [['word'], "expected options only, got 'word'", "Unknown option 'word'."],
    [['-h'], '-h: expected a value after it (host), got none', '-h argument given but no host specified.'],
    [['--host', ''], "--host: expected a host, got ''", "expected a host, got ''"],
    [['-x', '10'], "-x: expected a whole number from -1 to 9, got '10'", undefined],
    [['-x', '1e0'], "-x: expected a whole number from -1 to 9, got '1e0'", undefined],
    [['--level', 'hgih'], "--level: expected low, high, got 'hgih'; did you mean high?", undefined],
    [['-D', 'n'], '-D: expected a name and a value', 'expected a name and a value'],
  ])('say what is wrong with %j', (words, message, mosquittoText) => {
    const error = errorOf(words);
    expect(error.message).toBe(message);
    if (mosquittoText !== undefined) expect(error.mosquittoText).toBe(mosquittoText);
  });

  test('say where a URL stands, if there is a flag for it', () => {
    const url = { kind: 'value', names: ['-L'], placeholder: 'url', parse: text(), text: '' } as const;
    const words = ['mqtts://localhost:8883'];
    expect(() => parseFlags({ ...FLAGS, url }, words)).toThrow(
      "expected options only, got 'mqtts://localhost:8883'; a URL stands behind -L",
    );
    expect(errorOf(words).message).toBe("expected options only, got 'mqtts://localhost:8883'");
  });

  test('ask for help and for the version in words that are no values', () => {
    expect(() => parseFlags(FLAGS, ['-d', '--help'])).toThrow(new HelpRequest('help'));
    expect(() => parseFlags(FLAGS, ['--version', '--nonsense'])).toThrow(new HelpRequest('version'));
  });

  test('show nothing in messages that would move the cursor', () => {
    const { message } = errorOf([`-${'\x1b[2J'}${'y'.repeat(200)}`]);
    expect(message).not.toMatch(/[\x00-\x1f]/);
    expect(message.length).toBeLessThan(150);
  });
});

describe('Words beside the flags', () => {
  const positionals = { name: 'file', minimum: 1, maximum: 2 };

  test('are taken where they may stand, a lone dash and all after -- among them', () => {
    const all = ['a', '-d', '-'];
    expect(parseFlags(FLAGS, all, { positionals })).toMatchObject({
      positionals: ['a', '-'],
      values: { debug: true },
    });
    expect(parseFlags(FLAGS, ['--', '-d', '--help'], { positionals })).toMatchObject({
      positionals: ['-d', '--help'],
      values: { debug: false },
    });
  });

  test('are counted', () => {
    expect(errorOf([], { positionals }).message).toBe('expected a file, got none');
    expect(errorOf(['a', 'b', 'c'], { positionals }).message).toBe(
      "expected no more than 2 of file, got 'c' too",
    );
    expect(parseFlags(FLAGS, [], { positionals, checksCount: false }).positionals).toEqual([]);
  });
});

test('Whatever the words are, they are read or refused in one line', () => {
  const word = fc.oneof(
    fc.constantFrom('-h', '--host', '-x', '-t', '-D', '-d', '--', '--level=low', '--level', '-'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word), fc.boolean(), (words, allowed) => {
      const positionals = allowed ? ({ name: 'word', minimum: 0, maximum: 3 } as const) : 'none';
      try {
        const { given, positionals: others } = parseFlags(FLAGS, words, { positionals });
        // Nothing is lost: every word belongs to a flag, stands beside them, or is the one that ends them.
        const taken = given.reduce((sum, each) => sum + each.words.length, others.length);
        expect([taken, taken + 1]).toContain(words.length);
      } catch (error) {
        if (error instanceof HelpRequest) return;
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).not.toMatch(/[\r\n]/);
      }
    }),
  );
});

test('Values are read as Mosquitto does where that is asked for', () => {
  const table = { port: { ...FLAGS.expiry, names: ['-p'], mosquittoParse: () => 7 } } as const;
  expect(parseFlags(table, ['-p', 'x'], { asMosquitto: true }).values.port).toBe(7);
  expect(() => parseFlags(table, ['-p', 'x'])).toThrow("-p: expected a whole number from -1 to 9, got 'x'");
});

describe('Words that are no UTF-8', () => {
  test('are values of flags that take any bytes', () => {
    expect(parseFlags(FLAGS, ['-m', 'a\udce9']).values.any).toBe('a\udce9');
  });

  test.each([
    [['-t', 'a\udce9'], '-t'],
    [['--host=\udce9'], '--host'],
    [['-D', 'n\udce9', 'v'], '-D'],
  ] as const)('are refused elsewhere: %j', (words, name) => {
    const error = errorOf(words);
    expect(error.message).toMatch(`${name}: expected text in UTF-8, got '`);
    expect(error.mosquittoText).toBe(`Malformed UTF-8 in ${name} argument.`);
  });

  test('are no positional words, unless those may be any bytes', () => {
    const positionals = { name: 'file', minimum: 0, maximum: 1 } as const;
    expect(errorOf(['\udce9'], { positionals }).message).toMatch(/^expected words in UTF-8, got /);
    const parsed = parseFlags(FLAGS, ['\udce9'], { positionals: { ...positionals, takesBytes: true } });
    expect(parsed.positionals).toEqual(['\udce9']);
  });

  test('are no flags', () => {
    expect(errorOf(['--h\udce9']).message).toMatch(/^unknown option/);
  });
});
