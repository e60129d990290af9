import { describe, expect, test } from 'vitest';
import { findDebianTool, installCommand, withoutAddresses } from '../../scripts/debian-tools.mjs';
import { debianTool } from '../debian-tools.ts';

describe("Debian's test programs", () => {
  test('are installed by one command that names each package once', () => {
    const missing = [
      { program: 'mosquitto_sub', debianPackage: 'mosquitto-clients', path: undefined },
      { program: 'mosquitto_pub', debianPackage: 'mosquitto-clients', path: undefined },
      { program: 'mosquitto', debianPackage: 'mosquitto', path: undefined },
    ];
    expect(installCommand(missing)).toBe('sudo apt-get install -y mosquitto mosquitto-clients');
  });

  test('give a test its path, or the reason for its skip', () => {
    const tool = debianTool('mosquitto_pub');
    expect(tool.path).toBe(findDebianTool('mosquitto_pub').path);
    expect(tool.label).toBe(tool.path === undefined ? "(skipped: needs Debian's mosquitto-clients)" : '');
  });

  test('leave no address of a mirror in a log', () => {
    const log = 'Get:1 http://mirror.invalid/debian bookworm/main\nE: Failed https://user@mirror.invalid/x';
    expect(withoutAddresses(log)).toBe('Get:1 <address> bookworm/main\nE: Failed <address>');
  });
});
