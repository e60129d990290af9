// What docs/guides/who-may-connect.md shows is what the broker reads and does.

import { readFileSync } from 'node:fs';
import { parseConfiguration } from '@martlet/broker/config';
import { describe, expect, it } from 'vitest';
import { serviceAnswer } from '../../../src/access/authentication/http/service-answer.ts';

const guide = readFileSync(new URL('../../../../../docs/guides/who-may-connect.md', import.meta.url), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);

describe('The guide to who may connect', () => {
  it.each(blocks('yaml'))('has configurations that are in order: %#', (text) => {
    const { notices, configuration } = parseConfiguration(text, '/tmp/martlet.yaml');
    expect(notices).toEqual([]);
    expect(configuration.authentication.failures.exempt).toContain('127.0.0.0/8');
  });

  it('has JSON that is JSON', () => {
    expect(blocks('json').map((text) => Object.keys(JSON.parse(text) as object).length)).toEqual([3, 9]);
  });

  it('says of each status what becomes of it', () => {
    const kinds = (...statuses: number[]) =>
      statuses.map((status) => serviceAnswer({ status, body: new Uint8Array() }).kind);
    expect(kinds(204)).toEqual(['allow']);
    expect(kinds(400, 401, 403, 418)).toEqual(['deny', 'deny', 'deny', 'deny']);
    expect(kinds(404)).toEqual(['ignore']);
    expect(kinds(408, 429)).toEqual(['busy', 'busy']);
    expect(kinds(200, 301, 500, 503)).toEqual(['down', 'down', 'down', 'down']);
  });
});
