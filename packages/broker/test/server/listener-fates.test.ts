import { describe, expect, test } from 'vitest';
import type { ListenerConfiguration } from '../../src/config/listener-configuration.ts';
import { configurationFrom } from '../../src/config/load-configuration.ts';
import { listenerFates } from '../../src/server/listeners/listener-fates.ts';
import { isInTheWay, placeOf } from '../../src/server/listeners/listener-place.ts';

type Input = Readonly<Record<string, unknown>>;

function listeners(...inputs: readonly Input[]): readonly ListenerConfiguration[] {
  return configurationFrom({ listeners: inputs }).configuration.listeners;
}

function fatesOf(before: readonly Input[], after: readonly Input[]): readonly string[] {
  return listenerFates(listeners(...before), listeners(...after)).map(
    (fated) => `${(fated.after ?? fated.before)!.name} ${fated.fate}`,
  );
}

const A: Input = { name: 'a', port: 1883 };

describe('What becomes of a listener', () => {
  test.each<[string, Input, Input, string]>([
    ['that is as it was', A, A, 'kept'],
    ['with another limit', A, { ...A, maximumConnections: 5 }, 'updated'],
    ['with another mount point', A, { ...A, mountPoint: 'x/' }, 'updated'],
    ['with an authentication of its own', A, { ...A, authentication: { anonymous: true } }, 'updated'],
    ['with another name', A, { ...A, name: 'b' }, 'reopened'],
    ['with another protocol', A, { ...A, protocol: 'websocket' }, 'reopened'],
    ['with another backlog', A, { ...A, backlog: 10 }, 'reopened'],
    ['at another port', A, { ...A, port: 1884 }, 'moved'],
    ['at another address', A, { ...A, host: '127.0.0.2' }, 'moved'],
    ['on a Unix socket', A, { name: 'a', path: '/run/a.sock' }, 'moved'],
    [
      'whose socket file has another mode',
      { name: 'a', path: '/run/a.sock' },
      { name: 'a', path: '/run/a.sock', pathMode: '0600' },
      'reopened',
    ],
    ['on a free port, as before', { name: 'a', port: 0 }, { name: 'a', port: 0, maximumQos: 1 }, 'updated'],
  ])('%s', (_what, before, after, fate) => {
    expect(fatesOf([before], [after])).toEqual([`${(after as { name: string }).name} ${fate}`]);
  });

  test('that comes, goes, or stands elsewhere in the list', () => {
    const b: Input = { name: 'b', port: 1884 };
    const c: Input = { name: 'c', port: 1885 };
    expect(fatesOf([A, b], [b, c])).toEqual(['b kept', 'c opened', 'a closed']);
    expect(fatesOf([], [A])).toEqual(['a opened']);
    expect(fatesOf([A], [])).toEqual(['a closed']);
  });

  test('two that change places are opened anew, each at the place of the other', () => {
    const b: Input = { name: 'b', port: 1884 };
    expect(
      fatesOf(
        [A, b],
        [
          { ...A, port: 1884 },
          { ...b, port: 1883 },
        ],
      ),
    ).toEqual(['a reopened', 'b reopened']);
  });
});

describe('A place', () => {
  test('is in the way of another with the same port or file', () => {
    const [all, one, other, file] = listeners(
      { name: 'all', host: '*', port: 1883 },
      { name: 'one', port: 1883 },
      { name: 'other', port: 1884 },
      { name: 'file', path: '/run/a.sock' },
    ) as [ListenerConfiguration, ListenerConfiguration, ListenerConfiguration, ListenerConfiguration];
    expect(isInTheWay(all, one)).toBe(true);
    expect(isInTheWay(one, other)).toBe(false);
    expect(isInTheWay(file, file)).toBe(true);
    expect(isInTheWay(file, one)).toBe(false);
    expect(new Set([all, one, other, file].map(placeOf)).size).toBe(4);
  });

  test('of a free port is its own', () => {
    const [one, other] = listeners({ name: 'one', port: 0 }, { name: 'other', port: 0 });
    expect(isInTheWay(one!, other!)).toBe(false);
    expect(placeOf(one!)).not.toBe(placeOf(other!));
  });
});
