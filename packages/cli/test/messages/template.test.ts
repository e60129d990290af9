import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Template } from '../../src/messages/template.ts';
import { TEMPLATE_FUNCTIONS } from '../../src/messages/template-function.ts';
import { MESSAGE_FLAGS } from '../../src/pub/pub-flags.ts';

const ENV = { ROOM: 'kitchen' };

/** Fills a template in for the message of this index, with these random numbers one after the other. */
function filled(text: string, { index = 0, randoms = [0.5] }: { index?: number; randoms?: number[] } = {}) {
  let drawn = 0;
  return Template.parse(text, ENV).fill({
    index,
    wallMs: () => Date.UTC(2026, 10, 20, 12, 30, 15, 250) + 0.75,
    random: () => randoms[drawn++ % randoms.length]!,
  });
}

describe('A template', () => {
  test('is filled in between the braces, and is what it says elsewhere', () => {
    expect(filled('{"n": {{i}}}', { index: 7 })).toBe('{"n": 7}');
    expect(filled('{{i 10}},{{ i 10 -5 }}', { index: 3 })).toBe('13,-5');
    expect(filled('}} { {{open}} }')).toBe('}} { {{ }');
    expect(filled('')).toBe('');
    expect(filled('{{env ROOM}}/light')).toBe('kitchen/light');
  });

  test('has the time in milliseconds, in seconds, and as text', () => {
    const ms = Date.UTC(2026, 10, 20, 12, 30, 15, 250);
    expect(filled('{{now}} {{now ms}}')).toBe(`${ms} ${ms}`);
    expect(filled('{{now s}}')).toBe(String(Math.floor(ms / 1000)));
    expect(filled('{{now iso}}')).toBe('2026-11-20T12:30:15.250Z');
  });

  test('draws numbers between both bounds, with their decimals', () => {
    const least = { randoms: [0] };
    const most = { randoms: [0.999_999_999] };
    expect([filled('{{rand 1 6}}', least), filled('{{rand 1 6}}', most)]).toEqual(['1', '6']);
    expect([filled('{{rand -0.5 0.50}}', least), filled('{{rand -0.5 0.50}}', most)]).toEqual([
      '-0.50',
      '0.50',
    ]);
    expect(filled('{{rand 3 3}}', most)).toBe('3');
    expect(filled('{{normal 20.0 2}}', { randoms: [0, 0.3] })).toBe('20.0');
    expect(filled('{{normal 20.0 2}}', { randoms: [1 - Math.exp(-0.5), 0] })).toBe('22.0');
  });

  test('draws words, bytes and identifiers', () => {
    expect(filled('{{pick on off}}{{pick on off}}', { randoms: [0.2, 0.7] })).toBe('onoff');
    expect(filled('{{hex 3}}', { randoms: [0, 0.5, 0.999] })).toBe('0080ff');
    expect(filled('{{uuid}}', { randoms: [0] })).toBe('00000000-0000-4000-8000-000000000000');
    expect(filled('{{uuid}}', { randoms: [0.9999] })).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  });

  test('knows whether it is the same for every message', () => {
    expect(Template.parse('home/light', ENV).isConstant).toBe(true);
    expect(Template.parse('home/{{i}}', ENV).isConstant).toBe(false);
  });

  test('has functions of which the help and the guide have each', () => {
    const help = MESSAGE_FLAGS.template.text;
    const guide = readFileSync(new URL('../../../../docs/guides/command-line.md', import.meta.url), 'utf8');
    for (const { name } of TEMPLATE_FUNCTIONS) {
      expect(guide).toMatch(new RegExp(`{{${name}[ }]`));
      // Few need the braces themselves.
      if (name !== 'open') expect(help).toMatch(new RegExp(`{{${name}[ }]`));
    }
  });

  test.each([
    ['a {{i', "expected }} after '{{i'"],
    ['{{}}', "in {{…}}, got ''"],
    ['{{uid}}', 'did you mean {{uuid}}?'],
    ['{{uuid 4}}', "{{uuid}}: expected nothing after it, got '4'"],
    ['{{i x}}', "{{i}}: expected a number, got 'x'"],
    ['{{i 1.5}}', "expected a whole number, got '1.5'"],
    ['{{now ns}}', "{{now}}: expected ms, s or iso, got 'ns'"],
    ['{{rand 5}}', "{{rand}}: expected low high, got '5'"],
    ['{{rand 5 1}}', "expected the lower bound first, got '5 1'"],
    ['{{rand 0 1e400}}', "expected a number, got '1e400'"],
    ['{{normal 5 -1}}', 'a deviation that is not below 0'],
    ['{{hex 0}}', 'from 1 to 65536 bytes'],
    ['{{env HALL}}', "a variable that the environment has, got 'HALL'"],
  ])('refuses %s', (text, message) => {
    expect(() => filled(text)).toThrow(message);
  });
});
