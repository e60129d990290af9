import { describe, expect, test } from 'vitest';
import { tagsInComment, tagsInTestName } from '../../scripts/statement-tags.mjs';

/** `id version` of each tag. */
const named = (name: string) => tagsInTestName(name).tags.map(({ id, version }) => `${id} ${version}`);
const cited = (comment: string) => tagsInComment(comment).map(({ id, version }) => `${id} ${version}`);

describe('The statements in the name of a test', () => {
  test.each([
    ['[MQTT-3.3.1-5] v5 keeps it', ['MQTT-3.3.1-5 5.0'], 'keeps it'],
    ['[MQTT-3.3.1-5] v3.1.1 keeps it', ['MQTT-3.3.1-5 3.1.1'], 'keeps it'],
    ['[MQTT-3.3.1-5] v5 v3.1.1 keeps it', ['MQTT-3.3.1-5 5.0', 'MQTT-3.3.1-5 3.1.1'], 'keeps it'],
    ['[MQTT-3.1.2-26] [MQTT-3.3.2-11] v5: obeys', ['MQTT-3.1.2-26 5.0', 'MQTT-3.3.2-11 5.0'], 'obeys'],
    ['[MQTT-4.7.0-1] v5, [MQTT-4.7.1-1] v3.1.1 a', ['MQTT-4.7.0-1 5.0', 'MQTT-4.7.1-1 3.1.1'], 'a'],
    ['keeps it [MQTT-3.3.1-5] v5', ['MQTT-3.3.1-5 5.0'], 'keeps it'],
    ['a name without statements, and with v5', [], 'a name without statements, and with v5'],
  ])('%s', (name, tags, title) => {
    expect(named(name)).toEqual(tags);
    expect(tagsInTestName(name).title).toBe(title);
    expect(tagsInTestName(name).problem).toBeUndefined();
  });

  test.each([
    ['no version', '[MQTT-3.3.1-5] keeps it'],
    ['a version that has no statements', '[MQTT-3.3.1-5] v3.1 keeps it'],
    ['a version that only begins like one', '[MQTT-3.3.1-5] v51 keeps it'],
    ['an id without its number', '[MQTT-3.3.1] v5 keeps it'],
    ['one good and one bad', '[MQTT-3.3.1-5] v5 [MQTT-3.3.1-6] keeps it'],
  ])('are refused with %s', (_what, name) => {
    expect(tagsInTestName(name).problem).toBeDefined();
  });
});

describe('The statements in a comment', () => {
  test.each([
    [' [MQTT-3.3.1-5]', ['MQTT-3.3.1-5 5.0']],
    [' [MQTT-3.3.1-5] 3.1.1', ['MQTT-3.3.1-5 3.1.1']],
    [' [MQTT-3.3.1-5] [MQTT-3.3.1-5] 3.1.1', ['MQTT-3.3.1-5 5.0', 'MQTT-3.3.1-5 3.1.1']],
    [' why so [MQTT-1.5.4-1] [MQTT-1.5.4-2]: because', ['MQTT-1.5.4-1 5.0', 'MQTT-1.5.4-2 5.0']],
    [' the rule of 3.1.1', []],
  ])('%s', (comment, tags) => {
    expect(cited(comment)).toEqual(tags);
  });
});
