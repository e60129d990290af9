import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RegistryWorld } from '../../src/server/control/broker-registry.ts';
import {
  brokerName,
  registeredBrokers,
  registeredPath,
  registryDirectories,
} from '../../src/server/control/broker-registry.ts';

let root: string;
let world: RegistryWorld;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'martlet-registry-'));
  mkdirSync(join(root, 'run'));
  world = {
    env: { XDG_RUNTIME_DIR: join(root, 'run') },
    systemDirectory: join(root, 'system', 'martlet'),
    temporaryDirectory: root,
    uid: process.getuid!(),
  };
});

afterEach(() => rmSync(root, { recursive: true }));

describe('The register of brokers', () => {
  test("looks in the user's run time directory, then the system's, then among the temporary files", () => {
    expect(registryDirectories(world)).toEqual([
      join(root, 'run', 'martlet'),
      join(root, 'system', 'martlet'),
      join(root, `martlet-${world.uid}`),
    ]);
    expect(registryDirectories({ ...world, env: { XDG_RUNTIME_DIR: 'relative' } })).toHaveLength(2);
  });

  test('makes a directory for its user alone, and finds there what was put into it', () => {
    const path = registeredPath('my broker/1', 42, world);
    expect(path).toBe(join(root, 'run', 'martlet', 'my-broker-1.42.sock'));
    expect(statSync(join(root, 'run', 'martlet')).mode & 0o777).toBe(0o700);
    writeFileSync(path, '');
    writeFileSync(join(root, 'run', 'martlet', 'README'), '');
    expect(registeredBrokers(world)).toEqual([{ name: 'my-broker-1', pid: 42, path }]);
  });

  test.skipIf(process.getuid!() !== 0)(
    'leaves a directory of root to root, when root acts as the user that it will be',
    () => {
      const nobody = 65_534;
      mkdirSync(join(root, 'run', 'martlet'), { mode: 0o700 });
      chmodSync(root, 0o777);
      process.seteuid!(nobody);
      try {
        const path = registeredPath('a', 1, { ...world, uid: nobody });
        expect(path).toBe(join(root, `martlet-${nobody}`, 'a.1.sock'));
      } finally {
        process.seteuid!(0);
      }
    },
  );

  test('uses no directory that others may write to, nor a link', () => {
    const first = join(root, 'run', 'martlet');
    mkdirSync(first);
    chmodSync(first, 0o777);
    const last = join(root, `martlet-${world.uid}`);
    symlinkSync(join(root, 'run'), last);
    expect(() => registeredPath('a', 1, world)).toThrow(
      /no directory for the control socket: .*; set control.socket/,
    );
    rmSync(last);
    chmodSync(first, 0o700);
    expect(registeredPath('a', 1, world)).toBe(join(first, 'a.1.sock'));
  });

  test('names a broker by its configuration file', () => {
    expect(brokerName('/etc/martlet/office.yaml')).toBe('office');
    expect(brokerName(undefined)).toBe('martlet');
  });

  test('cuts a name that is too long for the path of a socket', () => {
    expect(registeredPath('x'.repeat(500), 1, world)).toMatch(/\/x{32}\.1\.sock$/);
  });
});
