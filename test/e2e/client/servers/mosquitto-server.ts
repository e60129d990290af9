// Debian's Mosquitto 2.0.11, in a process of its own.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../crash/broker-process.mjs';
import { authority, serverPair } from '../../../../packages/client/test/transports/certificates.ts';
import { debianTool } from '../../../debian-tools.ts';
import { Program } from '../../program.ts';
import type { RunningServer, ServerSettings, TestedServer, Way } from './tested-server.ts';
import { OPEN, USER } from './tested-server.ts';

/** Its log has this line when its listeners are open. */
const RUNNING = /mosquitto version .* running/;
const tool = debianTool('mosquitto');

interface Ports {
  readonly tcp: number;
  readonly guarded: number;
  readonly tls: number;
  readonly mutual: number;
  readonly webSocket: number;
  readonly secureWebSocket: number;
}

function configuration(directory: string, ports: Ports, settings: ServerSettings): string {
  const pair = `keyfile ${directory}/key.pem\ncertfile ${directory}/cert.pem`;
  const anyone = 'allow_anonymous true';
  const { maximumKeepAlive, maximumPacketSize } = settings;
  return [
    // Left to itself it changes to a user that may not exist, or may not read the directory.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    'per_listener_settings true',
    // A subscriber that is slow is to miss nothing.
    'max_queued_messages 0',
    ...(maximumKeepAlive === undefined ? [] : [`max_keepalive ${maximumKeepAlive}`]),
    ...(maximumPacketSize === undefined ? [] : [`max_packet_size ${maximumPacketSize}`]),
    `listener ${ports.tcp} 127.0.0.1\n${anyone}`,
    `listener ${ports.guarded} 127.0.0.1\npassword_file ${directory}/passwords\nacl_file ${directory}/acl`,
    `listener 0 ${directory}/mqtt.sock\n${anyone}`,
    `listener ${ports.tls} 127.0.0.1\n${pair}\n${anyone}`,
    `listener ${ports.mutual} 127.0.0.1\n${pair}\ncafile ${directory}/ca.pem\nrequire_certificate true\n${anyone}`,
    `listener ${ports.webSocket} 127.0.0.1\nprotocol websockets\n${anyone}`,
    `listener ${ports.secureWebSocket} 127.0.0.1\nprotocol websockets\n${pair}\n${anyone}`,
    '',
  ].join('\n');
}

/** The password file holds hashes, which its own program makes. */
function writePasswords(file: string): void {
  writeFileSync(file, `${USER.username}:${USER.password}\n`);
  const { status, stderr } = spawnSync('mosquitto_passwd', ['-U', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mosquitto_passwd failed: ${stderr}`);
}

async function start(settings: ServerSettings = {}): Promise<RunningServer> {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-mosquitto-'));
  const ports: Ports = {
    tcp: await freePort(),
    guarded: await freePort(),
    tls: await freePort(),
    mutual: await freePort(),
    webSocket: await freePort(),
    secureWebSocket: await freePort(),
  };
  writeFileSync(join(directory, 'ca.pem'), authority());
  writeFileSync(join(directory, 'key.pem'), serverPair().key);
  writeFileSync(join(directory, 'cert.pem'), serverPair().cert);
  writePasswords(join(directory, 'passwords'));
  writeFileSync(join(directory, 'acl'), `user ${USER.username}\ntopic readwrite ${OPEN}\n`);
  const file = join(directory, 'mosquitto.conf');
  writeFileSync(file, configuration(directory, ports, settings));
  const program = new Program(tool.path!, ['-c', file]);
  await program.line(RUNNING, 'stderr');
  const urls: Readonly<Record<Way, string>> = {
    mqtt: `mqtt://127.0.0.1:${ports.tcp}`,
    mqtts: `mqtts://localhost:${ports.tls}`,
    'mqtts with a client certificate': `mqtts://localhost:${ports.mutual}`,
    'mqtt+unix': `mqtt+unix://${directory}/mqtt.sock`,
    ws: `ws://127.0.0.1:${ports.webSocket}/mqtt`,
    wss: `wss://localhost:${ports.secureWebSocket}/mqtt`,
  };
  return {
    port: ports.tcp,
    guardedPort: ports.guarded,
    url: (way) => urls[way],
    async close() {
      await program.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export const MOSQUITTO: Readonly<TestedServer> = {
  name: 'Mosquitto',
  label: tool.label,
  isMissing: tool.path === undefined,
  differences: {
    receiveMaximum: 20,
    keepsReceiveMaximum: false,
    givesTopicAliases: false,
    copiesOfOverlapping: 2,
    tellsOfTakeover: false,
    largestOverWebSocket: 32_768,
    pubrecTellsOfNobody: false,
    refusesSubscriptions: false,
  },
  start,
};
