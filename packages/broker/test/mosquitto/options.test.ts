import type { OptionRow } from '@martlet/broker/mosquitto';
import { MOSQUITTO_OPTIONS } from '@martlet/broker/mosquitto';
import { describe, expect, test } from 'vitest';

/** Every option that Mosquitto 2.0 and 2.1 document, by what it belongs to. */
const DOCUMENTED = {
  broker: `acl_file allow_anonymous allow_duplicate_messages allow_zero_length_clientid auto_id_prefix autosave_interval
    autosave_on_changes check_retain_source clientid_prefixes connection_messages enable_control_api global_max_clients
    global_max_connections global_plugin plugin plugin_opt_* plugin_load plugin_use per_listener_settings include_dir log_dest
    log_facility log_timestamp log_timestamp_format log_type max_inflight_bytes max_inflight_messages max_keepalive max_packet_size
    max_queued_bytes max_queued_messages memory_limit message_size_limit password_file persistence persistence_file
    persistence_location persistent_client_expiration pid_file psk_file queue_qos0_messages retain_available retain_expiry_interval
    set_tcp_nodelay sys_interval upgrade_outgoing_qos user websockets_log_level packet_buffer_size retry_interval dhparamfile
    auth_plugin_deny_special_chars`,
  listener: `listener port bind_address bind_interface accept_protocol_versions protocol http_dir enable_proxy_protocol
    proxy_protocol_v2_require_tls listener_allow_anonymous listener_auto_id_prefix max_connections max_qos max_topic_alias
    max_topic_alias_broker mount_point socket_domain use_username_as_clientid websockets_origin cafile capath certfile keyfile ciphers
    ciphers_tls1.3 crlfile disable_client_cert_date_checks require_certificate tls_version tls_engine tls_engine_kpass_sha1
    tls_keyform use_identity_as_username use_subject_as_username psk_hint`,
  bridge: `connection address bridge_attempt_unsubscribe bridge_bind_address bridge_max_packet_size bridge_max_topic_alias
    bridge_outgoing_retain bridge_protocol_version bridge_receive_maximum bridge_session_expiry_interval bridge_tcp_keepalive
    bridge_tcp_user_timeout bridge_reload_type cleansession local_cleansession keepalive_interval idle_timeout local_clientid
    local_username local_password remote_clientid remote_username remote_password notifications notifications_local_only
    notification_topic restart_timeout round_robin start_type threshold try_private topic bridge_alpn bridge_cafile bridge_capath
    bridge_tls_use_os_certs bridge_certfile bridge_keyfile bridge_identity bridge_psk bridge_insecure bridge_require_ocsp
    bridge_tls_version bridge_ciphers bridge_ciphers_tls1.3`,
  aliases: `maximum_qos auth_plugin auth_opt_* retained_persistence addresses clientid username password websockets_headers_size`,
} as const;

const words = (text: string): readonly string[] => text.split(/\s+/);
const rows = new Map<string, OptionRow>(MOSQUITTO_OPTIONS.map((row) => [row.name, row]));

describe('The table of options', () => {
  test.each(words(DOCUMENTED.broker))('has %s, of the broker', (name) => {
    expect(rows.get(name)?.scope).not.toBe('bridge');
  });

  test.each(words(DOCUMENTED.listener))('has %s, of a listener', (name) => {
    expect(rows.get(name)?.scope).toBe('listener');
  });

  test.each(words(DOCUMENTED.bridge))('has %s, of a bridge', (name) => {
    expect(rows.get(name)?.scope).toBe('bridge');
  });

  test.each(words(DOCUMENTED.aliases))('has the alias %s', (alias) => {
    expect(MOSQUITTO_OPTIONS.filter(({ aliases }) => aliases?.includes(alias))).toHaveLength(1);
  });

  test('has nothing twice, and nothing that is not documented', () => {
    const all = MOSQUITTO_OPTIONS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(all).size).toBe(all.length);
    const documented = Object.values(DOCUMENTED).flatMap(words);
    expect(all.filter((name) => !documented.includes(name))).toEqual([]);
  });

  test('says of each what becomes of it: where it stands now, what replaces it, or why it is refused', () => {
    for (const { name, fate, key, text, scope } of MOSQUITTO_OPTIONS) {
      expect(text, name).toMatch(/^\S.*[^.]$/s);
      const hasPlace = key !== '' || scope === 'bridge' || ['include_dir', 'tls_keyform'].includes(name);
      if (fate === 'works') expect(hasPlace, name).toBe(true);
      else if (scope !== 'bridge') expect(key, name).toBe('');
    }
  });
});
