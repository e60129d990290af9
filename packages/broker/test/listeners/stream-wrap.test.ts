import { createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findStreamWrap, handleOf, isServerHandle, isStreamHandle } from '../../src/listeners/stream-wrap.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

type BindingOwner = { binding(name: string): unknown };

describe('The stream wrap', () => {
  test('is found in the Node.js versions that the project supports', () => {
    expect(findStreamWrap()).not.toBeNull();
  });

  test('is not used where it would cause a warning', () => {
    vi.stubEnv('NODE_PENDING_DEPRECATION', '1');
    expect(findStreamWrap()).toBeNull();
    vi.stubEnv('NODE_PENDING_DEPRECATION', '0');
    expect(findStreamWrap()).not.toBeNull();
    vi.stubEnv('NODE_OPTIONS', '--pending-deprecation --max-old-space-size=100');
    expect(findStreamWrap()).toBeNull();
  });

  test.each([
    ['is not there', undefined],
    ['has other words', { WriteWrap: class {}, ShutdownWrap: class {}, streamBaseState: [0, 0] }],
    [
      'reports elsewhere',
      {
        WriteWrap: class {},
        ShutdownWrap: class {},
        streamBaseState: new Int32Array(4),
        kReadBytesOrError: 9,
        kLastWriteWasAsync: 3,
      },
    ],
  ])('is not used where it %s', (_what, found) => {
    vi.spyOn(process as unknown as BindingOwner, 'binding').mockReturnValue(found);
    expect(findStreamWrap()).toBeNull();
  });

  test('is not used where the permission model forbids it', () => {
    vi.spyOn(process as unknown as BindingOwner, 'binding').mockImplementation(() => {
      throw new Error('Access to this API has been restricted');
    });
    expect(findStreamWrap()).toBeNull();
  });
});

describe('A handle', () => {
  test('is known by its methods', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(isServerHandle(handleOf(server))).toBe(true);
    expect(isStreamHandle(handleOf(server))).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(isServerHandle(handleOf(server))).toBe(false);
    expect(isStreamHandle(undefined)).toBe(false);
    expect(isStreamHandle({ readStart: () => 0 })).toBe(false);
  });
});
