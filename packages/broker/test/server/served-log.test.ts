import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SyslogDestination } from '../../src/server/log/syslog-destination.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;

beforeEach(() => {
  served = new ServedTest();
});

afterEach(() => served.end());

describe('The log of a server', () => {
  test('goes to topics, with who is subscribed under M', async () => {
    const server = await served.start(
      served.configuration({
        log: {
          destinations: [{ type: 'topic' }],
          types: ['notice', 'info', 'debug', 'subscribe'],
          format: 'mosquitto',
          timestamps: 'epoch',
        },
      }),
    );
    const client = await connectAsync(`mqtt://127.0.0.1:${portOf(server, 'main')}`, {
      clientId: 'ann',
      reconnectPeriod: 0,
    });
    const lines: string[] = [];
    client.on('message', (topic, payload) => lines.push(`${topic} ${payload}`));
    await client.subscribeAsync('$SYS/broker/log/#');
    await client.subscribeAsync('home/#');
    await expect
      .poll(() => lines.join('\n'))
      .toMatch(/^\$SYS\/broker\/log\/M\/subscribe \d+: ann to home\/# at QoS 0$/m);
    await server.reload(served.configuration());
    await client.endAsync();
  });

  test('has no events that nobody wants, and those that a reload asks for', async () => {
    const server = await served.start(served.configuration());
    const url = `mqtt://127.0.0.1:${portOf(server, 'main')}`;
    await (await connectAsync(url, { clientId: 'unseen' })).endAsync();
    const types = ['error', 'warning', 'notice', 'info'];
    await server.reload(served.configuration({ log: { timestamps: 'none', types } }));
    const seen = await connectAsync(url, { clientId: 'seen' });
    await expect.poll(() => served.lines.join('\n')).toContain('info client-connected: seen from ');
    await seen.endAsync();
    await server.reload(
      served.configuration({ log: { timestamps: 'none', types, connectionMessages: false } }),
    );
    await (await connectAsync(url, { clientId: 'again' })).endAsync();
    const text = served.lines.join('\n');
    expect(text).not.toContain('unseen');
    expect(text).not.toContain('client-connected: again');
  });

  test('has no packets in topics when it speaks as Mosquitto, which has none there', async () => {
    const server = await served.start(
      served.configuration({
        log: {
          destinations: ['topic', 'stderr'],
          types: ['notice', 'info', 'debug', 'subscribe'],
          format: 'mosquitto',
        },
      }),
    );
    const client = await connectAsync(`mqtt://127.0.0.1:${portOf(server, 'main')}`, { reconnectPeriod: 0 });
    const lines: string[] = [];
    client.on('message', (topic, payload) => lines.push(`${topic} ${payload}`));
    await client.subscribeAsync('$SYS/broker/log/#');
    server.log.write('debug', 'packet', 'Sending PINGRESP to ann');
    server.log.write('notice', 'last', 'the last one');
    await expect.poll(() => lines.join('\n')).toContain('the last one');
    expect(lines.join('\n')).not.toContain('PINGRESP');
    expect(served.lines.join('\n')).toContain('Sending PINGRESP to ann');
    await client.endAsync();
  });

  test('says why there is no server, where the terminal is not the log', async () => {
    const path = join(served.directory, 'server.log');
    const file = { type: 'file', path };
    const wrong = { methods: [{ type: 'passwordFile', file: join(served.directory, 'none') }] };
    const start = (destinations: unknown) =>
      served.start(
        served.configuration({ log: { timestamps: 'none', destinations }, authentication: wrong }),
      );
    await expect(start([file])).rejects.toThrow('expected a file that is there');
    expect(readFileSync(path, 'utf8')).toMatch(/^error not-started: .*none: .*expected a file that is there/);
    await expect(start(['stderr'])).rejects.toThrow('expected a file that is there');
    expect(served.lines).toEqual([]);
  });

  test('refuses a format of time that it cannot write, and names what it can', async () => {
    const loaded = served.configuration({ log: { timestamps: '%F' } });
    await expect(served.start(loaded)).rejects.toThrow(
      'log.timestamps: expected iso, epoch, none, got "%F"; formats of strftime need LogWorld.timeText',
    );
  });

  test('goes to syslog through one process of logger, with a severity for each level', async () => {
    const program = join(served.directory, 'logger');
    const written = join(served.directory, 'written');
    writeFileSync(program, `#!/bin/sh\necho "$@" > '${written}'\ncat >> '${written}'\n`);
    chmodSync(program, 0o755);
    const told: string[] = [];
    const syslog = new SyslogDestination({ facility: 'local3', tag: 'martlet', program }, (code, text) =>
      told.push(`${code}: ${text}`),
    );
    for (const level of ['error', 'warning', 'notice', 'info', 'debug'] as const)
      syslog.write({ wallMs: 0, level, code: 'c', text: `${level}\nline` });
    await syslog.close();
    const [args, ...lines] = readFileSync(written, 'utf8').trimEnd().split('\n');
    expect(args).toBe(`--prio-prefix --priority local3.notice --tag martlet --id=${process.pid}`);
    expect(lines).toEqual([
      '<3>c: error\\nline',
      '<4>c: warning\\nline',
      '<5>c: notice\\nline',
      '<6>c: info\\nline',
      '<7>c: debug\\nline',
    ]);
    expect(told).toEqual([]);
  });

  test('tells when logger has ended, and starts it again no earlier than after a minute', async () => {
    const program = join(served.directory, 'logger');
    const started = join(served.directory, 'started');
    writeFileSync(program, `#!/bin/sh\necho x >> '${started}'\nexit 3\n`);
    chmodSync(program, 0o755);
    const told: string[] = [];
    const syslog = new SyslogDestination({ facility: 'daemon', tag: 't', program }, (code) =>
      told.push(code),
    );
    const write = (wallMs: number): void => syslog.write({ wallMs, level: 'notice', code: 'c', text: 't' });
    write(0);
    await expect.poll(() => told).toEqual(['syslog-not-written']);
    write(59_999);
    write(60_000);
    await expect.poll(() => told).toHaveLength(2);
    expect(readFileSync(started, 'utf8')).toBe('x\nx\n');
    await syslog.close();
  });
});
