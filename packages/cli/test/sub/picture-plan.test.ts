import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../src/flags/parse-flags.ts';
import type { PictureOwner } from '../../src/sub/output.ts';
import { outputFor } from '../../src/sub/output-for.ts';
import { SUB_FLAGS } from '../../src/sub/sub-flags.ts';
import { subPlanFor } from '../../src/sub/sub-plan.ts';
import { testIo } from '../command-io.ts';

const valuesOf = (...words: readonly string[]) => parseFlags(SUB_FLAGS, ['-t', 'a', ...words]).values;

const OWNER: PictureOwner = {
  onClogged: () => {},
  onFree: () => {},
  onFailed: () => {},
  onQuit: () => {},
  onRemoveRetained: () => {},
};

describe.each(['--table', '--tree'])('%s', (picture) => {
  test('speaks MQTT 5, and asks for the retain flag as it was published', () => {
    expect(subPlanFor(valuesOf(picture), false)).toMatchObject({
      protocolVersion: 5,
      subscriptions: [{ topicFilter: 'a', retainAsPublished: true }],
    });
    expect(subPlanFor(valuesOf(), false)).toMatchObject({
      protocolVersion: 4,
      subscriptions: [{ retainAsPublished: false }],
    });
  });

  test.each([
    [['-F', '%t'], '-F'],
    [['-v', '--csv'], '-v, --csv'],
    [['-N'], '-N'],
    [['--pretty'], '--pretty'],
    [['--ndjson'], '--ndjson'],
    [['--watch'], '--watch'],
    [['--message-rate'], '--message-rate'],
    [['--output-file', 'x'], '--output-file'],
    [['-d'], '-d'],
  ])('is refused with %j', (words, named) => {
    expect(() => subPlanFor(valuesOf(picture, ...words), false)).toThrow(
      `${picture}: expected it without ${named}`,
    );
  });

  test('is refused where nothing can be drawn, with the way for programs', async () => {
    const text = `${picture}: expected standard output to be a terminal that can be drawn on; --ndjson is for programs`;
    await expect(outputFor(valuesOf(picture), testIo(), OWNER)).rejects.toThrow(text);
    const dumb = testIo({ TERM: 'dumb' });
    Object.defineProperty(dumb.stdout, 'isTTY', { value: true });
    await expect(outputFor(valuesOf(picture), dumb, OWNER)).rejects.toThrow(text);
  });
});

test('a table and a tree are not shown at once', () => {
  expect(() => subPlanFor(valuesOf('--table', '--tree'), false)).toThrow(
    '--table: expected it without --tree',
  );
});
