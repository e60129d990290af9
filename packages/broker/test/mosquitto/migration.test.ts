import { join } from 'node:path';
import { parseConfiguration } from '@martlet/broker/config';
import type { Migration } from '@martlet/broker/mosquitto';
import { migrateMosquittoConfiguration } from '@martlet/broker/mosquitto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MosquittoFiles } from './mosquitto-files.ts';

let files: MosquittoFiles;
beforeEach(() => {
  files = new MosquittoFiles();
});
afterEach(() => files.remove());

const migrate = (text: string): Promise<Migration> =>
  migrateMosquittoConfiguration(files.write('mosquitto.conf', text), files.surroundings());

const SMALL = `# a home
listener 1883
max_connections 100
allow_anonymous false
password_file passwd
acl_file acl
persistence true
persistence_location /srv/mosquitto
autosave_interval 60
log_dest file /var/log/m.log
log_type all
max_queued_messages 0
`;

const LARGE = `per_listener_settings true
listener 1883 127.0.0.1
allow_anonymous true
listener 8883
certfile server.crt
keyfile server.key
cafile ca.crt
require_certificate true
use_identity_as_username true
acl_file "odd: # name
listener 9001 ::1
protocol websockets
mount_point site: #1/
plugin /usr/lib/mosquitto_dynamic_security.so
plugin_opt_config_file dynsec.json
listener 0 /run/mosquitto.sock
log_timestamp_format %Y-%m-%dT%H:%M:%S
persistent_client_expiration 14d
connection cloud
address example.org:8883 [2001:db8::1]:8883
topic # both 1 "" home/
remote_username: x
remote_password yes
bridge_cafile /etc/ssl/ca.pem
`
  .replace('mount_point site: #1/', 'mount_point site/')
  .replace('remote_username: x', 'remote_username null');

describe('The new file', () => {
  test.each([
    ['of no line', ''],
    ['of a small one', SMALL],
    ['of a large one', LARGE],
    ['of the default listener', 'port 1884\nmax_qos 1\nuser 0123\n'],
  ])('%s means the same', async (_what, text) => {
    const { yaml, lines } = await migrate(text);
    expect(lines.filter(({ fate }) => fate === 'refused')).toEqual([]);
    const parsed = parseConfiguration(yaml, join(files.directory, 'elsewhere', 'martlet.yaml'));
    expect(parsed.configuration).toEqual(await files.configuration(text));
  });

  test('says of each value which line it is from', async () => {
    const { yaml } = await migrate(SMALL);
    expect(yaml).toContain(`# Made by martlet config migrate from ${files.main}.`);
    expect(yaml).toContain('maximumConnections: 100 # line 3: max_connections\n');
    expect(yaml).toContain('directory: /srv/mosquitto # line 8: persistence_location\n');
    expect(yaml).toContain('queuedMessages: 1000000000 # line 12: max_queued_messages\n');
  });

  test('says of an included line which file it is from', async () => {
    const path = files.write('conf.d/x.conf', 'sys_interval 3\n');
    const { yaml } = await migrate(`include_dir ${join(files.directory, 'conf.d')}\n`);
    expect(yaml).toContain(`sysInterval: 3 # ${path}:1: sys_interval\n`);
  });

  test('has what was refused left out, and says so at its beginning', async () => {
    const { yaml, lines } = await migrate('listener 1883\nclientid_prefixes dev-\nmax_qos 9\nnonsense 1\n');
    expect(lines.filter(({ fate }) => fate === 'refused').map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(yaml).toContain(`# Left out: ${files.main}:2: clientid_prefixes: `);
    expect(parseConfiguration(yaml, '/x.yaml').configuration.listeners).toHaveLength(1);
  });

  test('cannot be made to say something else by what stands in the old one', async () => {
    const { yaml } = await migrate('listener 1883\nnonsense\r: {evil: 1}\nmount_point a: b {} "\n');
    const { configuration } = parseConfiguration(yaml, '/x.yaml');
    expect(configuration.listeners[0]!.mountPoint).toBe('a: b {} "');
  });
});

describe('The report', () => {
  test('has a line for each line, with where it went, what replaced it, or why it is refused', async () => {
    const { lines } = await migrate(SMALL);
    const told = lines
      .filter(({ line }) => line !== undefined)
      .map(({ fate, line, name, text }) => [fate, line, name, text]);
    expect(told).toEqual([
      ['works', 2, 'listener', 'listeners[0]'],
      ['works', 3, 'max_connections', 'listeners[0].maximumConnections'],
      ['works', 4, 'allow_anonymous', 'authentication.anonymous'],
      ['works', 5, 'password_file', 'authentication.methods[0]'],
      ['works', 6, 'acl_file', 'authorization.methods[0]'],
      ['works', 7, 'persistence', 'store.durability'],
      ['works', 8, 'persistence_location', 'store.directory'],
      ['replaced', 9, 'autosave_interval', expect.stringContaining('nothing is saved from time to time')],
      ['works', 10, 'log_dest', 'log.destinations'],
      ['works', 11, 'log_type', 'log.types'],
      ['works', 12, 'max_queued_messages', 'limits.queuedMessages'],
    ]);
  });

  test('names what is to decide, and no password', async () => {
    const { lines, hasSecrets } = await migrate(
      LARGE.replace('remote_password yes', 'remote_password c0ffee1'),
    );
    expect(lines.filter(({ fate }) => fate === 'to decide').map(({ name }) => name)).toEqual([
      'profile',
      'authentication.failures',
      'denySubscribe',
      'bridges',
    ]);
    expect(JSON.stringify(lines)).not.toContain('c0ffee1');
    expect(hasSecrets).toBe(true);
    expect((await migrate(SMALL)).hasSecrets).toBe(false);
  });
});
