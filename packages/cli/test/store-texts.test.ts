import type { CheckResult, StoreStats } from '@martlet/broker';
import { describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import { contentsText } from '../src/contents-text.ts';
import { checkText, findingText } from '../src/store-check.ts';
import { statsText } from '../src/store-stats.ts';

const plain = (_style: string, text: string): string => text;

const FIGURES = {
  sessions: 2,
  connectedSessions: 1,
  wills: 0,
  subscriptions: 3,
  receivedPacketIds: 0,
  sharedGroups: 1,
  retained: 1,
  queued: 1200,
  inFlight: 5,
  messages: 1000,
  payloadBytes: 64_000,
  liveBytes: 1024 * 1024,
};

const SOUND: CheckResult = {
  isSound: true,
  findings: [],
  findingCount: 0,
  damageCount: 0,
  files: 1,
  fileBytes: 2 * 1024 * 1024,
  batches: 12,
  isClean: true,
  figures: FIGURES,
};

describe('A check', () => {
  test('of a sound store says what it has looked at', () => {
    expect(checkText('/data', SOUND, { kind: 'unknown' }, plain)).toBe(`The store in /data is sound.
  1 file, 2 MiB, 12 commits; stopped in order
  2 sessions, 3 subscriptions, 1 retained message, 1,200 messages queued, 5 in flight`);
  });

  test('of a damaged one names the places, damage first, and the ways out', () => {
    const note = {
      code: 'torn-tail',
      isDamage: false,
      file: '00000002.log',
      offset: 5,
      text: 'a crash',
    } as const;
    const damage = { code: 'message-missing', isDamage: true, file: '', offset: 0, text: 'gone' } as const;
    const findings = [note, ...Array.from({ length: 25 }, () => damage)];
    const result = { ...SOUND, isSound: false, isClean: false, findings, findingCount: 26, damageCount: 25 };
    const lines = checkText('/data', result, { kind: 'free' }, plain).split('\n');
    expect(lines[0]).toBe('The store in /data is damaged: 25 places are not as kept.');
    expect(lines[1]).toContain('not stopped in order, or a copy of one in use');
    expect(lines.slice(3, 23)).toEqual(Array.from({ length: 20 }, () => '  gone (message-missing)'));
    expect(lines[23]).toBe('  and 6 more (--json shows up to 1,000)');
    expect(lines.join('\n')).toContain(
      'martlet store export --salvage --data-dir /data --output rescued.ndjson',
    );
  });

  test('writes no control characters that came from outside', () => {
    const finding = {
      code: 'message-damaged',
      isDamage: false,
      file: 'f',
      offset: 7,
      text: 'on t\u001b[2J',
    } as const;
    expect(findingText(finding)).toBe('note: f, byte 7: on t\\u001b[2J (message-damaged)');
  });
});

const STATS: StoreStats = {
  ...FIGURES,
  fileBytes: 4 * 1024 * 1024,
  deadBytes: 3 * 1024 * 1024,
  segments: [{ file: '00000001.log', bytes: 4 * 1024 * 1024, liveMessageBytes: 64_000, modifiedAtWallMs: 0 }],
  biggestQueues: [
    { owner: 'archive', kind: 'session', queued: 995, inFlight: 5, payloadBytes: 64_000 },
    {
      owner: `$share/workers/${'long/'.repeat(10)}`,
      kind: 'share',
      queued: 250,
      inFlight: 0,
      payloadBytes: 16_000,
    },
  ],
  oldestMessage: { topicName: 't/1', payloadBytes: 64, file: '00000001.log', keptBeforeWallMs: 0 },
  syncedSequence: 10,
  lastSequence: 12,
  stop: 'unclean',
  damageCount: 0,
};

describe('Statistics', () => {
  test('show figures, the share of the files in use, and a bar for each big queue', () => {
    expect(statsText('/data', STATS, { kind: 'free' }, plain)).toBe(`/data
  state     not stopped in order, or a copy of one in use; a broker goes on with all that is here
  sessions  2 (1 connected when last written), 3 subscriptions
  waiting   1,200, and 5 in flight; once for each session or shared group
  retained  1
  messages  1,000, each kept once; 63 KiB of payload
  oldest    on t/1, kept before 1970-01-01T00:00:00.000Z
  files     1, 4 MiB
            ██████░░░░░░░░░░░░░░░░░░ 1 MiB of it in use

  The biggest queues
  archive                           ████████████████████████  995, 5 in flight, 63 KiB
  $share/workers/long/long/long/l…  ██████░░░░░░░░░░░░░░░░░░  250, 16 KiB`);
  });

  test('say who uses the store, or that it was stopped in order, and whether something cannot be read', () => {
    const holder = { pid: 42, host: 'here', since: '2026-01-02T03:04:05.678Z' };
    const broken = { ...STATS, biggestQueues: [], oldestMessage: undefined, damageCount: 1 };
    const text = statsText('/data', broken, { kind: 'held', holder }, plain);
    expect(text).toContain('state     in use by process 42 on here since 2026-01-02T03:04:05.678Z');
    expect(text).toContain('sessions  2 (1 connected),');
    expect(statsText('/data', broken, { kind: 'silent' }, plain)).toContain(
      'state     in use by a process that does not answer: it is stopped, or hangs\n',
    );
    expect(statsText('/data', broken, { kind: 'unknown' }, plain)).toContain(
      'state     in use, or not stopped in order, or a copy',
    );
    expect(text).toContain('oldest    none');
    expect(text).toContain('1 place cannot be read: martlet store check tells more');
    expect(text).not.toContain('biggest');
    expect(statsText('/data', { ...STATS, stop: 'clean' }, { kind: 'free' }, plain)).toContain(
      'state     stopped in order\n',
    );
  });
});

test('The contents of an export are told with their numbers', () => {
  const counts = {
    sessions: 1,
    subscriptions: 2,
    receivedPacketIds: 0,
    messages: 3,
    retained: 4,
    queued: 5,
    inFlight: 6,
    lost: 0,
  };
  expect(contentsText(counts)).toBe(
    '1 session, 2 subscriptions, 3 messages, 5 waiting and 6 in flight, 4 retained',
  );
});

test.each([
  ['ENOENT', 'there is no such file or directory'],
  ['EEXIST', 'there is such a file already'],
  ['EACCES', 'this user may not do that there'],
  ['EISDIR', 'that is a directory'],
  ['ENOTDIR', 'no directory'],
  ['ENOSPC', 'no space is left on its disk'],
  ['EROFS', 'read-only'],
  ['EIO', 'EIO'],
])('%s of the system is told in words, with the file', (code, text) => {
  const cause = Object.assign(new Error(code), { code });
  expect(CommandFailure.ofFile('/a/b', cause).message).toMatch(new RegExp(`^/a/b: .*${text}`));
});
