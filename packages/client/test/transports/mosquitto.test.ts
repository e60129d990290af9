// Each way of connecting, to a server of other people: CONNECT goes out, CONNACK comes back.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { debianTool } from '../../../../test/debian-tools.ts';
import { openNodeTransport } from '../../src/transports/open-node-transport.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import { authority, clientPair, serverPair } from './certificates.ts';
import { RecordingListener } from './recording-listener.ts';

const mosquitto = debianTool('mosquitto');

const CONNECT = Buffer.from('101000044d5154540502003c000003616263', 'hex');
const DISCONNECT = Buffer.from('e000', 'hex');
const PSK = { identity: 'sensor-1', key: Buffer.from('00112233445566778899aabbccddeeff', 'hex') };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(mosquitto.path === undefined)(`Mosquitto ${mosquitto.label}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'martlet-mosquitto-'));
  const file = (name: string): string => join(directory, name);
  const urls: Record<string, string> = {};
  let server: ChildProcess;

  beforeAll(async () => {
    const [tcp, webSocket, tls, mutual, psk] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const files = { 'ca.pem': authority(), 'key.pem': serverPair().key, 'cert.pem': serverPair().cert };
    for (const [name, text] of Object.entries(files)) writeFileSync(file(name), text);
    writeFileSync(file('psk'), `${PSK.identity}:${PSK.key.toString('hex')}\n`);
    const pair = `keyfile ${file('key.pem')}\ncertfile ${file('cert.pem')}\n`;
    writeFileSync(
      file('conf'),
      [
        'user root', // Only heeded when root starts it: another user could not read these files.
        'per_listener_settings true',
        `listener ${tcp} 127.0.0.1\nallow_anonymous true`,
        `listener ${webSocket} 127.0.0.1\nprotocol websockets\nallow_anonymous true`,
        `listener 0 ${file('sock')}\nallow_anonymous true`,
        `listener ${tls} 127.0.0.1\n${pair}allow_anonymous true`,
        `listener ${mutual} 127.0.0.1\n${pair}cafile ${file('ca.pem')}\nrequire_certificate true\nallow_anonymous true`,
        `listener ${psk} 127.0.0.1\npsk_hint test\npsk_file ${file('psk')}\nallow_anonymous true`,
      ].join('\n'),
    );
    Object.assign(urls, {
      TCP: `mqtt://127.0.0.1:${tcp}`,
      WebSocket: `ws://localhost:${webSocket}/any/path`,
      'a Unix socket': `mqtt+unix://${file('sock')}`,
      TLS: `mqtts://localhost:${tls}`,
      'TLS with a client certificate': `mqtts://localhost:${mutual}`,
      'TLS with a shared key': `mqtts://localhost:${psk}`,
    });
    server = spawn(mosquitto.path!, ['-c', file('conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      server.once('exit', () => reject(new Error(`mosquitto ended: ${said}`)));
      server.stderr!.on('data', (bytes) => {
        said += String(bytes);
        if (/version .* running/.test(said)) resolve();
      });
    });
  });

  afterAll(async () => {
    if (server.exitCode === null) {
      server.kill();
      await once(server, 'exit');
    }
    rmSync(directory, { recursive: true });
  });

  test.each([
    'TCP',
    'WebSocket',
    'a Unix socket',
    'TLS',
    'TLS with a client certificate',
    'TLS with a shared key',
  ])('is reached over %s', async (way) => {
    const tls = way === 'TLS with a shared key' ? { psk: PSK } : { ca: authority(), ...clientPair() };
    const listener = new RecordingListener();
    const open = openNodeTransport({ tls });
    const address = parseServerUrl(urls[way]!).server;
    const transport = await open(address, listener, new AbortController().signal);
    listener.opened = true;
    transport.write(CONNECT);
    await listener.until(() => listener.length >= 4);
    // CONNACK, no session, success.
    expect(listener.bytes[0]).toBe(0x20);
    expect(listener.bytes.subarray(2, 4)).toEqual(Buffer.from([0, 0]));
    transport.write(DISCONNECT);
    transport.end();
    expect(await listener.closed()).toBe(undefined);
    expect(listener.offences).toEqual([]);
  });
});
