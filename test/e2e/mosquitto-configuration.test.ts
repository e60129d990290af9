// Lines of mosquitto.conf that Debian's Mosquitto takes, Martlet takes, and those that it refuses, Martlet refuses.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@martlet/broker/config';
import { loadMosquittoConfiguration } from '@martlet/broker/mosquitto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../crash/broker-process.mjs';
import { debianTool } from '../debian-tools.ts';
import { Program } from './program.ts';

const mosquitto = debianTool('mosquitto');

/** With a listener above them, so that Debian's opens only a free port. */
const BEHIND_A_LISTENER: readonly string[] = [
  'sys_interval 5',
  '   sys_interval 5',
  'sys_interval    5',
  'sys_interval 0x10',
  'sys_interval 5abc',
  'sys_interval abc',
  'sys_interval -1',
  'sys_interval 65536',
  '\tsys_interval 5',
  'sys_interval\t5',
  ' # comment',
  '# comment',
  'sys_interval',
  'nonsense 1',
  'Sys_interval 5',
  'allow_anonymous true',
  'allow_anonymous yes',
  'allow_anonymous 1',
  'allow_anonymous true and more',
  'allow_anonymous true\t',
  'allow_anonymous true\nallow_anonymous false',
  'persistence_file a\npersistence_file b',
  'auto_id_prefix a\nauto_id_prefix b',
  'log_timestamp_format a\nlog_timestamp_format b',
  'max_inflight_messages 65535',
  'max_inflight_messages 65536',
  'max_queued_messages -5',
  'max_queued_messages zz',
  'max_packet_size 19',
  'max_packet_size 20',
  'message_size_limit 268435455',
  'message_size_limit 268435456',
  'persistent_client_expiration 2d',
  'persistent_client_expiration 2x',
  'persistent_client_expiration 0d',
  'persistent_client_expiration',
  'memory_limit -1',
  'log_facility 7',
  'log_facility 8',
  'log_dest stderr extra',
  'log_dest foo',
  'log_dest file',
  'log_type foo',
  'log_type',
  'upgrade_outgoing_qos 2',
  'retry_interval',
  'retry_interval 5',
  'websockets_headers_size 65536',
  'max_qos 3',
  'maximum_qos 1',
  'max_connections',
  'max_connections -7',
  'max_topic_alias 65536',
  'mount_point a/',
  'mount_point a/#',
  'mount_point a\nmount_point b',
  'protocol mqtt',
  'protocol foo',
  'protocol',
  'socket_domain ipv4',
  'socket_domain ipv5',
  'use_username_as_clientid maybe',
  'listener',
  'listener 70000',
  'listener abc',
  'per_listener_settings true\nallow_anonymous true',
  'allow_anonymous true\nper_listener_settings true',
  'plugin_opt_a b',
  'auth_plugin_deny_special_chars true',
  'include_dir /nowhere/at/all',
  'address a',
  'topic a',
  'connection',
  'connection a',
  'connection a\naddress 127.0.0.1:9',
  'connection a\naddress 127.0.0.1:70000\ntopic #',
  'connection a\naddress 127.0.0.1:9\ntopic # out 3',
  'connection a\naddress 127.0.0.1:9\ntopic # sideways',
  'connection a\naddress 127.0.0.1:9\ntopic # out 0 l/ r/',
  'connection a\naddress 127.0.0.1:9\ntopic "" out 0 l r',
  'connection a\naddress 127.0.0.1:9\ntopic "" out 0 "" ""',
  'connection a\naddress 127.0.0.1:9\ntopic #\nstart_type manual',
  'connection a\naddress 127.0.0.1:9\ntopic #\nrestart_timeout 50 30',
  'connection a\naddress 127.0.0.1:9\ntopic #\nkeepalive_interval 3',
  'connection a\naddress 127.0.0.1:9\ntopic #\nbridge_identity a',
  'connection a\naddress 127.0.0.1:9\ntopic #\nusername a\nremote_username b',
  'connection a\naddress 127.0.0.1:9\ntopic #\nconnection a\naddress 127.0.0.1:9\ntopic #',
];

/** What Debian's 2.0.11 takes otherwise than Martlet, which follows 2.1, or refuses what is not safe. */
const TAKEN_BY_DEBIAN_ALONE: readonly string[] = [
  'cafile /nowhere',
  'certfile /nowhere',
  'psk_hint a',
  'clientid_prefixes a',
  `auto_id_prefix ${'a'.repeat(60)}`,
];
const REFUSED_BY_DEBIAN_ALONE: readonly string[] = [
  'max_keepalive 5',
  'accept_protocol_versions 3,4',
  'max_topic_alias_broker 3',
  'retain_expiry_interval 5',
  'global_max_clients 5',
  'acl_file a\nacl_file b',
];

describe.skipIf(mosquitto.path === undefined)(`Debian's Mosquitto ${mosquitto.label}`, () => {
  let directory: string;
  let port: number;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'martlet-same-'));
    port = await freePort();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const fileWith = (lines: string): string => {
    const path = join(directory, 'mosquitto.conf');
    // Options about access come before per_listener_settings would have to; the listener does not matter to them.
    writeFileSync(path, `listener ${port} 127.0.0.1\n${lines}\n`);
    return path;
  };

  async function debianTakes(lines: string): Promise<boolean> {
    const program = new Program(mosquitto.path!, ['-c', fileWith(lines), '-v']);
    // Its exit status for a file that it does not understand is 3.
    const refused = program.exit.then(({ code }) => code !== 3);
    const taken = program.line(/Config loaded/, 'stderr').then(
      () => true,
      () => false,
    );
    const result = await Promise.race([taken.then((is) => is || refused), refused]);
    await program.stop().catch(() => {});
    return result;
  }

  async function martletTakes(lines: string): Promise<boolean> {
    try {
      await loadMosquittoConfiguration(fileWith(lines), { directory, env: {} });
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return false;
    }
  }

  test.each(BEHIND_A_LISTENER)('takes or refuses %j as Martlet does', async (lines) => {
    expect(await martletTakes(lines)).toBe(await debianTakes(lines));
  });

  test.each(TAKEN_BY_DEBIAN_ALONE)('takes %j, which Martlet refuses', async (lines) => {
    expect([await debianTakes(lines), await martletTakes(lines)]).toEqual([true, false]);
  });

  test.each(REFUSED_BY_DEBIAN_ALONE)('refuses %j in its version 2.0.11, which 2.1 takes', async (lines) => {
    expect([await debianTakes(lines), await martletTakes(lines)]).toEqual([false, true]);
  });
});
