// The pictures in the guide are what is drawn.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ReceivedMessage } from '../../src/messages/received-message.ts';
import type { Picture } from '../../src/sub/picture.ts';
import { TablePicture } from '../../src/sub/table-picture.ts';
import { TreePicture } from '../../src/sub/tree-picture.ts';
import { plainLine } from './plain-line.ts';

const guide = readFileSync(new URL('../../../../docs/guides/command-line.md', import.meta.url), 'utf8');

const message = (topicName: string, payload: string, retain = false): ReceivedMessage => ({
  topicName,
  payload: Buffer.from(payload),
  qos: 0,
  retain,
  properties: {},
});

/** A house for 48 seconds. */
function play(picture: Picture): void {
  // By the clock of wherever the test runs.
  const noon = new Date(2026, 10, 20, 12).getTime();
  picture.message(message('home/door', 'open', true), 0, noon);
  for (let second = 0; second < 48; second++) {
    const celsius = (21 + Math.sin(second / 3)).toFixed(1);
    picture.message(message('home/hall/celsius', celsius, true), second * 1000, noon + second * 1000);
    if (second % 3 > 0)
      picture.message(
        message('home/hall/motion', '{"seen": true, "lux": 230}'),
        second * 1000,
        noon + second * 1000,
      );
  }
}

describe('a picture in the guide', () => {
  test('of the table is what is drawn', () => {
    const picture = new TablePicture('home/#', 0);
    play(picture);
    const lines = picture.lines({ columns: 80, rows: 6 }, 47_900, undefined).map(plainLine);
    expect(guide).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\``);
  });

  test('of the tree is what is drawn', () => {
    const picture = new TreePicture('home/#', 0);
    play(picture);
    const size = { columns: 80, rows: 17 };
    for (const key of ['*', 'j', 'j', 'j']) picture.key(key, size, 47_900);
    const lines = picture.lines(size, 47_900, undefined).map(plainLine);
    expect(guide).toContain(`\`\`\`text\n${lines.join('\n')}\n\`\`\``);
  });
});
