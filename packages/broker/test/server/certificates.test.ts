import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { connect } from 'node:tls';
import type { BrokerEnvironment } from '@martlet/broker';
import { nodeEnvironment } from '@martlet/broker';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoadedConfiguration } from '../../src/config/load-configuration.ts';
import type { Server } from '../../src/server/server.ts';
import type { MadeCertificate } from '../listeners/tls/made-authority.ts';
import { HAS_OPENSSL, MadeAuthority } from '../listeners/tls/made-authority.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;
let authority: MadeAuthority;

beforeEach(() => {
  served = new ServedTest();
  authority = new MadeAuthority('ca');
});

afterEach(async () => {
  await served.end();
  authority.remove();
});

function shown(server: Server): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port: portOf(server, 'tls'), host: '127.0.0.1', rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

/** Over the files that the broker has, as tools that renew certificates do. */
function install({ certificateFile, keyFile }: MadeCertificate): void {
  for (const [from, to] of [
    [keyFile, 'key.pem'],
    [certificateFile, 'certificate.pem'],
  ] as const) {
    copyFileSync(from, join(served.directory, `${to}.new`));
    renameSync(join(served.directory, `${to}.new`), join(served.directory, to));
  }
}

function configured(tls: Readonly<Record<string, unknown>> = {}): LoadedConfiguration {
  const certificates = [
    {
      certificateFile: join(served.directory, 'certificate.pem'),
      keyFile: join(served.directory, 'key.pem'),
    },
  ];
  const authentication = { anonymous: true };
  return served.configuration({
    authentication,
    listeners: [{ name: 'tls', port: 0, tls: { certificates, ...tls } }],
  });
}

const DAY_MS = 24 * 3600 * 1000;

/** Its clocks stand, and its timers wait, until days pass. */
class DaysOfServer implements BrokerEnvironment {
  readonly #node = nodeEnvironment();
  readonly #startMs = Date.now();
  readonly #timers = new Map<() => void, number>();
  #passedMs = 0;

  get timers(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#passedMs;
  }

  wallMs(): number {
    return this.#startMs + this.#passedMs;
  }

  newClientId(): string {
    return this.#node.newClientId();
  }

  hashSeed(): number {
    return 7;
  }

  heapBytes(): number {
    return 0;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    this.#timers.set(callback, this.#passedMs + delayMs);
    return () => this.#timers.delete(callback);
  }

  soon(callback: () => void): void {
    this.#node.soon(callback);
  }

  pass(days: number): void {
    for (let day = 0; day < days; day++) {
      this.#passedMs += DAY_MS;
      for (const [callback, dueMs] of [...this.#timers]) {
        if (dueMs > this.#passedMs) continue;
        this.#timers.delete(callback);
        callback();
      }
    }
  }
}

describe.skipIf(!HAS_OPENSSL)('Certificates', () => {
  test('that are renewed are used without a reload, and connections stay', async () => {
    install(authority.certify('first'));
    const server = await served.start(configured());
    expect((await shown(server)).subject.CN).toBe('first');
    const client = await connectAsync(`mqtts://127.0.0.1:${portOf(server, 'tls')}`, {
      rejectUnauthorized: false,
      reconnectPeriod: 0,
    });
    install(authority.certify('second'));
    await expect.poll(async () => (await shown(server)).subject.CN, { timeout: 15_000 }).toBe('second');
    await client.publishAsync('t', 'x', { qos: 1 });
    await client.endAsync();
    expect(served.lines).toContainEqual(expect.stringMatching(/^notice certificates-reloaded: /));
  });

  test('that cannot be read leave the ones that were in use', async () => {
    install(authority.certify('first'));
    const server = await served.start(configured());
    copyFileSync(join(served.directory, 'key.pem'), join(served.directory, 'certificate.pem'));
    await expect
      .poll(() => served.lines.join('\n'), { timeout: 15_000 })
      .toMatch(/error reload-failed: nothing has changed/);
    expect((await shown(server)).subject.CN).toBe('first');
  });

  test('that come near their end while the server runs are warned of once a day, and told as errors after it', async () => {
    const days = new DaysOfServer();
    install(authority.certify('server', { to: 32 }));
    const server = await served.start(configured(), { environment: days });
    const told = (): readonly string[] =>
      served.lines.splice(0).filter((line) => line.includes('certificate.pem'));
    expect(told()).toEqual([]);
    days.pass(1);
    expect(told()).toEqual([]);
    for (const left of [29, 28]) {
      days.pass(1);
      expect(told()).toEqual([
        expect.stringMatching(
          new RegExp(
            `^warning certificate-expires: tls: \\S+ the certificate CN=server expires in ${left} days, on `,
          ),
        ),
      ]);
    }
    days.pass(28);
    expect(told()).toHaveLength(28);
    days.pass(2);
    expect(told()).toContainEqual(
      expect.stringMatching(/^error certificate-expired: tls: \S+ the certificate CN=server expired on /),
    );
    install(authority.certify('server', { to: 300 }));
    await server.reload(configured());
    served.lines.splice(0);
    days.pass(1);
    expect(told()).toEqual([]);
    await server.close();
    days.pass(300);
    expect(told()).toEqual([]);
    expect(days.timers).toBe(0);
  });

  test('of clients that are revoked end their connections, and no others', async () => {
    install(authority.certify('server'));
    const [ann, bob] = ['ann', 'bob'].map((name) => authority.certify(name));
    const crl = join(served.directory, 'crl.pem');
    copyFileSync(authority.revocationList('before'), crl);
    const loaded = configured({
      clientCertificates: 'require',
      caFile: authority.certificateFile,
      crlFiles: [crl],
    });
    const server = await served.start(loaded);
    const connected = await Promise.all(
      [ann!, bob!].map(({ certificate, key }, at) =>
        connectAsync(`mqtts://127.0.0.1:${portOf(server, 'tls')}`, {
          clientId: ['ann', 'bob'][at]!,
          cert: certificate,
          key,
          rejectUnauthorized: false,
          reconnectPeriod: 0,
        }),
      ),
    );
    authority.revoke(bob!);
    copyFileSync(authority.revocationList('after'), crl);
    const report = await server.reload(loaded);
    expect(report.disconnected).toEqual([
      { clientId: 'bob', username: null, listener: 'tls', reason: 'its certificate has been revoked' },
    ]);
    await connected[0]!.publishAsync('t', 'x', { qos: 1 });
    await expect.poll(() => connected[1]!.connected).toBe(false);
    await connected[0]!.endAsync();
  });
});
